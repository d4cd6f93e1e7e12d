"""Reviews, quotas, and what a service must say before it serves anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import SteppedClock
from gateway_house import House
from sqlalchemy import Engine, text

from facefusion.errors import (
    AuthenticationError,
    JobQuotaError,
    JobStateError,
    KeyUnknownError,
    NotAllowedError,
    OptionsError,
)
from facefusion.jobs.states import JobState
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import Job
from facefusion.options import ServingOptions
from facefusion.options.gateway import ReviewOptions
from facefusion.service.gateway.access import allowed, check_tenant, require
from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.gateway.keys import KeyStore, make_key, read_key
from facefusion.service.gateway.opening import check_start
from facefusion.service.gateway.quotas import Quotas, TenantRules
from facefusion.service.gateway.review import ReviewRules, check_fetchable, check_reviewer
from job_databases import SteppedClock

WHEN = datetime(2026, 11, 22, tzinfo=UTC)
OPERATOR = Caller("studio", "user:ada", ROLES["operator"])
REVIEWER = Caller("studio", "user:grace", ROLES["reviewer"])
ADMIN = Caller("studio", "user:ada", ROLES["admin"])


def job(state: JobState, owner: str = "user:ada") -> Job:
    known: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
    found = {"id": "3f9c", "tenant": "studio", "owner": owner, "state": state, "created": WHEN, "queued": WHEN}
    return Job(**known | found)


# Reviews


def test_which_jobs_are_reviewed_says_whoever_runs_the_service() -> None:
    def needs(tenant: str = "studio", processors: tuple[str, ...] = ("face_swapper",), **options: Any) -> bool:
        rules = replace(ReviewRules.of(ReviewOptions(**options)), draw=lambda: 0.5)
        return rules.needs_review(tenant, processors)

    assert not needs()
    assert needs(review="all")
    assert needs(review_tenants=("studio",))
    assert not needs(review_tenants=("other",))
    assert needs(review_processors=("lip_syncer", "face_swapper"))
    assert not needs(review_processors=("lip_syncer",))
    assert needs(review_share=0.6)
    assert not needs(review_share=0.5)
    assert ReviewRules().needs_review("studio", (), TenantRules(is_reviewed=True))


def test_the_lot_draws_the_share_and_nobody_can_tell_which() -> None:
    rules = ReviewRules.of(ReviewOptions(review_share=0.25))
    drawn = sum(rules.needs_review("studio", ()) for _ in range(4000))
    assert 800 < drawn < 1200
    assert ReviewRules.of(ReviewOptions(review_share=1)).needs_review("studio", ())
    assert not ReviewRules.of(ReviewOptions(review_share=0)).needs_review("studio", ())


def test_whoever_asked_for_a_job_does_not_review_it() -> None:
    check_reviewer(job("review"), REVIEWER)
    for caller, reason in ((ADMIN, "own-review"), (OPERATOR, "scope")):
        with pytest.raises(NotAllowedError) as caught:
            check_reviewer(job("review"), caller)
        assert caught.value.reason == reason
    with pytest.raises(JobStateError):
        check_reviewer(job("running"), REVIEWER)


def test_a_result_is_fetched_when_it_is_approved() -> None:
    check_fetchable(job("succeeded"), OPERATOR)
    check_fetchable(job("review"), REVIEWER)
    for state, caller in (("review", OPERATOR), ("review", ADMIN), ("rejected", OPERATOR), ("rejected", REVIEWER)):
        with pytest.raises(NotAllowedError):
            check_fetchable(job(state), caller)
    for state in ("queued", "running", "failed", "cancelled"):
        with pytest.raises(JobStateError):
            check_fetchable(job(state), OPERATOR)


# Scopes and tenants


def test_a_scope_is_given_or_not() -> None:
    assert allowed(OPERATOR, "jobs:write") is OPERATOR
    with pytest.raises(AuthenticationError):
        allowed(None, "jobs:read")
    with pytest.raises(NotAllowedError):
        allowed(OPERATOR, "admin")
    with pytest.raises(ValueError, match="no scope"):
        require("jobs:dance")  # type: ignore[arg-type]


def test_what_is_anothers_is_answered_as_what_is_not_there() -> None:
    otherwise = KeyUnknownError("There is no key 1")
    check_tenant(OPERATOR, "studio", otherwise)
    with pytest.raises(KeyUnknownError):
        check_tenant(OPERATOR, "other", otherwise)


# Quotas, on SQLite and on PostgreSQL


def test_what_a_tenant_stores_is_counted_against_its_quota(jobs_engine: Engine) -> None:
    quotas = Quotas(jobs_engine)
    quotas.keep("studio", "uploads/1", 10**12)
    Tenants(jobs_engine).set("film", Quota(max_bytes=100))
    quotas.keep("film", "uploads/1", 60)
    quotas.keep("film", "jobs/1/a", 40)
    with pytest.raises(JobQuotaError, match="101 bytes"):
        quotas.keep("film", "uploads/2", 1)
    quotas.keep("film", "uploads/1", 59)
    quotas.keep("film", "uploads/2", 1)
    assert quotas.stored("film") == 100
    quotas.free("film", "jobs/1")
    quotas.free("film", "jobs/1")
    assert (quotas.stored("film"), quotas.stored("nobody")) == (60, 0)


def test_many_who_store_at_one_time_get_no_more_than_the_quota(jobs_engine: Engine) -> None:
    Tenants(jobs_engine).set("film", Quota(max_bytes=100))
    quotas = Quotas(jobs_engine)

    def keep(number: int) -> bool:
        try:
            quotas.keep("film", f"uploads/{number}", 10)
        except JobQuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(keep, range(20))) == 10
    assert quotas.stored("film") == 100


def test_rules_of_a_tenant_are_kept(jobs_engine: Engine) -> None:
    quotas = Quotas(jobs_engine)
    assert quotas.rules("film") == TenantRules()
    for rules in (TenantRules(5, True), TenantRules(None, False)):
        quotas.set_rules("film", rules)
        assert quotas.rules("film") == rules
    for number in (0, -1, 1 << 31):
        with pytest.raises(OptionsError):
            TenantRules(requests_a_day=number)
    with pytest.raises(OptionsError):
        quotas.set_rules("../film", TenantRules())


# Keys, on SQLite and on PostgreSQL


@pytest.fixture
def store(jobs_engine: Engine, clock: SteppedClock) -> KeyStore:
    return KeyStore(jobs_engine, bytes(32), clock=clock)


def made(store: KeyStore, **more: Any) -> Any:
    given: dict[str, Any] = {
        "tenant": "film",
        "name": "farm",
        "by": "ada",
        "lives": timedelta(days=1),
        "role": "viewer",
    }
    return store.create(**given | more)


def test_a_key_is_nowhere_but_with_its_owner(store: KeyStore, jobs_engine: Engine) -> None:
    key, given = made(store)
    assert given.text not in repr(given)
    with jobs_engine.connect() as connection:
        row = str(connection.execute(text("SELECT * FROM api_keys")).one())
    assert given.text not in row
    assert given.text[16:] not in row
    assert store.key(key.id) == key
    assert store.digest(given.text) in row


def test_a_key_expires_by_the_clock_of_the_database(store: KeyStore, clock: SteppedClock) -> None:
    key, _ = made(store)
    found = store.find(key.id)
    assert found is not None
    assert found.seconds == 86_400
    clock.forward(86_401)
    found = store.find(key.id)
    assert found is not None
    assert found.seconds == -1
    assert store.key(key.id).state(store.now()) == "expired"
    assert (store.keys(), len(store.keys(is_all=True)), store.any_holds()) == ([], 1, False)


def test_a_key_that_was_replaced_ends_after_the_overlap_at_the_latest(store: KeyStore, clock: SteppedClock) -> None:
    old, _ = made(store, lives=timedelta(hours=2))
    new, _ = store.rotate(old.id, by="ada", lives=timedelta(days=9), overlap=timedelta(days=1))
    assert store.key(old.id).expires == old.expires
    assert store.key(old.id).state(store.now()) == "replaced"
    assert (new.line, new.name, new.scopes, new.tenant) == (old.id, old.name, old.scopes, old.tenant)
    newest, _ = store.rotate(new.id, by="ada", lives=timedelta(days=9), overlap=timedelta(hours=1))
    assert newest.line == old.id
    clock.forward(3601)
    assert store.key(new.id).state(store.now()) == "expired"
    for gone in (old.id, new.id):
        with pytest.raises(OptionsError, match="replaced"):
            store.rotate(gone, by="ada", lives=timedelta(days=1), overlap=timedelta())


def test_a_key_that_was_revoked_stays_so(store: KeyStore, clock: SteppedClock) -> None:
    key, _ = made(store)
    first = store.revoke(key.id, tenant="film").revoked
    clock.forward(60)
    assert store.revoke(key.id).revoked == first
    found = store.find(key.id)
    assert found is not None
    assert found.is_revoked
    with pytest.raises(OptionsError):
        store.rotate(key.id, by="ada", lives=timedelta(days=1), overlap=timedelta())


def test_keys_of_others_are_not_there(store: KeyStore) -> None:
    key, _ = made(store)
    for call in (store.key, store.revoke):
        with pytest.raises(KeyUnknownError):
            call(key.id, tenant="other")
    with pytest.raises(KeyUnknownError):
        store.key("0" * 12)
    assert store.find("0" * 12) is None
    assert store.keys(tenant="other") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": None},
        {"role": "king"},
        {"scopes": ["jobs:read"]},
        {"role": None, "scopes": ["jobs:dance"]},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"lives": timedelta()},
        {"tenant": "../film"},
        {"tenant": ""},
    ],
)
def test_what_cannot_be_a_key_is_refused(store: KeyStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionsError):
        made(store, **wrong)
    assert store.keys(is_all=True) == []


def test_a_typo_in_a_key_is_known_for_one() -> None:
    text_ = make_key().text
    assert read_key(text_) is not None
    for place in range(len(text_)):
        for letter in "aA0_":
            if text_[place] != letter:
                assert read_key(text_[:place] + letter + text_[place + 1 :]) is None
    for wrong in (text_[:-1], text_ + "a", text_.upper(), " " + text_, text_ + "\n", text_.replace("f", "ｆ", 1), ""):
        assert read_key(wrong) is None
    assert len({make_key().text for _ in range(100)}) == 100


# Before anybody is served

ISSUER = {"oidc_issuer": "https://id.example.com", "oidc_audience": "a"}
HOSTED = {"hosted": True, "public_url": "https://faces.example.com", "trusted_proxies": "10.0.0.0/8"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (HOSTED | {"public_url": None}, "--public-url"),
        (HOSTED | {"public_url": "http://faces.example.com"}, "https"),
        (HOSTED | {"trusted_proxies": ()}, "--tls-certificate"),
        (HOSTED, "facefusion keys create"),
        ({"tls_certificate": "a.pem"}, "--tls-key"),
        ({"oidc_issuer": "https://id.example.com"}, "--oidc-audience"),
        ({"oidc_issuer": "http://id.example.com", "oidc_audience": "a"}, "https"),
        (
            {"oidc_issuer": "https://id.example.com", "oidc_audience": "a", "oidc_keys_url": "http://id.example.com/k"},
            "https",
        ),
        ({"oidc_issuer": "https://id.example.com", "oidc_audience": "a", "oidc_keys_file": "none.json"}, r"none\.json"),
        ({"redis": "http://localhost"}, "redis://"),
    ],
)
def test_a_service_that_is_not_safe_does_not_begin(house: House, values: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        house.gateway(**{name: value for name, value in values.items() if value is not None})


def test_a_hosted_service_begins_with_a_key_or_an_issuer_and_lets_nobody_in_without(house: House) -> None:
    check_start(ServingOptions.parse(HOSTED | ISSUER), house.keys)
    key = house.key()
    check_start(ServingOptions.parse(HOSTED), house.keys)
    with house.serving(**HOSTED, local_access="same-user") as service:
        assert service.get("/v1/open", Host="localhost").status_code == 421
        assert service.get("/v1/jobs/1", Host="faces.example.com").status_code == 401
        assert service.get("/v1/jobs/1", key, Host="faces.example.com").status_code == 200
    assert not list(Path(house.home).glob("service-*.token"))


@pytest.mark.parametrize(
    "values",
    [
        {"cors_origins": "*"}, {"cors_origins": "https://*.example.com"}, {"cors_origins": "https://a.example/"},
        {"allowed_hosts": "*"}, {"allowed_hosts": "a.example:80"}, {"trusted_proxies": "everybody"},
        {"trusted_proxies": "10.0.0.1/8"}, {"oidc_roles": "film-editors"}, {"oidc_roles": "film-editors=king"},
        {"rate_key": 0}, {"review_share": 2}, {"max_json_depth": 1000}, {"oidc_issuer": "id.example.com"},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_cannot_be_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(OptionsError):
        ServingOptions.parse(values)
