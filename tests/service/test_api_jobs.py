"""Jobs over HTTP, on a server that listens, with a worker that works."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ADA, BOB, EVE, Served, served, until, working

from facefusion.jobs.board import JobBoard
from facefusion.jobs.schema import JOBS
from facefusion.service.gateway.review import ReviewRules
from material import ASTRONAUT, CAPTAIN

PROBLEM = "application/problem+json"
DONE = {"succeeded", "failed", "cancelled", "rejected", "review"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Nobody works here: what is asked for waits."""
    with served(tmp_path_factory.mktemp("api")) as here:
        yield here


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A worker works here, and every result is reviewed that colours something."""
    folder = tmp_path_factory.mktemp("busy")
    rules = ReviewRules(processors=frozenset({"face_editor"}))
    with served(folder, reviews=rules) as here, working(here, folder):
        yield here


def sent(client: httpx.Client, path: Path, name: str | None = None) -> str:
    answer = client.post(f"/v1/uploads?name={name or path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def order(client: httpx.Client, **more: Any) -> dict[str, Any]:
    source, target = sent(client, ASTRONAUT), sent(client, CAPTAIN)
    return {"sources": [f"upload:{source}"], "target": f"upload:{target}", "output": "swapped.png", **more}


def finished(client: httpx.Client, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        return shown if shown["state"] in DONE else None

    return until(look, 120)


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:facefusion:error:{kind}" and said["status"] == status
    assert said["title"] and said["detail"]
    return said


def test_a_job_gives_a_result_that_is_fetched_whole_in_parts_and_not_twice(busy: Served) -> None:
    client = busy.client()
    made = client.post("/v1/jobs", json=order(client, options={"blend_ratio": 0.8}))
    assert made.status_code == 201 and made.json()["state"] == "queued"
    address = made.headers["location"]
    shown = finished(client, made.json()["id"])
    assert shown["state"] == "succeeded", shown["error"]
    assert shown["result"]["faces"] == 1 and shown["progress"]["share"] == 1.0
    [output] = shown["result"]["outputs"]
    assert "address" not in output and output["name"] == "swapped.png"

    whole = client.get(f"{address}/result")
    assert hashlib.sha256(whole.content).hexdigest() == output["sha256"] == whole.headers["etag"].strip('"')
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"].startswith('attachment; filename="swapped.png"')
    assert whole.headers["content-type"] == "image/png"
    part = client.get(f"{address}/outputs/0", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert client.get(f"{address}/result", headers={"Range": "bytes=-5"}).content == whole.content[-5:]
    assert client.get(f"{address}/result", headers={"Range": "bytes=99999999-"}).status_code == 416
    old = {"Range": "bytes=0-3", "If-Range": '"other"'}
    assert client.get(f"{address}/result", headers=old).status_code == 200
    known = client.get(f"{address}/result", headers={"If-None-Match": whole.headers["etag"]})
    assert known.status_code == 304 and not known.content
    problem(client.get(f"{address}/outputs/1"), 404, "ResourceUnknownError")

    again = client.post(
        "/v1/jobs", json={"target": f"job:{made.json()['id']}", "output": "twice.png", "options": {"processors": []}}
    )
    assert finished(client, again.json()["id"])["state"] == "succeeded"
    assert client.delete(address).status_code == 204
    problem(client.get(address), 404, "JobUnknownError")
    assert list(busy.parts.storage.keys(f"acme/jobs/{made.json()['id']}")) == []


def test_what_fails_says_why_without_telling_where_files_lie(busy: Served, tmp_path: Path) -> None:
    client = busy.client()
    wanted = order(client)
    plain = tmp_path / "grey.png"
    import numpy as np

    from material import save

    save(plain, np.full((256, 256, 3), 90, np.uint8))
    wanted["sources"] = [f"upload:{sent(client, plain)}"]
    shown = finished(client, client.post("/v1/jobs", json=wanted).json()["id"])
    assert shown["state"] == "failed" and shown["error"]["type"] == "NoFaceError"
    assert shown["error"]["code"] == 20 and "/" not in shown["error"]["what"]
    problem(client.get(f"/v1/jobs/{shown['id']}/result"), 409, "JobStateError")


def test_events_are_told_as_they_happen_and_go_on_where_they_were(busy: Served) -> None:
    client = busy.client()
    job = client.post("/v1/jobs", json=order(client)).json()["id"]
    seen: list[tuple[str, str]] = []
    with client.stream("GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        number = ""
        for line in stream.iter_lines():
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("event: "):
                seen.append((line[7:], number))
            elif line.startswith("data: "):
                json.loads(line[6:])
    kinds = [kind for kind, _ in seen if kind != "progress"]
    assert kinds[0] == "job.queued" and kinds[-1] == "job.succeeded"
    assert "progress" in {kind for kind, _ in seen}
    middle = next(number for kind, number in seen if kind == "job.queued")
    headers = {"Accept": "text/event-stream", "Last-Event-ID": middle}
    rest = client.get(f"/v1/jobs/{job}/events", headers=headers).text
    assert "event: job.queued" not in rest and "event: job.succeeded" in rest
    last = {"Accept": "text/event-stream", "Last-Event-ID": seen[-1][1]}
    assert client.get(f"/v1/jobs/{job}/events", headers=last).status_code == 204
    listed = client.get(f"/v1/jobs/{job}/events?after={middle}").json()["events"]
    assert [each["kind"] for each in listed] == kinds[1:]


def test_a_stream_of_events_gives_signs_of_life_and_ends_when_the_service_does(tmp_path: Path) -> None:
    with served(tmp_path) as here:
        client = here.client()
        job = client.post("/v1/jobs", json=order(client)).json()["id"]
        with client.stream("GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}) as stream:
            lines = stream.iter_lines()
            assert any(line == ": still here" for line in lines)
            here.parts.stopping.set()
            assert [line for line in lines if line.startswith("event")] == []


def test_a_job_is_paused_resumed_given_another_priority_cancelled_and_tried_again(service: Served) -> None:
    client = service.client()
    job = client.post("/v1/jobs", json=order(client)).json()["id"]
    address = f"/v1/jobs/{job}"
    assert client.post(f"{address}/pause").json()["is_paused"]
    assert not client.post(f"{address}/resume").json()["is_paused"]
    assert client.put(f"{address}/priority", json={"priority": 9}).json()["priority"] == 9
    problem(client.delete(address), 409, "JobStateError")
    assert client.post(f"{address}/cancel").json()["state"] == "cancelled"
    problem(client.post(f"{address}/pause"), 409, "JobStateError")
    assert client.post(f"{address}/retry").json()["state"] == "queued"
    problem(client.post(f"{address}/retry"), 409, "JobStateError")
    problem(client.post(f"{address}/approve", json={}), 403, "NotAllowedError")
    problem(service.client(BOB).post(f"{address}/approve", json={}), 409, "JobStateError")


def test_nothing_is_changed_that_was_changed_meanwhile(service: Served) -> None:
    client = service.client()
    job = client.post("/v1/jobs", json=order(client)).json()["id"]
    seen = client.get(f"/v1/jobs/{job}")
    tag = seen.headers["etag"]
    assert client.get(f"/v1/jobs/{job}", headers={"If-None-Match": tag}).status_code == 304
    paused = client.post(f"/v1/jobs/{job}/pause", headers={"If-Match": tag})
    assert paused.status_code == 200 and paused.headers["etag"] != tag
    problem(client.post(f"/v1/jobs/{job}/cancel", headers={"If-Match": tag}), 412, "PreconditionError")
    problem(client.post(f"/v1/jobs/{job}/cancel", headers={"If-Match": f"W/{tag}"}), 412, "PreconditionError")
    problem(client.post(f"/v1/jobs/{job}/cancel", headers={"If-Match": "nonsense"}), 422, "RequestInvalidError")
    assert client.get(f"/v1/jobs/{job}").json()["state"] == "queued"
    either = {"If-Match": f'"1-0", {paused.headers["etag"]}'}
    assert client.post(f"/v1/jobs/{job}/cancel", headers=either).status_code == 200
    assert client.delete(f"/v1/jobs/{job}", headers={"If-Match": "*"}).status_code == 204


def test_a_second_person_looks_at_results(busy: Served) -> None:
    ada, bob = busy.client(ADA), busy.client(BOB)
    made = ada.post("/v1/jobs", json=order(ada, options={"processors": ["face_editor"]})).json()
    assert made["needs_review"]
    shown = finished(ada, made["id"])
    if shown["state"] == "failed":  # the model of the editor is not here: what counts is the review
        with busy.parts.engine.begin() as connection:
            output = {"name": "a.png", "size": 0, "sha256": "0" * 64, "media_type": "image/png", "form": "PNG"}
            result = {"outputs": [output | {"is_encrypted": False, "address": "acme/none"}], "kind": "picture"}
            values = {"state": "review", "result": result, "error": None}
            connection.execute(JOBS.update().where(JOBS.c.id == made["id"]).values(values))
    problem(ada.get(f"/v1/jobs/{made['id']}/result"), 403, "NotAllowedError")
    problem(ada.post(f"/v1/jobs/{made['id']}/approve", json={}), 403, "NotAllowedError")
    few = busy.client(BOB, frozenset({"jobs:read"}))
    problem(few.post(f"/v1/jobs/{made['id']}/approve", json={}), 403, "NotAllowedError")
    approved = bob.post(f"/v1/jobs/{made['id']}/approve", json={"reason": "as agreed"}).json()
    assert approved["state"] == "succeeded" and approved["review"]["by"] == "user:bob"
    problem(bob.post(f"/v1/jobs/{made['id']}/reject", json={}), 409, "JobStateError")


def test_the_same_key_makes_one_job_however_often_and_at_once(service: Served) -> None:
    client = service.client()
    wanted, key = order(client), {"Idempotency-Key": "one"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/jobs", json=wanted, headers=key), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.text for answer in answers}) == 1
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [False, *[True] * 5]
    assert {answer.headers["location"] for answer in answers} == {f"/v1/jobs/{answers[0].json()['id']}"}
    other = wanted | {"output": "other.png"}
    problem(client.post("/v1/jobs", json=other, headers=key), 422, "IdempotencyError")
    theirs = service.client(BOB).post("/v1/jobs", json=wanted, headers=key)
    assert theirs.status_code == 201 and theirs.json()["id"] != answers[0].json()["id"]


def test_the_same_on_postgresql(tmp_path: Path, postgres_jobs_place: str) -> None:
    with served(tmp_path, database=postgres_jobs_place) as here:
        client = here.client()
        wanted, key = order(client), {"Idempotency-Key": "one"}
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: client.post("/v1/jobs", json=wanted, headers=key), range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.text for answer in answers}) == 1
        problem(client.post("/v1/jobs", json=wanted | {"priority": 1}, headers=key), 422, "IdempotencyError")
        job = answers[0].json()["id"]
        assert [each["id"] for each in client.get("/v1/jobs").json()["jobs"]] == [job]
        tag = client.get(f"/v1/jobs/{job}").headers["etag"]
        assert client.post(f"/v1/jobs/{job}/cancel", headers={"If-Match": tag}).json()["state"] == "cancelled"
        begun = client.post("/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "6"})
        part = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        assert client.patch(begun.headers["location"], content=b"abc", headers=part).status_code == 204
        rest = part | {"Upload-Offset": "3"}
        assert client.patch(begun.headers["location"], content=b"def", headers=rest).status_code == 204
        assert client.get(begun.headers["location"]).json()["state"] == "ready"


def test_a_key_is_free_again_after_what_was_refused(service: Served) -> None:
    client = service.client()
    wanted, key = order(client), {"Idempotency-Key": "two"}
    problem(client.post("/v1/jobs", json=wanted | {"output": "a.exe"}, headers=key), 422, "OptionsError")
    assert client.post("/v1/jobs", json=wanted, headers=key).status_code == 201
    problem(client.post("/v1/jobs", json=wanted, headers={"Idempotency-Key": "x" * 201}), 422, "RequestInvalidError")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"unknown": 1}, "RequestInvalidError"),
        ({"priority": "4"}, "RequestInvalidError"),
        ({"priority": 10}, "RequestInvalidError"),
        ({"sources": "upload:1"}, "RequestInvalidError"),
        ({"target": None}, "RequestInvalidError"),
        ({"output": "../x.png"}, "OptionsError"),
        ({"output": "x.doc"}, "OptionsError"),
        ({"target": "/etc/passwd"}, "OptionsError"),
        ({"options": {"policy": "personal"}}, "OptionsError"),
        ({"options": {"blend_ratio": 2}}, "OptionsError"),
        ({"options": {"nonsense": 2}}, "OptionsError"),
        ({"options": {"max_memory": 2}}, "OptionsError"),
        ({"target": "s3://bucket/clip.mp4"}, "StorageAddressError"),
        ({"deliver_to": "file:///etc/"}, "StorageAddressError"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(service: Served, change: dict[str, Any], kind: str) -> None:
    client = service.client()
    said = problem(client.post("/v1/jobs", json=order(client) | change), 422, kind)
    assert "trust_dir" not in said["detail"] and str(service.parts.records.home) not in said["detail"]


def test_files_that_are_not_there_are_refused_at_once(service: Served) -> None:
    client = service.client()
    wanted, none = order(client), "0" * 32
    for name, kind in (
        ("upload", "ResourceUnknownError"),
        ("face", "ResourceUnknownError"),
        ("job", "JobUnknownError"),
    ):
        problem(client.post("/v1/jobs", json=wanted | {"sources": [f"{name}:{none}"]}), 404, kind)
    theirs = sent(service.client(EVE), ASTRONAUT)
    problem(client.post("/v1/jobs", json=wanted | {"sources": [f"upload:{theirs}"]}), 404, "ResourceUnknownError")
    waiting = client.post("/v1/jobs", json=wanted).json()["id"]
    problem(client.post("/v1/jobs", json=wanted | {"target": f"job:{waiting}"}), 409, "JobStateError")
    text = client.post("/v1/uploads?name=a.png", content=b"no picture").json()["id"]
    problem(client.post("/v1/jobs", json=wanted | {"target": f"upload:{text}"}), 409, "UploadError")
    digests = {wanted["target"]: "0" * 64}
    problem(client.post("/v1/jobs", json=wanted | {"digests": digests}), 422, "OptionsError")


def test_an_upload_that_a_job_needs_stays(service: Served) -> None:
    client = service.client()
    wanted = order(client)
    job = client.post("/v1/jobs", json=wanted).json()["id"]
    upload = wanted["target"].partition(":")[2]
    problem(client.delete(f"/v1/uploads/{upload}"), 409, "UploadError")
    client.post(f"/v1/jobs/{job}/cancel")
    assert client.delete(f"/v1/uploads/{upload}").status_code == 204


def test_a_job_is_estimated_without_being_taken(service: Served, moving_portrait: Path) -> None:
    client = service.client()
    wanted = order(client)
    before = len(client.get("/v1/jobs?limit=200").json()["jobs"])
    shown = client.post("/v1/jobs/estimate", json=wanted).json()
    assert not shown["is_cut"] and shown["segments"] == 1
    clip = wanted | {"target": f"upload:{sent(client, moving_portrait)}", "output": "a.mp4"}
    assert client.post("/v1/jobs/estimate", json=clip).json()["frames"] == 20
    assert len(client.get("/v1/jobs?limit=200").json()["jobs"]) == before
    job = client.post("/v1/jobs", json=wanted).json()["id"]
    assert client.get(f"/v1/jobs/{job}/estimate").json()["rests_on"] >= 0


def test_lists_are_paged_filtered_and_of_one_tenant(tmp_path: Path) -> None:
    with served(tmp_path) as here:
        client, wanted = here.client(), None
        wanted = order(client)
        made = [client.post("/v1/jobs", json=wanted | {"priority": n % 3}).json()["id"] for n in range(7)]
        seen: list[str] = []
        cursor = None
        while True:
            page = client.get("/v1/jobs", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
            assert len(page["jobs"]) <= 3
            seen += [each["id"] for each in page["jobs"]]
            if not seen[3:] and len(seen) == 3:  # one that comes meanwhile moves nothing
                client.post("/v1/jobs", json=wanted)
            if (cursor := page["next"]) is None:
                break
        assert seen == made[::-1]
        first = client.get("/v1/jobs?order=oldest&limit=4").json()
        rest = client.get(f"/v1/jobs?order=oldest&cursor={first['next']}").json()
        assert [each["id"] for each in first["jobs"] + rest["jobs"]][:7] == made
        assert (len(rest["jobs"]), rest["next"]) == (4, None)
        problem(client.get("/v1/jobs?order=best"), 422, "RequestInvalidError")
        client.post(f"/v1/jobs/{made[0]}/cancel")
        ids = [each["id"] for each in client.get("/v1/jobs?state=cancelled&state=failed").json()["jobs"]]
        assert ids == [made[0]]
        assert {each["priority"] for each in client.get("/v1/jobs?priority=2").json()["jobs"]} == {2}
        assert client.get("/v1/jobs?owner=user:nobody").json() == {"jobs": [], "next": None}
        when = client.get(f"/v1/jobs/{made[3]}").json()["created"]
        later = client.get("/v1/jobs", params={"created_since": when}).json()["jobs"]
        assert made[3] in {each["id"] for each in later} and made[2] not in {each["id"] for each in later}
        assert here.client(EVE).get("/v1/jobs").json()["jobs"] == []
        problem(client.get("/v1/jobs?state=lost"), 422, "RequestInvalidError")
        problem(client.get("/v1/jobs?limit=0"), 422, "RequestInvalidError")
        problem(client.get("/v1/jobs?nonsense=0"), 422, "RequestInvalidError")
        problem(client.get("/v1/jobs?cursor=AAAA"), 422, "RequestInvalidError")
        queue = client.get("/v1/queue").json()
        assert queue["jobs"] == {"queued": 7, "cancelled": 1} and queue["stored"] > 0


def test_a_hundred_streams_do_not_keep_others_waiting(service: Served) -> None:
    client = service.client()
    job = client.post("/v1/jobs", json=order(client)).json()["id"]
    begun, over = threading.Barrier(21), threading.Event()

    def listen() -> None:
        with service.client().stream(
            "GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}
        ) as stream:
            next(stream.iter_lines())
            begun.wait(30)
            over.wait(30)

    threads = [threading.Thread(target=listen, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    begun.wait(30)
    assert client.get("/v1/health/live", timeout=5).json() == {"status": "live"}
    JobBoard(service.parts.engine).cancel(job, tenant="acme")
    over.set()
    for thread in threads:
        thread.join(30)
