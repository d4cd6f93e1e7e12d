"""Results go when the time is over that the policy keeps outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_server import ADA, EVE, Served, served
from sqlalchemy import update

from facefusion.errors import StorageUnavailableError
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import JOBS
from facefusion.service.expiry import remove_expired
from facefusion.service.gateway.caller import Caller
from facefusion.service.upkeep import Upkeep
from job_databases import SteppedClock
from material import ASTRONAUT

HOUR = 3600


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy that keeps outputs for two hours."""
    path = tmp_path / "short.toml"
    path.write_text(
        'schema = 1\nextends = "personal"\nname = "short"\ndescription = "For a test"\n'
        '[privacy]\noutput_hours = { value = 2, why = "Nobody needs them for longer" }\n'
    )
    monkeypatch.setenv("FACEFUSION_POLICY", str(path))
    return path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as here:
        yield here


def done(service: Served, clock: SteppedClock, caller: Caller = ADA, state: str = "succeeded") -> str:
    """Return a job that ended now, with a result in storage."""
    client = service.client(caller)
    upload = client.post("/v1/uploads?name=a.png", content=ASTRONAUT.read_bytes()).json()["id"]
    order = {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
    job = str(client.post("/v1/jobs", json=order).json()["id"])
    lease = JobQueue(service.parts.engine).claim("one")
    assert lease is not None and lease.job.id == job
    service.parts.storage.put_bytes(b"result", f"{caller.tenant}/jobs/{job}/result-1/a.png")
    JobQueue(service.parts.engine).finished(lease, {"outputs": [{"size": 6}]}, stored=6)
    with service.parts.engine.begin() as connection:
        times = dict.fromkeys(("created", "started", "finished"), clock.now)
        connection.execute(update(JOBS).where(JOBS.c.id == job).values(state=state, **times))
    return job


def files(service: Served, job: str) -> list[str]:
    return [key for tenant in ("acme", "other") for key in service.parts.storage.keys(f"{tenant}/jobs") if job in key]


def is_known(service: Served, job: str) -> bool:
    asked = (service.client(who).get(f"/v1/jobs/{job}/events").status_code for who in (ADA, EVE))
    return set(asked) != {404}


@pytest.mark.usefixtures("policy")
def test_a_result_goes_with_its_job_when_its_time_is_over(service: Served, clock: SteppedClock) -> None:
    old = [done(service, clock), done(service, clock, EVE, "rejected"), done(service, clock, state="failed")]
    waits = done(service, clock, state="review")
    clock.forward(1.5 * HOUR)
    new = done(service, clock)
    assert remove_expired(service.parts, clock=clock) == 0, "none is two hours old"
    clock.forward(0.6 * HOUR)
    before = service.parts.quotas.stored("other")
    assert remove_expired(service.parts, clock=clock) == 3
    for job in old:
        assert files(service, job) == []
        assert not is_known(service, job)
    assert service.parts.quotas.stored("other") == before - 6
    for job in (new, waits):
        assert len(files(service, job)) == 1 and is_known(service, job)
    swept = [entry.facts for entry in service.parts.records.audit.entries() if entry.kind == "swept"]
    assert [each["files"] for each in swept] == [1, 1, 1]
    assert remove_expired(service.parts, clock=clock) == 0


def test_without_such_a_rule_results_stay(service: Served, clock: SteppedClock) -> None:
    job = done(service, clock)
    clock.forward(10_000 * HOUR)
    assert remove_expired(service.parts, clock=clock) == 0 and files(service, job)


@pytest.mark.usefixtures("policy")
def test_what_cannot_be_removed_now_is_removed_later(
    service: Served, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = done(service, SteppedClock(1_000_000))

    def away(_prefix: str) -> int:
        raise StorageUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(service.parts.storage), "delete", lambda _storage, prefix: away(prefix))
        assert remove_expired(service.parts, clock=clock) == 0
    assert is_known(service, job), "it is there to be found again"
    failed: list[BaseException] = []
    asyncio.run(Upkeep(service.parts).round(failed.append))
    assert failed == [] and files(service, job) == []
    assert not is_known(service, job)
