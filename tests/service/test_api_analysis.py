"""What failed, what looks odd and how much room there is, over HTTP; nobody works here but the test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from api_server import ADA, EVE, Served, served

from facefusion.engine.judged import Measures
from facefusion.jobs.quality.samples import Samples
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import Failure
from material import ASTRONAUT

NO_FACE = Failure("NoFaceError", 20, "No face was found", is_final=True)
REVIEWER = frozenset({"jobs:read", "audit:read"})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("analysis")) as here:
        yield here


@pytest.fixture(scope="module")
def upload(service: Served) -> str:
    sent = service.client(ADA).post("/v1/uploads?name=a.png", content=ASTRONAUT.read_bytes())
    return str(sent.json()["id"])


@pytest.fixture
def queue(service: Served) -> JobQueue:
    return JobQueue(service.parts.engine)


@pytest.fixture
def order(upload: str) -> dict[str, object]:
    return {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}


def asked(service: Served, order: dict[str, object]) -> str:
    return str(service.client(ADA).post("/v1/jobs", json=order).json()["id"])


def test_failures_are_counted_and_listed_for_whoever_may_read_the_log(
    service: Served, queue: JobQueue, order: dict[str, object]
) -> None:
    jobs = [asked(service, order) for _ in range(2)]
    for _ in jobs:
        lease = queue.claim("w1")
        assert lease is not None
        queue.failed(lease, NO_FACE, facts={"version": "2.0"})
    client = service.client(ADA, REVIEWER)
    told = client.get("/v1/failures", params={"by": ["reason", "version"]}).json()
    assert [(each["by"], each["jobs"]) for each in told["reasons"]] == [
        ({"reason": "NoFaceError", "version": "2.0"}, 2)
    ]
    assert {each["job"] for each in told["jobs"]} == set(jobs)
    assert told["jobs"][0]["stage"] == "whole"
    by_worker = client.get("/v1/failures", params={"by": ["worker"]}).json()
    [alias] = {each["worker"] for each in by_worker["jobs"]}
    assert re.fullmatch("worker-[0-9a-f]{8}", alias), "a tenant is told of no machine"
    assert [each["by"] for each in by_worker["reasons"]] == [{"worker": alias}]
    all_of_it = service.client(ADA).get("/v1/failures", params={"by": ["worker"]}).json()
    assert all_of_it["jobs"][0]["worker"] == "w1", "with the scope platform it is called by its name"
    [leased, *_] = [
        each for each in client.get(f"/v1/jobs/{jobs[0]}/events").json()["events"] if each["kind"] == "task.leased"
    ]
    assert leased["facts"]["worker"] == alias
    later = client.get("/v1/failures", params={"since": "2999-01-01T00:00:00Z"}).json()
    assert later == {"reasons": [], "jobs": []}
    assert service.client(EVE).get("/v1/failures").json() == {"reasons": [], "jobs": []}, "of other tenants nothing"
    assert client.get("/v1/failures", params={"by": "colour"}).status_code == 422
    assert client.get("/v1/failures", params={"by": ["reason", "reason"]}).status_code == 422
    assert client.get("/v1/failures", params={"since": "soon"}).status_code == 422
    for path in ("/v1/failures", "/v1/quality"):
        assert service.client(ADA, frozenset({"jobs:read"})).get(path).status_code == 403


def test_a_job_that_was_measured_shows_its_figures_and_is_found_where_they_are_unusual(
    service: Served, queue: JobQueue, order: dict[str, object]
) -> None:
    client, samples = service.client(ADA), Samples(service.parts.engine)
    odd, usual = asked(service, order), asked(service, order)
    for inputs in ({"upload:a": "0" * 64}, None):
        lease = queue.claim("w1")
        assert lease is not None
        queue.finished(lease, {"outputs": [], "kind": "picture"}, inputs=inputs)
    before = client.get(f"/v1/jobs/{odd}")
    assert before.json()["quality"]["state"] == "waiting"
    assert client.get(f"/v1/jobs/{usual}").json()["quality"] is None
    sample = samples.claim("w1")
    assert sample is not None
    samples.measured(sample, Measures(1, 1, found=0.0), ["faces-lost"])
    known = {"If-None-Match": before.headers["etag"]}
    shown = client.get(f"/v1/jobs/{odd}", headers=known).json()["quality"]
    assert (shown["flags"], shown["measures"]["found"], shown["measures"]["pose"]) == (["faces-lost"], 0.0, None)
    listed = client.get("/v1/jobs", params={"suspicious": True}).json()["jobs"]
    assert [(each["id"], each["quality"]["flags"]) for each in listed] == [(odd, ["faces-lost"])]
    assert len(client.get("/v1/jobs").json()["jobs"]) > 1
    [row] = client.get("/v1/quality", params={"suspicious": True}).json()["jobs"]
    assert (row["job"], row["flags"], row["found"], row["is_suspicious"]) == (odd, "faces-lost", 0.0, True)
    assert service.client(EVE).get("/v1/quality").json() == {"jobs": []}
    assert client.get(f"/v1/jobs/{odd}/events").json()["events"][-1]["kind"] == "job.measured"


def test_results_count_as_uploads_do_and_their_removal_gives_room_back(
    service: Served, queue: JobQueue, order: dict[str, object]
) -> None:
    client, tenants = service.client(ADA), Tenants(service.parts.engine)
    stored = client.get("/v1/queue").json()["stored"]
    assert stored == ASTRONAUT.stat().st_size
    tenants.set("acme", Quota(max_bytes=stored + 100))
    try:
        job = asked(service, order)
        lease = queue.claim("w1")
        assert lease is not None
        queue.finished(lease, {"outputs": [], "kind": "picture"}, stored=5000)
        assert client.get("/v1/queue").json()["stored"] == stored + 5000
        refused = client.post("/v1/jobs", json=order)
        assert (refused.status_code, refused.json()["code"]) == (429, 82)
        assert "bytes in storage" in refused.json()["detail"]
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert client.get("/v1/queue").json()["stored"] == stored
        assert client.post("/v1/jobs", json=order).status_code == 201
    finally:
        tenants.set("acme", Quota())


def test_what_each_stage_takes_is_told(service: Served, order: dict[str, object]) -> None:
    told = service.client(ADA).get(f"/v1/jobs/{asked(service, order)}/estimate").json()
    [stage] = told["stages"]
    assert (stage["kind"], stage["tasks"], stage["takes"]) == ("whole", 1, None)
    assert told["ends"] is None and told["why_not"]
