"""Users: how admins make, change and remove them, and which passwords are taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from api_server import ADA, EVE, Served, served
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from session_house import PASSWORD, QUICK, Street, town_in

from facefusion.errors import AccountError, OptionsError, PasswordError, ResourceUnknownError
from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.gateway.sessions.store import Holder, SessionStore
from facefusion.service.gateway.users import Passwords, UserStore, check_password, folded, made_password
from facefusion.trust.database import open_database


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("users")) as here:
        yield here


@pytest.fixture
def store(jobs_place: str) -> Iterator[UserStore]:
    """Users in a database of each kind."""
    engine = open_database(jobs_place)
    yield UserStore(engine, QUICK)
    engine.dispose()


def made(store: UserStore, name: str, role: str = "operator", tenant: str = "studio") -> str:
    return store.create(tenant=tenant, name=name, password=PASSWORD, role=role, by="test").id  # type: ignore[arg-type]


# The routes


def test_an_admin_makes_a_user_whose_first_password_is_told_once(service: Served) -> None:
    client = service.client(ADA)
    answer = client.post("/v1/users", json={"name": "grace@example.com", "role": "operator"})
    assert answer.status_code == 201
    user = answer.json()
    assert answer.headers["location"] == f"/v1/users/{user['id']}"
    assert len(user["password"]) == 24
    assert (user["must_change_password"], user["active"], user["seen"]) == (True, True, None)
    assert (user["created_by"], user["actor"]) == ("user:ada", f"account:{user['id']}")
    shown = client.get(f"/v1/users/{user['id']}").json()
    assert shown == {name: value for name, value in user.items() if name != "password"}
    given = client.post("/v1/users", json={"name": "hedy", "role": "viewer", "password": PASSWORD}).json()
    assert given["password"] is None


def test_users_are_changed_given_passwords_and_removed(service: Served) -> None:
    client = service.client(ADA)
    path = f"/v1/users/{client.post('/v1/users', json={'name': 'joan', 'role': 'viewer'}).json()['id']}"
    assert client.patch(path, json={"role": "reviewer"}).json()["role"] == "reviewer"
    assert client.patch(path, json={"active": False}).json()["active"] is False
    assert client.patch(path, json={}).json()["active"] is False
    assert client.patch(path, json={"active": True}).json()["active"] is True
    new = client.post(f"{path}/password", json={}).json()
    assert len(new["password"]) == 24
    assert client.post(f"{path}/password", json={"password": "short"}).status_code == 422
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    actions = [entry.facts["action"] for entry in service.parts.records.audit.entries() if entry.kind == "changed"]
    assert (
        actions[-6:] == ["added", "replaced", "revoked", "replaced", "replaced", "replaced"] or actions[-1] == "removed"
    )
    assert "joan" not in "".join(str(entry.facts) for entry in service.parts.records.audit.entries())


def test_users_are_listed_in_pages(service: Served) -> None:
    client = service.client(Caller("listed", "user:x", ADA.scopes))
    for number in range(3):
        client.post("/v1/users", json={"name": f"user {number}", "role": "viewer", "password": PASSWORD})
    first = client.get("/v1/users", params={"limit": 2}).json()
    assert [user["name"] for user in first["users"]] == ["user 2", "user 1"]
    rest = client.get("/v1/users", params={"limit": 2, "cursor": first["next"]}).json()
    assert ([user["name"] for user in rest["users"]], rest["next"]) == (["user 0"], None)


def test_only_admins_of_the_tenant_see_its_users(service: Served) -> None:
    user = service.client(ADA).post("/v1/users", json={"name": "mary", "role": "viewer"}).json()
    path = f"/v1/users/{user['id']}"
    eve, poor = service.client(EVE), service.client(ADA, ADA.scopes - {"admin"})
    assert eve.get("/v1/users").json()["users"] == []
    for method, body in (("GET", None), ("PATCH", {"active": False}), ("DELETE", None)):
        assert eve.request(method, path, json=body).status_code == 404
        assert poor.request(method, path, json=body).status_code == 403
    assert eve.post(f"{path}/password", json={}).status_code == 404
    assert poor.get("/v1/users").status_code == 403
    assert eve.post("/v1/users", json={"name": "mary", "role": "viewer"}).status_code == 201  # of another tenant


def test_nobody_makes_a_user_who_may_do_more_than_they(service: Served) -> None:
    admin = service.client(Caller("grown", "user:x", ROLES["admin"]))
    few = service.client(Caller("grown", "user:y", frozenset({"admin", "jobs:read"})))
    own = admin.post("/v1/users", json={"name": "own", "role": "admin"}).json()["id"]
    for client, role in ((admin, "platform"), (few, "admin"), (few, "operator"), (service.client(ADA), "platform")):
        refused = client.post("/v1/users", json={"name": "grown", "role": role})
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:facefusion:error:NotAllowedError"
    assert admin.patch(f"/v1/users/{own}", json={"role": "platform"}).status_code == 403
    assert [user["role"] for user in admin.get("/v1/users").json()["users"]] == ["admin"]


def test_nobody_changes_a_user_who_may_do_more_than_they(service: Served) -> None:
    admin = service.client(Caller("grown", "user:x", ROLES["admin"]))
    boss = made(UserStore(service.parts.engine, QUICK), "boss", "platform", "grown")
    path = f"/v1/users/{boss}"
    assert admin.post(f"{path}/password", json={}).status_code == 403
    for change in ({"role": "viewer"}, {"active": False}, {}):
        assert admin.patch(path, json=change).status_code == 403
    assert admin.delete(path).status_code == 403
    assert admin.get(path).json()["role"] == "platform"
    assert service.client(Caller("grown", "user:z", ROLES["platform"])).delete(path).status_code == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "MARIE", "role": "viewer"}, 409), ({"name": " x", "role": "viewer"}, 422),
        ({"name": "", "role": "viewer"}, 422), ({"name": "x\n", "role": "viewer"}, 422),
        ({"name": "y", "role": "king"}, 422), ({"name": "y"}, 422),
        ({"name": "y", "role": "viewer", "password": "password1234"}, 422),
        ({"name": "y", "role": "viewer", "tenant": "other"}, 422), ({"name": "ﷺ" * 60, "role": "viewer"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_a_user_is_refused(service: Served, body: dict[str, str], status: int) -> None:
    client = service.client(ADA)
    client.post("/v1/users", json={"name": "Marie", "role": "viewer", "password": PASSWORD})
    answer = client.post("/v1/users", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_two_tenants_with_one_name_have_two_users(tmp_path: Path) -> None:
    with town_in(tmp_path) as town:
        town.user("ada", "admin", tenant="film")
        town.user("ada", "viewer", tenant="news", password="another rain on a roof")
        with town.open() as street:
            film = street.browser(name="ada", password=PASSWORD, tenant="film")
            news = street.browser(name="ada", password="another rain on a roof", tenant="news")
            assert film.http.get("/v1/session").json()["tenant"] == "film"
            assert news.http.get("/v1/session").json()["tenant"] == "news"
            assert [each["name"] for each in film.http.get("/v1/users").json()["users"]] == ["ada"]
            _sign_in_fails(street, {"name": "ada", "password": PASSWORD, "tenant": "news"})


def _sign_in_fails(street: Street, by: dict[str, str]) -> None:
    assert street.browser().sign_in(**by).status_code == 401


# The last admin


def test_a_tenants_last_active_admin_stays_one(service: Served) -> None:
    client = service.client(Caller("alone", "user:x", ADA.scopes))
    ids = [
        client.post("/v1/users", json={"name": name, "role": "admin", "password": PASSWORD}).json()["id"]
        for name in ("a", "b")
    ]
    assert client.patch(f"/v1/users/{ids[0]}", json={"role": "viewer"}).status_code == 200
    for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"active": False}), ("DELETE", None)):
        refused = client.request(method, f"/v1/users/{ids[1]}", json=body)
        assert refused.status_code == 409
        assert "last active admin" in refused.json()["detail"]
    assert client.delete(f"/v1/users/{ids[0]}").status_code == 204
    assert client.post(f"/v1/users/{ids[1]}/password", json={}).status_code == 200


def test_two_admins_who_take_each_other_away_do_not_both_succeed(store: UserStore) -> None:
    ids = [made(store, name, "admin") for name in ("a", "b")]
    failed: list[AccountError] = []
    start = threading.Barrier(2)

    def take(user_id: str) -> None:
        start.wait()
        try:
            store.change(user_id, tenant="studio", role="viewer")
        except AccountError as error:
            failed.append(error)

    threads = [threading.Thread(target=take, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(failed) == 1
    assert [user.role for user in store.users(tenant="studio")].count("admin") == 1


def test_a_user_is_found_and_changed_in_every_kind_of_database(store: UserStore) -> None:
    user_id = made(store, "Ada")
    assert store.named("ADA", tenant="studio").id == user_id
    with pytest.raises(ResourceUnknownError):
        store.named("ada", tenant="other")
    with pytest.raises(AccountError):
        made(store, "ada")
    with pytest.raises(OptionsError):
        made(store, "x", tenant="../studio")
    before = store.account("studio", "ada")
    assert before is not None
    store.set_password(user_id, "another rain on a roof")
    after = store.account("studio", "ada")
    assert after is not None
    assert (after.generation, after.user.must_change) == (before.generation + 1, True)
    assert QUICK.is_right(after.password, "another rain on a roof")
    assert store.remove(user_id).name == "Ada"
    assert store.account("studio", "ada") is None


def test_sessions_are_begun_found_touched_and_ended_in_every_kind_of_database(jobs_place: str) -> None:
    engine = open_database(jobs_place)
    now = [1_800_000_000_000_000]
    idle, lives = timedelta(hours=1), timedelta(hours=2)
    sessions = SessionStore(engine, bytes(32), idle=idle, lives=lives, clock=lambda _: now[0])
    users = UserStore(engine, QUICK, clock=lambda _: now[0])
    users.create(tenant="studio", name="ada", password=PASSWORD, role="viewer", by="test", must_change=False)
    account = users.account("studio", "ada")
    digest = sessions.digest(sessions.begin(Holder("password", account=account)))
    for minutes, seconds in ((50, 3600), (50, 1200), (19, 60)):
        now[0] += minutes * 60_000_000
        found = sessions.find(digest)
        assert found is not None
        assert found.caller is not None
        assert (found.seconds, found.fault, len(found.caller.scopes)) == (seconds, None, 3)
    again = sessions.begin(Holder("password", account=account), instead_of=digest)
    assert sessions.find(digest) is None
    now[0] += 3601 * 1_000_000
    ended = sessions.find(sessions.digest(again))
    assert ended is not None
    assert ended.seconds < 0
    sessions.begin(Holder("password", account=account))  # which removes what has ended
    assert sessions.find(sessions.digest(again)) is None
    engine.dispose()


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "", "x", "eleven char", "password1234", "PASSWORD1234", "qwertyuiop12", "1q2w3e4r5t6y", "a" * 20,
        "abababababab", "abcdefghijklm", "zyxwvutsrqponm", "123456789012", "098765432109", "ada@example.com!",
        "I am ADA lovelace",
        "facefusion-2026", "rain\x00on a roof", "rain\non a roof", "x" * 300, "wozaifacefusion",
        "correct horse battery staple",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    with pytest.raises(PasswordError) as refused:
        check_password(password, "ada@example.com" if "ada@" in password else "ADA lovelace")
    assert len(password) < 3 or password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "twelve chars",
        "下雨天打在铁皮屋顶上的声音",
        "ÀÉÎÕÜ ñandú 12",
        "🦊🐢🦉🐝🐙 five animals",
        "Tr0ub4dor&3xyz",
    ],
)
def test_everything_else_is_whatever_it_is_made_of(password: str) -> None:
    check_password(password, "ada")
    assert QUICK.is_right(QUICK.hashed(password), password)


def test_a_password_is_the_same_from_every_keyboard() -> None:
    kept = QUICK.hashed("caf\u00e9 on the corner")
    assert QUICK.is_right(kept, "cafe\u0301 on the corner")
    assert not QUICK.is_right(kept, "Caf\u00e9 on the corner")
    assert folded("Straße") == folded("STRASSE") == folded("ｓｔｒａｓｓｅ")


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_is_taken_or_refused_and_nothing_else(password: str, name: str) -> None:
    try:
        check_password(password, name)
    except PasswordError:
        return
    assert len(password) >= 1


def test_made_passwords_keep_to_the_rules_and_differ() -> None:
    found = {made_password() for _ in range(50)}
    assert len(found) == 50
    for each in found:
        check_password(each, "ada")


def test_where_there_is_nobody_it_takes_as_long() -> None:
    passwords = Passwords()
    kept = passwords.hashed(PASSWORD)

    def seconds(what: str | None) -> float:
        began = time.process_time()
        assert not passwords.is_right(what, "a wrong one of mine")
        return time.process_time() - began

    known, unknown = (min(seconds(what) for _ in range(2)) for what in (kept, None))
    assert 0.4 < unknown / known < 2.5
    assert not passwords.is_right("nonsense", PASSWORD)


def test_a_password_is_kept_by_newer_parameters_once_its_owner_signs_in(tmp_path: Path) -> None:
    with town_in(tmp_path) as town:
        town.user("ada", tenant="film")
        town.passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
        with town.open() as street:
            street.browser(name="ada", password=PASSWORD, tenant="film")
        account = town.users.account("film", "ada")
        assert account is not None
        assert "t=2" in account.password
        assert town.passwords.is_right(account.password, PASSWORD)


def test_however_many_ask_few_passwords_are_worked_on_at_one_time() -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    class Slow(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            try:
                return super().hash(password, salt=salt)
            finally:
                with lock:
                    at_work -= 1

    passwords = Passwords(Slow(time_cost=1, memory_cost=4096, parallelism=1), at_once=2)
    with ThreadPoolExecutor(12) as threads:
        kept = list(threads.map(passwords.hashed, [PASSWORD] * 24))
    assert 1 <= most <= 2
    assert passwords.is_right(kept[0], PASSWORD)
