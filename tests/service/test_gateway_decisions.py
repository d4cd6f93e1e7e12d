"""What is noted of requests: changes one by one, refusals by kind, reads by number, and of nobody who they are."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from benchmarks.servers import until
from gateway_house import JOB, House
from hypothesis import given
from hypothesis import strategies as st

from facefusion.errors import AuditError
from facefusion.service.gateway.caller import SCOPES, Caller
from facefusion.service.gateway.decisions import DecisionLog, word
from facefusion.trust.audit import NewEntry

ADA = Caller("studio", "user:ada", SCOPES)


class Kept:
    """Stands where the audit log stands."""

    def __init__(self) -> None:
        self.batches: list[list[NewEntry]] = []
        self.is_away, self.failures = False, 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def append_all(self, entries: Sequence[NewEntry]) -> None:
        self.may_go_on.wait(10)
        if self.is_away:
            self.failures += 1
            raise AuditError("The audit log cannot be used: no space left")
        self.batches.append(list(entries))

    def of(self, kind: str) -> list[NewEntry]:
        return [entry for batch in self.batches for entry in batch if entry.kind == kind]


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_a_change_is_on_the_disk_before_it_is_answered(house: House) -> None:
    with house.serving() as service, service.client(house.key("admin")) as client:
        assert client.post("/v1/jobs", json={"a": 1}).status_code == 202
        assert [entry["operation"] for entry in house.entries("called")] == ["jobs.submit"]
        assert client.delete(f"/v1/jobs/{JOB}").status_code == 200
        [_, entry] = house.entries("called")
    assert (entry["operation"], entry["job"], entry["status"]) == ("jobs.remove", JOB, 200)
    assert (entry["tenant"], entry["result"]) == ("studio", "done")
    assert entry["actor"].startswith("key:")
    assert house.log.verify().entries == 2 + len(house.entries("counted"))


def test_what_a_route_lets_in_by_itself_is_noted_too(house: House) -> None:
    with house.serving() as service, service.client() as client:
        assert client.post("/v1/signed").status_code == 200
        assert client.post("/v1/signed?tenant=film").status_code == 200
    found = [(entry["tenant"], entry["actor"], entry["operation"]) for entry in house.entries("called")]
    assert found == [("default", "nobody", "signed.signed"), ("film", "trigger:7", "signed.signed")]


def test_a_link_that_is_followed_is_noted_without_who_followed_it(house: House) -> None:
    with house.serving() as service, service.client() as client:
        assert client.get("/v1/shared/7").status_code == 200
    [entry] = house.entries("called")
    assert (entry["tenant"], entry["actor"], entry["job"]) == ("film", "link:7", JOB)
    assert entry["operation"] == "shared.show_shared"
    assert "127.0.0.1" not in str([each.facts for each in house.log.entries()])


def test_links_are_limited_by_address(house: House) -> None:
    with house.serving(rate_address=60, rate_burst=0.1) as service, service.client() as client:
        answers = [client.get("/v1/shared/7") for _ in range(20)]
    assert {each.status_code for each in answers} == {200, 429}
    assert all("retry-after" in each.headers for each in answers if each.status_code == 429)


def test_reads_and_parts_of_uploads_are_counted(house: House) -> None:
    with house.serving() as service, service.client(house.key()) as client:
        for _ in range(30):
            assert client.get(f"/v1/jobs/{JOB}").status_code == 200
        for _ in range(5):
            assert client.patch("/v1/uploads/1", content=b"x").status_code == 200
        assert client.get("/v1/health/live").status_code == 200
    [entry] = house.entries("counted")
    assert (entry["reads"], entry["parts"], entry["tenant"]) == (31, 5, "studio")
    assert house.entries("called") == []


def test_refusals_are_noted_by_kind_with_their_number(house: House) -> None:
    key = house.key("viewer")
    with house.serving() as service:
        for _ in range(3):
            service.get(f"/v1/jobs/{JOB}")
        with service.client(key) as client:
            client.post("/v1/jobs", json={})
        service.get("/v1/open", "wrong")
        service.get("/v1/open", Host="evil.example")
    found: dict[tuple[Any, ...], int] = {}
    for entry in house.entries("denied"):
        kind = entry["reason"], entry["status"], entry.get("operation"), entry["actor"]
        found[kind] = found.get(kind, 0) + entry.get("count", 1)
    assert found == {
        ("unauthenticated", 401, "jobs.show", "nobody"): 3,
        ("scope", 403, "jobs.submit", f"key:{key[3:15]}"): 1,
        ("credentials-malformed", 401, None, "nobody"): 1,
        ("host", 421, None, "nobody"): 1,
    }


def test_entries_say_of_nobody_who_they_are(house: House) -> None:
    with house.serving(trusted_proxies="127.0.0.1") as service:
        asks = {
            "X-Forwarded-For": "203.0.113.77",
            "User-Agent": "agent-of-ada",
            "Referer": "https://studio.example/ada",
        }
        service.get(f"/v1/jobs/{JOB}?name=ada-lovelace", **asks)
        with service.client(house.key("admin"), **asks) as client:
            client.post("/v1/jobs", json={"who": "ada-lovelace"})
            client.delete("/v1/jobs/ada-lovelace")
    lines = "".join(entry.line() for entry in house.log.entries())
    for planted in ("203.0.113.77", "agent-of-ada", "studio.example", "ada-lovelace", "/v1/"):
        assert planted not in lines


def test_changes_at_one_time_are_written_together(kept: Kept) -> None:
    decisions = DecisionLog(kept, tenant="default")
    kept.may_go_on.clear()
    first = decisions.changed(ADA, "jobs.submit", 202)
    until(lambda: not decisions._changes)
    written = [decisions.changed(ADA, "jobs.submit", 202) for _ in range(50)]
    assert not any(each.done() for each in written)
    kept.may_go_on.set()
    for each in (first, *written):
        each.result(10)
    decisions.close()
    assert [len(batch) for batch in kept.batches] == [1, 50]


def test_many_requests_cost_few_entries(kept: Kept) -> None:
    decisions = DecisionLog(kept, tenant="default")
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(lambda: [decisions.counted(ADA, "reads") for _ in range(500)])
            pool.submit(lambda: [decisions.refused("key-unknown", 401, None) for _ in range(500)])
    decisions.close()
    assert sum(entry.facts["reads"] for entry in kept.of("counted")) == 4000
    assert sum(entry.facts["count"] for entry in kept.of("denied")) == 4000
    assert len(kept.of("counted")) == 1
    assert len(kept.of("denied")) < 20


def test_nothing_is_changed_while_it_cannot_be_recorded_and_nothing_is_lost(house: House, kept: Kept) -> None:
    key = house.key()
    with house.serving(log=kept) as service, service.client(key) as client:
        kept.is_away = True
        service.get("/v1/open", "wrong")
        until(lambda: kept.failures)
        until(lambda: client.post("/v1/jobs", json={}).status_code == 503)
        assert client.get(f"/v1/jobs/{JOB}").status_code == 200
        kept.is_away = False
        until(lambda: client.post("/v1/jobs", json={}).status_code == 202)
    assert {entry.facts["reason"] for entry in kept.of("denied")} >= {"credentials-malformed", "unavailable"}
    assert len(kept.of("called")) >= 1


def test_whoever_stops_waiting_for_an_entry_does_not_undo_it(kept: Kept) -> None:
    decisions = DecisionLog(kept, tenant="default")
    kept.may_go_on.clear()
    written = decisions.changed(ADA, "jobs.submit", 202)
    assert not written.cancel()
    kept.may_go_on.set()
    written.result(10)
    decisions.close()
    assert len(kept.of("called")) == 1
    assert not decisions.is_stuck


def test_the_end_comes_even_where_the_log_is_away(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    decisions = DecisionLog(kept, tenant="default")
    kept.is_away = True
    written = decisions.changed(ADA, "jobs.submit", 202)
    decisions.close()
    written.result(1)
    assert "1 audit entries are lost" in caplog.text


def test_what_nobody_foresaw_holds_changes_up_only_as_long_as_it_lasts(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions, failed = DecisionLog(kept, tenant="default"), threading.Event()

    def fail(_entries: object) -> None:
        failed.set()
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(kept, "append_all", fail)
        written = decisions.changed(ADA, "jobs.submit", 202)
        assert failed.wait(10)
        until(lambda: decisions.is_stuck)
    written.result(10)
    until(lambda: not decisions.is_stuck)
    decisions.close()
    assert len(kept.of("called")) == 1


@given(st.text(max_size=100) | st.none(), st.integers(100, 599), st.text(max_size=90))
def test_whatever_an_operation_is_called_the_entry_can_be_written(name: str | None, status: int, job: str) -> None:
    from facefusion.trust.audit.facts import checked

    kept = Kept()
    decisions = DecisionLog(kept, tenant="default")
    decisions.changed(ADA, name, status, job)
    decisions.refused(name or "", status, name)
    decisions.close()
    for batch in kept.batches:
        for entry in batch:
            checked(entry.kind, entry.facts)


def test_words_are_words() -> None:
    assert word("Submit Job") == "submit-job"
    assert word("../x") is None
    assert word(None) is None
