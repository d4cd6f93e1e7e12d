"""Browsers that sign in: what they get, what keeps others from using it, and when it ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from session_house import PASSWORD, Browser, Town, town_in
from webhook_receiver import certificate

from facefusion.service.app import bare_app
from facefusion.service.document import openapi_document
from facefusion.service.gateway.hosts import Hosts
from facefusion.service.gateway.local import token_path
from facefusion.service.gateway.sessions.cookie import SessionCookie, new_id
from facefusion.service.gateway.sessions.known import KnownSessions
from facefusion.service.gateway.sessions.store import PURPOSE as SESSIONS
from facefusion.service.gateway.sessions.store import Holder, SessionStore
from facefusion.service.gateway.users import Passwords

MINUTE = 60_000_000
HOUR = 60 * MINUTE
WRITE = ("POST", "/v1/users", {"name": "new", "role": "viewer"})


@pytest.fixture(scope="module")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with town_in(folder) as made:
        yield made


@pytest.fixture
def town(whole_town: Town) -> Town:
    whole_town.begin_test()
    return whole_town


def write(browser: Browser, **headers: str) -> int:
    """Change something; return the status."""
    method, path, body = WRITE
    return browser.http.request(method, path, json=body, headers=headers).status_code


# Signing in


def test_a_name_and_a_password_sign_in_and_the_answer_says_who_it_is(town: Town) -> None:
    user = town.user("Ada@Example.com", "admin")
    with town.open(trust=None) as street:
        browser = street.browser()
        answer = browser.sign_in(name="ada@example.COM", password=PASSWORD, tenant=town.tenant)
        assert answer.status_code == 201
        said = answer.json()
        assert (said["way"], said["tenant"], said["name"], said["role"]) == (
            "password", town.tenant, "Ada@Example.com", "admin",
        )  # fmt: skip
        assert (said["user"], said["actor"]) == (user.id, f"account:{user.id}")
        assert said["idle_seconds"] == 3600
        assert not said["must_change_password"]
        assert browser.http.get("/v1/session").json() == said
        assert browser.http.get("/v1/users").status_code == 200
    assert town.users.get(user.id).seen is not None


def test_the_cookie_is_for_this_service_alone(town: Town) -> None:
    town.user("ada")
    with town.open() as street:
        said = street.browser().sign_in(name="ada", password=PASSWORD, tenant=town.tenant).headers["set-cookie"]
        assert re.fullmatch(r"facefusion_session=ffs_[\w-]{43}; Path=/; HttpOnly; SameSite=Strict", said)
    with town.open(public_url="https://faces.example.com", trusted_proxies="127.0.0.1") as street:
        with street.served.client(**BEHIND) as client:
            answer = client.post("/v1/session", json={"name": "ada", "password": PASSWORD, "tenant": town.tenant})
        said = answer.headers["set-cookie"]
        assert re.fullmatch(r"__Host-facefusion_session=ffs_[\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Secure", said)
        assert answer.headers["cache-control"] == "no-store"


def test_the_cookie_goes_by_tls_alone_where_the_service_has_a_certificate(town: Town, tmp_path: Path) -> None:
    town.user("ada")
    path, _ = certificate(tmp_path, "127.0.0.1")
    with town.open(tls_certificate=path, tls_key=tmp_path / "key.pem") as street:
        answer = street.browser().sign_in(name="ada", password=PASSWORD, tenant=town.tenant)
        said = answer.headers["set-cookie"]
        assert said.startswith("__Host-facefusion_session=ffs_") and said.endswith("; Secure")
        assert "strict-transport-security" not in answer.headers, "other ports of a host may speak without TLS"


BEHIND = {
    "Host": "faces.example.com",
    "Origin": "https://faces.example.com",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
}


def test_a_key_signs_in_and_its_session_has_its_scopes(town: Town) -> None:
    key = town.key("viewer", tenant="film")
    with town.open() as street:
        browser = street.browser(key=key)
        said = browser.http.get("/v1/session").json()
        assert (said["way"], said["tenant"], said["name"], said["role"]) == ("key", "film", "test", "viewer")
        assert said["actor"] == f"key:{key[3:15]}"
        assert browser.http.get("/v1/jobs").status_code == 200
        assert browser.http.get("/v1/users").status_code == 403


def test_the_token_of_this_start_signs_in_and_ends_with_it(town: Town) -> None:
    with town.open(local_access="token") as street:
        token = token_path(town.home, street.served.port).read_text().strip()
        browser = street.browser(key=token)
        said = browser.http.get("/v1/session").json()
        assert (said["way"], said["tenant"], said["actor"], said["role"]) == ("local", "default", "ada", "platform")
    with town.open(local_access="token") as another:
        assert another.other(browser).http.get("/v1/session").status_code == 401


def test_whoever_calls_is_told_who_they_are(town: Town) -> None:
    key = town.key("reviewer", tenant="film")
    with town.open() as street:
        said = street.served.get("/v1/session", key).json()
        assert (said["way"], said["role"], said["csrf"], said["since"]) == ("key", "reviewer", None, None)
        nobody = street.served.get("/v1/session")
        assert nobody.status_code == 401
        assert nobody.json()["type"] == "urn:facefusion:error:AuthenticationError"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks the kernel of Linux")
def test_the_user_of_this_machine_is_told_without_signing_in(town: Town) -> None:
    with town.open(local_access="same-user") as street:
        said = street.served.get("/v1/session").json()
        assert (said["way"], said["tenant"], said["actor"], said["role"]) == ("local", "default", "ada", "platform")
        assert (said["csrf"], said["ends"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "ada"}, {"password": "x"}, {"key": "ff_x", "name": "ada", "password": "x"},
        {"key": "ff_x", "tenant": "film"}, {"key": 5}, {"name": "ada", "password": "x" * 2000}, [], "x",
        {"name": "ada", "password": "x", "remember": True},
    ],
)  # fmt: skip
def test_what_is_no_way_to_sign_in_is_said_to_be_none(town: Town, body: Any) -> None:
    with town.open() as street:
        answer = street.browser().http.post("/v1/session", json=body)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("key", ["ff_000000000000_" + "0" * 49, "ffl_" + "0" * 64, "nonsense", "eyJhbGciOi.x.y"])
def test_what_is_no_key_signs_nobody_in(town: Town, key: str) -> None:
    with town.open() as street:
        assert street.browser().sign_in(key=key).status_code == 401


# Guessing


def test_nothing_tells_whether_there_is_somebody_of_a_name(town: Town) -> None:
    town.user("ada")
    out = town.user("grace")
    town.users.change(out.id, is_active=False)
    with town.open() as street:
        answers = [
            street.browser().sign_in(name=name, password=password, tenant=tenant)
            for name, password, tenant in (
                ("ada", "wrong", town.tenant), ("nobody", "wrong", town.tenant), ("grace", PASSWORD, town.tenant),
                ("ada", PASSWORD, "film"), ("ada", PASSWORD, "../film"),
            )
        ]  # fmt: skip
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1
        assert not any("set-cookie" in answer.headers for answer in answers)
    entries = town.noted("denied")
    assert {entry["reason"] for entry in entries} == {"password"}
    assert "nobody" in {entry["actor"] for entry in entries}


def test_as_much_is_computed_for_a_name_that_nobody_has(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.user("ada")
    town.users.change(town.user("grace").id, is_active=False)
    seen: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, kept: str, password: str) -> bool:
        seen.append(kept.rsplit("$", 2)[0])
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    with town.open() as street:
        for name in ("ada", "nobody", "grace"):
            assert street.browser().sign_in(name=name, password="wrong", tenant=town.tenant).status_code == 401
    assert len(seen) == 3 and len(set(seen)) == 1, "one check each, by the same parameters"


def test_guesses_for_one_name_are_few_wherever_they_come_from(town: Town) -> None:
    town.user("ada")
    behind = {"trusted_proxies": "127.0.0.1"}
    with town.open(**behind) as street:

        def guess(name: str, address: str) -> tuple[int, str | None]:
            body = {"name": name, "password": "wrong", "tenant": town.tenant}
            with street.served.client(**{"X-Forwarded-For": address}) as client:
                answer = client.post("/v1/session", json=body)
            return answer.status_code, answer.headers.get("retry-after")

        for name in ("ada", "nobody"):
            found = [guess(name, "192.0.2.1")[0] for _ in range(11)]
            assert found == [401] * 10 + [429]
        assert guess("ADA", "192.0.2.2")[0] == 401  # whose name it is comes from elsewhere, and is not locked out
        found = [guess("Nobody", f"192.0.2.{number}")[0] for number in range(3, 44)]
        assert found == [401] * 40 + [429]
        status, seconds = guess("NOBODY", "198.51.100.1")
        assert status == 429
        assert seconds is not None and 0 < int(seconds) <= 60
        assert guess("grace", "198.51.100.1")[0] == 401


def test_guesses_from_one_address_are_few_whatever_the_names(town: Town) -> None:
    with town.open() as street:
        found = [
            street.browser().sign_in(name=f"user {number}", password="wrong", tenant=town.tenant).status_code
            for number in range(31)
        ]
        key = town.key()
        assert street.browser().sign_in(key=key).status_code == 201  # a key is not guessed
    assert found == [401] * 30 + [429]


# Pages of others


def test_what_changes_something_needs_the_token_of_the_session(town: Town) -> None:
    town.user("ada", "admin")
    town.user("grace", "admin")
    with town.open() as street:
        ada, grace = (street.browser(name=name, password=PASSWORD, tenant=town.tenant) for name in ("ada", "grace"))
        assert ada.csrf is not None and grace.csrf is not None
        assert ada.csrf != grace.csrf
        for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": grace.csrf}, {"X-CSRF-Token": ada.cookie}):
            assert write(ada, **headers) == 403
            assert ada.http.delete("/v1/session", headers=headers).status_code == 403
        assert ada.http.get("/v1/users").status_code == 200  # reading needs none
        assert write(ada, **{"X-CSRF-Token": ada.csrf}) == 201
    assert {entry["reason"] for entry in town.noted("denied")} == {"csrf"}


OPEN = ("/v1/health/", "/v1/shared/", "/v1/version", "/v1/session")
UNSAFE = ("post", "put", "patch", "delete")


def test_nobody_does_anything_and_no_page_of_others_changes_anything_whatever_operation_it_is(town: Town) -> None:
    town.user("ada", "admin")
    paths = openapi_document(bare_app())["paths"]
    operations = [(method, path) for path, known in paths.items() for method in known if method != "options"]
    assert len(operations) > 90
    with town.open() as street, street.served.client() as stranger:
        ada = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        for method, path in operations:
            where = re.sub(r"{\w+}", "0" * 32, path)
            if not path.startswith(OPEN):
                assert stranger.request(method, where).status_code == 401, (method, path)
            if method in UNSAFE:
                assert ada.http.request(method, where).status_code == 403, (method, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
def test_a_page_of_another_origin_cannot_use_a_session(town: Town, headers: dict[str, str]) -> None:
    town.user("ada", "admin")
    with town.open(cors_origins="https://evil.example") as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        assert browser.csrf is not None
        assert write(browser, **headers, **{"X-CSRF-Token": browser.csrf}) == 403
        assert browser.http.get("/v1/users", headers=headers).status_code == 403
        answer = browser.http.get("/v1/session", headers=headers)
        assert browser.csrf not in answer.text
        assert "access-control-allow-credentials" not in answer.headers


def test_a_page_of_another_origin_signs_nobody_in(town: Town) -> None:
    town.user("ada")
    body = {"name": "ada", "password": PASSWORD, "tenant": town.tenant}
    with town.open(cors_origins="https://evil.example") as street, street.served.client() as client:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            refused = client.post("/v1/session", json=body, headers=headers)
            assert refused.status_code == 403
            assert "set-cookie" not in refused.headers
        form = client.post("/v1/session", content=b'{"key": "x"}', headers={"Content-Type": "text/plain"})
        assert form.status_code == 422


def test_who_follows_a_link_from_another_site_is_nobody_and_still_sees_what_is_open(town: Town) -> None:
    town.user("ada")
    link = {"Origin": "", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with town.open(local_access="same-user") as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        del browser.http.headers["Origin"]
        del link["Origin"]
        assert browser.http.get("/v1/version", headers=link).status_code == 200
        assert browser.http.get("/v1/session", headers=link).status_code == 401
        assert browser.http.get("/v1/jobs", headers=link).status_code == 401
        assert browser.http.get("/v1/jobs", headers=link | {"Sec-Fetch-Dest": "iframe"}).status_code == 403


def test_a_key_in_the_header_is_looked_at_and_the_cookie_is_not(town: Town) -> None:
    town.user("ada", "admin")
    key = town.key("admin", tenant="film")
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        found = browser.http.get("/v1/session", headers={"Authorization": f"Bearer {key}"}).json()
        assert (found["tenant"], found["csrf"]) == ("film", None)
        assert write(browser, Authorization=f"Bearer {key}") == 201  # no page of others can send one
        assert browser.http.get("/v1/session", headers={"Authorization": "Bearer ff_x"}).status_code == 401


# Cookies that are not as they should be


@pytest.mark.parametrize(
    "cookie",
    [
        "facefusion_session=", "facefusion_session=x", "facefusion_session=ffs_short", 'facefusion_session="{}"',
        "facefusion_session={}x", "FACEFUSION_SESSION={}", "__Host-facefusion_session={}", "other={}", "{}",
        "facefusion_session={}; facefusion_session={}", "facefusion_session=x; facefusion_session={}",
        "facefusion_session={};facefusion_session=", "facefusion_session=" + "a" * 9000,
    ],
)  # fmt: skip
def test_a_cookie_that_is_not_exactly_one_is_none(town: Town, cookie: str) -> None:
    town.user("ada")
    with town.open() as street:
        session = street.browser(name="ada", password=PASSWORD, tenant=town.tenant).cookie
        with street.served.client(Cookie=cookie.replace("{}", session)) as client:
            assert client.get("/v1/jobs").status_code == 401
            assert client.get("/v1/version").status_code == 200
            assert client.post("/v1/session", json={"key": town.key()}).status_code == 201  # the way in stays open


def test_headers_that_are_there_twice_are_refused(town: Town) -> None:
    with town.open() as street:
        for header in ("Cookie: a=b", "X-CSRF-Token: a"):
            lines = ["GET /v1/version HTTP/1.1", f"Host: localhost:{street.served.port}", "Connection: close"]
            answer = street.served.raw("\r\n".join([*lines, header, header, "", ""]).encode())
            assert answer.startswith(b"HTTP/1.1 400")


def test_nobody_chooses_the_identifier_of_a_session(town: Town) -> None:
    town.user("ada")
    planted = new_id()
    with town.open() as street:
        browser = street.browser()
        browser.http.cookies.set("facefusion_session", planted)
        browser.sign_in(name="ada", password=PASSWORD, tenant=town.tenant)
        given = [each.value for each in browser.http.cookies.jar if each.name == "facefusion_session"]
        assert planted in given and len(given) == 2  # the planted one is another domain's for this client
        with street.served.client(Cookie=f"facefusion_session={planted}") as client:
            assert client.get("/v1/session").status_code == 401


def test_signing_in_again_ends_the_session_that_was(town: Town) -> None:
    town.user("ada")
    key = town.key(tenant="film")
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        before = browser.cookie
        assert browser.http.post("/v1/session", json={"key": key}).status_code == 403  # csrf
        assert browser.sign_in(key=key).status_code == 201
        assert browser.http.get("/v1/session").json()["tenant"] == "film"
        with street.served.client(Cookie=f"facefusion_session={before}") as client:
            refused = client.get("/v1/jobs")
        assert refused.status_code == 401
        assert "ended" in refused.json()["detail"]


def test_behind_https_a_cookie_without_the_prefix_is_none(town: Town) -> None:
    town.user("ada")
    with town.open(public_url="https://faces.example.com", trusted_proxies="127.0.0.1") as street:
        with street.served.client(**BEHIND) as client:
            client.post("/v1/session", json={"name": "ada", "password": PASSWORD, "tenant": town.tenant})
            session = client.cookies["__Host-facefusion_session"]
        for name, status in (("__Host-facefusion_session", 200), ("facefusion_session", 401)):
            tossed = f"{name}={session}; facefusion_session=ffs_{'a' * 43}"
            with street.served.client(**BEHIND, Cookie=tossed) as client:
                assert client.get("/v1/session").status_code == status


# How it ends


def test_signing_out_ends_the_session_wherever_its_cookie_is(town: Town) -> None:
    town.user("ada")
    with town.open() as street, town.open() as elsewhere:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        copy = street.other(browser)
        assert copy.http.get("/v1/session").status_code == 200
        answer = browser.send("DELETE", "/v1/session")
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert browser.http.get("/v1/session").status_code == 401
        assert copy.http.get("/v1/session").status_code == 401
        assert elsewhere.other(copy).http.get("/v1/session").status_code == 401
        assert browser.send("DELETE", "/v1/session").status_code == 204  # again
    done = [entry["operation"] for entry in town.noted("called")]
    assert done == ["session.create", "session.remove", "session.remove"]


@pytest.mark.parametrize("way", ["password", "key"])
def test_one_may_sign_out_everywhere(town: Town, way: str) -> None:
    user = town.user("ada")
    town.user("grace")
    key = town.key("viewer", tenant=town.tenant)
    by = {"password": {"name": "ada", "password": PASSWORD, "tenant": town.tenant}, "key": {"key": key}}
    with town.open() as street, town.open() as elsewhere:
        mine = [street.browser(**by[way]) for _ in range(3)]
        others = [street.browser(name="grace", password=PASSWORD, tenant=town.tenant)]
        others += [street.browser(**by[each]) for each in by if each != way]
        assert mine[1].http.get("/v1/session").status_code == 200
        assert mine[0].send("DELETE", "/v1/session?everywhere=true").status_code == 204
        assert [each.http.get("/v1/session").status_code for each in mine] == [401] * 3
        assert elsewhere.other(mine[2]).http.get("/v1/session").status_code == 401
        assert [each.http.get("/v1/session").status_code for each in others] == [200] * 2
        assert street.browser(**by[way]).http.get("/v1/session").status_code == 200, "who may sign in still may"
        assert mine[0].http.delete("/v1/session?everywhere=true").status_code == 204, "who is nobody ends nothing"
    assert town.users.get(user.id).is_active


def test_a_session_holds_in_every_process_and_ends_when_it_is_not_used(town: Town) -> None:
    town.user("ada")
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        with town.open() as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 200
        town.age(ends=-59 * MINUTE, seen=-59 * MINUTE)
        with town.open() as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 200  # which is used again
        town.age(ends=-59 * MINUTE, seen=-59 * MINUTE)
        with town.open() as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 200
        town.age(ends=-61 * MINUTE, seen=-61 * MINUTE)
        with town.open() as elsewhere:
            refused = elsewhere.other(browser).http.get("/v1/jobs")
            assert refused.status_code == 401
            assert refused.json()["hint"] == "Sign in again"


def test_a_session_ends_after_some_hours_whatever_is_done(town: Town) -> None:
    town.user("ada")
    with town.open(session_hours=2) as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        town.age(expires=-90 * MINUTE, seen=-2 * MINUTE)
        with town.open(session_hours=2) as elsewhere:
            found = elsewhere.other(browser)
            assert found.http.get("/v1/session").status_code == 200
        town.age(expires=-29 * MINUTE, ends=-29 * MINUTE, seen=-2 * MINUTE)
        with town.open(session_hours=2) as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 200
        town.age(expires=-2 * MINUTE, ends=-2 * MINUTE)
        with town.open(session_hours=2) as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 401


@pytest.mark.parametrize("what", ["revoked", "disabled", "removed", "replaced", "other-role"])
def test_what_happens_to_a_key_or_a_user_happens_to_its_sessions(town: Town, what: str) -> None:
    user, key = town.user("ada", "admin"), town.key("admin")
    by: dict[str, str] = (
        {"key": key} if what == "revoked" else {"name": "ada", "password": PASSWORD, "tenant": town.tenant}
    )
    with town.open() as street:
        browser = street.browser(**by)
        if what == "revoked":
            town.keys.revoke(key[3:15])
        elif what == "removed":
            town.users.remove(user.id, may_leave_none=True)
        elif what == "replaced":
            town.users.set_password(user.id, "another rain on a roof")
        else:
            role = "viewer" if what == "other-role" else None
            town.users.change(user.id, role=role, is_active=what == "other-role", may_leave_none=True)
        with town.open() as elsewhere:
            answer = elsewhere.other(browser).http.get("/v1/users")
    assert answer.status_code == (403 if what == "other-role" else 401)


def test_a_session_of_a_key_ends_with_the_key(town: Town) -> None:
    key = town.key("viewer", days=1 / 24)
    with town.open() as street:
        browser = street.browser(key=key)
        said = browser.http.get("/v1/session").json()
        ended = town.keys.key(key[3:15]).expires.isoformat().replace("+00:00", "Z")
        assert said["ends"] == ended
        town.keys.rotate(key[3:15], by="test", lives=timedelta(days=1), overlap=timedelta())
        with town.open() as elsewhere:
            assert elsewhere.other(browser).http.get("/v1/session").status_code == 401


def test_what_ended_elsewhere_is_believed_for_five_seconds_at_most(town: Town) -> None:
    store = SessionStore(town.engine, town.ring.derived(SESSIONS), idle=timedelta(hours=1), lives=timedelta(hours=12))
    _, key = town.keys.create(tenant="studio", name="x", by="x", lives=timedelta(days=1), role="viewer")
    session = store.begin(Holder("key", key=key.id))
    now = [0.0]

    async def go() -> list[bool]:
        cookie, hosts = SessionCookie(is_https=False), Hosts(())
        with ThreadPoolExecutor(1) as threads:
            known = KnownSessions(store, cookie, hosts, None, threads, clock=lambda: now[0])
            found = [(await known.of(session)).caller is not None]
            store.end(store.digest(session))
            for now[0] in (4.9, 5.0):
                found.append((await known.of(session)).caller is not None)
        return found

    assert asyncio.run(go()) == [True, True, False]


def test_sessions_of_one_holder_are_no_more_than_fifty(town: Town) -> None:
    store = SessionStore(town.engine, town.ring.derived(SESSIONS), idle=timedelta(hours=1), lives=timedelta(hours=12))
    _, key = town.keys.create(tenant="studio", name="x", by="x", lives=timedelta(days=1), role="viewer")
    made = [store.begin(Holder("key", key=key.id)) for _ in range(52)]
    held = [store.find(store.digest(each)) is not None for each in made]
    assert held == [False] * 2 + [True] * 50


def test_nothing_in_the_database_is_the_cookie_or_the_token(town: Town) -> None:
    town.user("ada")
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        assert browser.csrf is not None
        kept = Path(str(town.engine.url.database)).read_bytes()
        for path in Path(str(town.engine.url.database)).parent.glob("jobs.db-wal"):
            kept += path.read_bytes()
        for secret in (browser.cookie, browser.csrf, PASSWORD):
            assert secret.encode() not in kept
        assert b"$argon2id$" in kept


# One's own password


def test_a_first_password_is_replaced_before_anything_else(town: Town) -> None:
    town.user("ada", "admin", must_change=True)
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        said = browser.http.get("/v1/session").json()
        assert (said["must_change_password"], said["scopes"], said["role"]) == (True, [], "admin")
        assert browser.http.get("/v1/jobs").status_code == 403
        new = {"current": PASSWORD, "new": "hail on a tin roof"}
        answer = browser.send("POST", "/v1/session/password", json=new)
        assert answer.status_code == 200
        assert "admin" in answer.json()["scopes"]
        assert answer.json()["csrf"] != browser.csrf
        assert browser.http.get("/v1/jobs").status_code == 200
        assert street.browser().sign_in(name="ada", password=PASSWORD, tenant=town.tenant).status_code == 401
        assert street.browser().sign_in(name="ada", password=new["new"], tenant=town.tenant).status_code == 201


def test_another_password_ends_all_other_sessions(town: Town) -> None:
    town.user("ada")
    with town.open() as street:
        browsers = [street.browser(name="ada", password=PASSWORD, tenant=town.tenant) for _ in range(2)]
        old = browsers[0].cookie
        new = {"current": PASSWORD, "new": "hail on a tin roof"}
        assert browsers[0].send("POST", "/v1/session/password", json=new).status_code == 200
        assert browsers[0].http.get("/v1/session").status_code == 200
        with town.open() as elsewhere:
            assert elsewhere.other(browsers[1]).http.get("/v1/session").status_code == 401
            with elsewhere.served.client(Cookie=f"facefusion_session={old}") as client:
                assert client.get("/v1/session").status_code == 401


def test_whoever_has_the_old_password_does_not_undo_that_an_admin_gave_another(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, is_right = town.user("ada"), Passwords.is_right
    by_admin = "snow on a tin roof"

    def meanwhile(self: Passwords, kept: str | None, password: str) -> bool:
        found = is_right(self, kept, password)
        town.users.set_password(user.id, by_admin)
        return found

    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        with monkeypatch.context() as patch:
            patch.setattr(Passwords, "is_right", meanwhile)
            order = {"current": PASSWORD, "new": "hail on a tin roof"}
            answer = browser.send("POST", "/v1/session/password", json=order)
        assert answer.status_code == 401 and "set-cookie" not in answer.headers
        signed = street.browser().sign_in(name="ada", password="hail on a tin roof", tenant=town.tenant)
        assert signed.status_code == 401
        assert street.browser().sign_in(name="ada", password=by_admin, tenant=town.tenant).status_code == 201


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [
        ("wrong", "hail on a tin roof", 401),
        (PASSWORD, PASSWORD, 422),
        (PASSWORD, "short", 422),
        (PASSWORD, "password1234", 422),
        (PASSWORD, "ada lovelace and i", 200),
    ],
)
def test_a_new_password_keeps_to_the_rules(town: Town, current: str, new: str, status: int) -> None:
    town.user("ada")
    with town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        answer = browser.send("POST", "/v1/session/password", json={"current": current, "new": new})
        assert answer.status_code == status
        assert new not in answer.text
        assert browser.http.get("/v1/session").status_code == 200


def test_who_has_no_password_changes_none(town: Town) -> None:
    key = town.key("admin")
    new = {"current": PASSWORD, "new": "hail on a tin roof"}
    with town.open() as street:
        browser = street.browser(key=key)
        assert browser.send("POST", "/v1/session/password", json=new).status_code == 403
        with street.served.client(key) as client:
            assert client.post("/v1/session/password", json=new).status_code == 403


def test_passwords_and_cookies_are_in_no_log(
    town: Town, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    town.user("ada")
    with caplog.at_level("DEBUG"), town.open() as street:
        browser = street.browser(name="ada", password=PASSWORD, tenant=town.tenant)
        browser.send("POST", "/v1/session/password", json={"current": PASSWORD, "new": "x"})
        street.browser().sign_in(name="ada", password="a wrong one of mine", tenant=town.tenant)
        ours = (each.getMessage() for each in caplog.records if not each.name.startswith("httpcore"))
        said = "".join([*ours, *capfd.readouterr()])
        for secret in (browser.cookie, str(browser.csrf), PASSWORD, "a wrong one of mine"):
            assert secret not in said
