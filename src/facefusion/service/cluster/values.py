"""What is looked at, with what, and what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import Engine

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.opening import jobs_place
from facefusion.options import Options, ServingOptions
from facefusion.trust.database import open_database

Status = Literal["ok", "warn", "fail"]
_HIDDEN: Final = "…"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        status: `ok`; `warn` where somebody should look before it fails; `fail` where work is lost, late or refused.
        found: what was found.
        advice: what to do; empty where nothing needs doing.
    """

    status: Status
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ClusterCheck:
    """One thing looked at.

    Attributes:
        name: what was looked at.
        status: as of `Finding`.
        found: what was found.
        means: what it is needed for.
        advice: what to do; empty where nothing needs doing.
        seconds: that it took.
    """

    name: str
    status: Status
    found: str
    means: str
    advice: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Place:
    """From where it is looked: the options of this process.

    Attributes:
        options: of this place.
        serving: of the service and its workers.
    """

    options: Options
    serving: ServingOptions

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """Open the database of jobs as it is; nothing in it is changed.

        Raises:
            JobsUnavailableError: it is a file that is not there.
            OptionsError, SecretError: it cannot be used.
        """
        place = jobs_place(self.serving)
        if (isinstance(place, Path) or "://" not in place) and not Path(place).exists():
            raise JobsUnavailableError(
                f"There is no database of jobs {place}", "Name it with --jobs-database, or start facefusion serve"
            )
        engine = open_database(place)
        try:
            yield engine
        finally:
            engine.dispose()

    def hidden(self, text: str) -> str:
        """Return a text without the passwords of the options' addresses."""
        for secret in self._secrets():
            text = text.replace(secret, _HIDDEN)
        return text

    def _secrets(self) -> set[str]:
        serving = self.serving
        urls = (
            serving.jobs.jobs_database,
            serving.jobs.broker,
            serving.service.redis,
            serving.webhooks.webhook_proxy,
            self.options.trust.trust_database,
        )
        found = {each for url in urls if url is not None for each in _passwords(url)}
        return {form for secret in found for form in (secret, unquote(secret), quote(secret, safe=""))} - {""}


Look = Callable[[Place], Finding]
"""Looks at one thing; what it raises of the tree of errors is a finding, too."""


def shown_address(url: str) -> str:
    """Return a URL without name and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _passwords(url: str) -> Iterator[str]:
    """Yield what of a URL, or of several with semicolons between, is a password."""
    for each in url.split(";"):
        try:
            password = urlsplit(each).password
        except ValueError:
            password = None
        if password:
            yield password
        for pair in urlsplit(each).query.split("&") if "://" in each else ():
            name, _, value = pair.partition("=")
            if "password" in name.lower():
                yield value
