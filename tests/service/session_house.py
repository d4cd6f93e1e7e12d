"""The whole service behind a real gateway, with users who sign in, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from api_server import open_jobs_of, place
from argon2 import PasswordHasher
from gateway_house import House, Served
from sqlalchemy import update

from facefusion.jobs.database import writing
from facefusion.jobs.storage import open_storage
from facefusion.service.app import create_app
from facefusion.service.gateway.caller import Role
from facefusion.service.gateway.tables import SESSIONS
from facefusion.service.gateway.users import Passwords, User, UserStore
from facefusion.service.parts import make_parts
from facefusion.service.settings import ServiceSettings
from job_databases import sqlite_with_tables

PASSWORD = "rain on a tin roof"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@dataclass
class Browser:
    """Somebody's browser: keeps cookies, and sends what pages of the service send."""

    http: httpx.Client
    csrf: str | None = None

    def sign_in(self, **by: Any) -> httpx.Response:
        """Sign in, and keep what pages have to know."""
        answer = self.http.post("/v1/session", json=by, headers=self._headers())
        if answer.status_code == 201:
            self.csrf = answer.json()["csrf"]
        return answer

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask for something as a page does."""
        return self.http.request(method, path, headers=self._headers(), **more)

    @property
    def cookie(self) -> str:
        """The identifier of its session."""
        [found] = [each.value for each in self.http.cookies.jar if each.name == "facefusion_session"]
        assert found is not None
        return found

    def _headers(self) -> dict[str, str]:
        return {} if self.csrf is None else {"X-CSRF-Token": self.csrf}


class Town(House):
    """A place with the whole service, and users; each test has a tenant of its own in it.

    Attributes:
        tenant: of the test.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tenant, self._tests, self._before = "studio", 0, 0
        options = place(self.folder)
        self.parts = make_parts(self.engine, open_storage(str(self.folder / "files")), ServiceSettings(), options)
        self.app = create_app(self.parts)
        self.passwords = QUICK
        self.users = UserStore(self.engine, QUICK)

    def begin_test(self) -> None:
        """Let a test have its own tenant, and see its own entries."""
        self._tests += 1
        self.tenant, self._before = f"studio-{self._tests}", len(list(self.log.entries()))

    def noted(self, kind: str) -> list[dict[str, Any]]:
        """Return what entries of a kind say that were written since the test began."""
        found = [entry.facts for entry in list(self.log.entries())[self._before :] if entry.kind == kind]
        return [facts | {"actor": self.log.name(facts["actor"])} for facts in found]

    def user(self, name: str, role: Role = "operator", **more: Any) -> User:
        """Make a user of the test's tenant, who has a password of their own."""
        given = {"tenant": self.tenant, "password": PASSWORD, "by": "test", "must_change": False, **more}
        return self.users.create(name=name, role=role, **given)

    @contextmanager
    def open(self, **options: Any) -> Iterator[Street]:
        """Serve for as long as a block lasts."""
        with self.serving(**options) as served, Street(served) as street:
            yield street

    def age(self, **columns: Any) -> None:
        """Let all sessions be as if time had gone by."""
        with writing(self.engine) as connection:
            connection.execute(update(SESSIONS).values({name: SESSIONS.c[name] + by for name, by in columns.items()}))


@contextmanager
def town_in(folder: Path) -> Iterator[Town]:
    """Have a place in a folder for as long as a block lasts."""
    engine = open_jobs_of(sqlite_with_tables(folder / "jobs.db"))
    made = Town(engine, folder)
    try:
        yield made
    finally:
        made.parts.close()
        made.log.close()
        engine.dispose()


class Street:
    """The service as it listens, and browsers before it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._open: list[httpx.Client] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            each.close()

    def browser(self, **by: Any) -> Browser:
        """Return a browser; one that has signed in where it is said by what."""
        client = self.served.client(**{"Origin": self.served.url, "Sec-Fetch-Site": "same-origin"})
        self._open.append(client)
        made = Browser(client)
        if by:
            answer = made.sign_in(**by)
            assert answer.status_code == 201, answer.text
        return made

    def other(self, browser: Browser) -> Browser:
        """Return a browser of this service with the cookie of a browser of another process."""
        made = self.browser()
        made.http.cookies.set("facefusion_session", browser.cookie)
        made.csrf = browser.csrf
        return made
