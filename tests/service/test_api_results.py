"""What people see of jobs: found by words, frames while they run, a thumbnail, and links that end."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ADA, BOB, EVE, Served, served, until, working
from PIL import Image
from sqlalchemy import update

from facefusion.jobs.board import JobBoard
from facefusion.jobs.frames import ShownFrame, note_frame
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Lease, NewJob
from facefusion.service.gateway.caller import SCOPES, Caller
from facefusion.service.gateway.review import ReviewRules
from facefusion.service.links.store import MOST
from facefusion.service.links.tables import LINKS
from facefusion.trust.metadata import read_marks
from material import ASTRONAUT, CAPTAIN

NO_LINK = "This link leads nowhere, or its time is over"


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Nobody works here; tests do it by hand."""
    with served(tmp_path_factory.mktemp("idle")) as here:
        yield here


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A worker works here; what one tenant makes needs a review."""
    folder = tmp_path_factory.mktemp("busy")
    with served(folder, reviews=ReviewRules(tenants=frozenset({"careful"}))) as here, working(here, folder):
        yield here


def sent(client: httpx.Client, path: Path, name: str) -> str:
    answer = client.post(f"/v1/uploads?name={name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def made(served: Served, caller: Caller = ADA, **more: Any) -> dict[str, Any]:
    """A job that was done, or waits for its review."""
    client = served.client(caller)
    order = {"target": f"upload:{sent(client, CAPTAIN, 'Captain Holiday.png')}", "output": "swapped.png"}
    order |= {"sources": [f"upload:{sent(client, ASTRONAUT, 'Eileen.jpg')}"], **more}
    job = client.post("/v1/jobs", json=order).json()["id"]
    over = {"succeeded", "failed", "review"}
    return until(lambda: shown if (shown := client.get(f"/v1/jobs/{job}").json())["state"] in over else None, 120)


@pytest.fixture(scope="module")
def done(busy: Served) -> dict[str, Any]:
    job = made(busy)
    assert job["state"] == "succeeded", job["error"]
    return job


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:facefusion:error:{kind}"
    return said


def test_a_history_says_what_people_look_for(busy: Served, done: dict[str, Any]) -> None:
    client = busy.client()
    for question in ("holiday", "eileen", "swapped.png", "face_swapper", done["id"]):
        [shown] = client.get("/v1/jobs", params={"q": question, "state": "succeeded"}).json()["jobs"]
        assert shown["id"] == done["id"]
    assert sorted(shown["names"].values()) == ["Captain Holiday.png", "Eileen.jpg"]
    assert set(shown["names"]) == {shown["request"]["target"], *shown["request"]["sources"]}
    assert shown["seconds"] > 0 and shown["thumbnail"] == f"/v1/jobs/{done['id']}/thumbnail"
    assert client.get("/v1/jobs", params={"q": "nobody"}).json() == {"jobs": [], "next": None}
    assert client.get("/v1/jobs", params={"q": " "}).json()["jobs"], "nothing was asked for"
    assert busy.client(EVE).get("/v1/jobs", params={"q": "holiday"}).json()["jobs"] == []
    refused(client.get("/v1/jobs", params={"q": "x" * 201}), 422, "RequestInvalidError")


def test_a_result_has_a_small_picture_with_all_marks(busy: Served, done: dict[str, Any], tmp_path: Path) -> None:
    client = busy.client()
    answer = client.get(done["thumbnail"])
    assert answer.headers["content-type"] == "image/jpeg" and "sandbox" in answer.headers["content-security-policy"]
    assert max(Image.open(io.BytesIO(answer.content)).size) <= 400
    (tmp_path / "small.jpg").write_bytes(answer.content)
    marks = read_marks(tmp_path / "small.jpg")
    assert marks is not None and marks.source_type
    seen = client.get(done["thumbnail"], headers={"If-None-Match": answer.headers["etag"]})
    assert seen.status_code == 304 and not seen.content
    refused(busy.client(EVE).get(done["thumbnail"]), 404, "JobUnknownError")
    assert client.get(f"/v1/jobs/{done['id']}/frames").json() == {"frames": []}


def test_what_waits_for_its_review_is_seen_by_reviewers_alone(busy: Served) -> None:
    carl, dora = (Caller("careful", f"user:{name}", SCOPES) for name in ("carl", "dora"))
    job = made(busy, carl, options={"processors": []})
    assert job["state"] == "review", job["error"]
    for path in (job["thumbnail"], f"/v1/jobs/{job['id']}/frames"):
        refused(busy.client(carl).get(path), 403, "NotAllowedError")
        assert busy.client(dora).get(path).status_code == 200
        refused(busy.client(dora, frozenset({"jobs:read"})).get(path), 403, "NotAllowedError")
    refused(busy.client(carl).post(f"/v1/jobs/{job['id']}/links", json={}), 409, "JobStateError")
    assert busy.client(dora).post(f"/v1/jobs/{job['id']}/reject", json={"reason": "no"}).status_code == 200
    refused(busy.client(dora).get(job["thumbnail"]), 403, "NotAllowedError")
    refused(busy.client(carl).post(f"/v1/jobs/{job['id']}/links", json={}), 409, "JobStateError")


def leased(served: Served, **more: Any) -> Lease:
    """A task of a new job, leased to this test; whatever others have queued is its own."""
    board, queue = JobBoard(served.parts.engine), JobQueue(served.parts.engine)
    request = {"target": "s3://a/b.mp4", "output": "b.mp4"}
    job = board.submit(NewJob("acme", "user:ada", request, priority=9, **more))
    lease = queue.claim("test")
    assert lease is not None and lease.job.id == job.id
    return lease


def show(served: Served, lease: Lease, number: int) -> None:
    key = f"acme/jobs/{lease.job.id}/frames/{number}"
    served.parts.storage.put_bytes(b"jpeg %d" % number, key)
    note_frame(served.parts.engine, lease, ShownFrame(number, number / 25, key, 6, 400, 225))


def messages(client: httpx.Client, job: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a stream of events says, as it says it."""
    with client.stream("GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}) as stream:
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))


def test_frames_are_seen_as_they_come(idle: Served) -> None:
    client, lease = idle.client(), leased(idle)
    place = f"/v1/jobs/{lease.job.id}"
    show(idle, lease, 0)
    stream = messages(client, lease.job.id)
    assert next(facts for kind, facts in stream if kind == "frame")["number"] == 0, "those that are there come first"
    show(idle, lease, 25)
    told = next(facts for kind, facts in stream if kind == "frame")
    assert (told["number"], told["seconds"], told["url"]) == (25, 1.0, f"{place}/frames/25")
    listed = client.get(f"{place}/frames").json()["frames"]
    assert [each["number"] for each in listed] == [0, 25] and listed[1] == told
    picture = client.get(told["url"])
    assert (picture.content, picture.headers["content-type"]) == (b"jpeg 25", "image/jpeg")
    known = client.get(told["url"], headers={"If-None-Match": picture.headers["etag"]})
    assert known.status_code == 304
    refused(client.get(f"{place}/frames/7"), 404, "ResourceUnknownError")
    refused(idle.client(EVE).get(told["url"]), 404, "JobUnknownError")
    idle.parts.storage.delete(f"acme/jobs/{lease.job.id}/frames/25")
    refused(client.get(told["url"]), 404, "ResourceUnknownError")
    JobQueue(idle.parts.engine).finished(lease, {"outputs": []})
    assert [kind for kind, _ in stream][-1] == "progress", "the stream ends with the job"
    assert client.get(f"{place}/frames").json() == {"frames": []}


def test_frames_of_what_needs_a_review_are_not_told_to_whoever_asked_for_it(idle: Served) -> None:
    lease = leased(idle, needs_review=True)
    show(idle, lease, 0)
    refused(idle.client().get(f"/v1/jobs/{lease.job.id}/frames/0"), 403, "NotAllowedError")
    reviewer = messages(idle.client(BOB), lease.job.id)
    assert next(kind for kind, _ in reviewer if kind == "frame")
    JobBoard(idle.parts.engine).cancel(lease.job.id, tenant="acme")
    assert "frame" not in [kind for kind, _ in messages(idle.client(ADA), lease.job.id)]


def test_what_is_always_reviewed_is_not_shown_at_once_by_a_preview(busy: Served) -> None:
    client = busy.client(Caller("careful", "user:carl", SCOPES))
    order = {
        "target": f"upload:{sent(client, CAPTAIN, 'a.png')}",
        "sources": [f"upload:{sent(client, ASTRONAUT, 'b.jpg')}"],
    }
    for path in ("/v1/previews", "/v1/previews/frames"):
        said = refused(client.post(path, json=order), 403, "ReviewFirstError")
        assert (said["code"], said["title"]) == (99, "Review first") and "job itself" in said["hint"]
    job = client.post("/v1/jobs", json=order | {"output": "a.png"})
    assert job.status_code == 201 and job.json()["needs_review"], "the job can be asked for all the same"


def test_a_link_gives_one_file_to_whoever_has_it(busy: Served, done: dict[str, Any]) -> None:
    client, stranger, place = busy.client(), busy.client(None), f"/v1/jobs/{done['id']}/links"
    key = {"Idempotency-Key": "a link"}
    answer = client.post(place, json={"hours": 2, "label": " for the client "}, headers=key)
    assert answer.status_code == 201, answer.text
    link = answer.json()
    assert (link["label"], link["url"]) == ("for the client", f"/v1/shared/{link['token']}") and len(
        link["token"]
    ) == 43
    assert client.post(place, json={"hours": 2, "label": " for the client "}, headers=key).json() == link
    [listed] = client.get(place).json()["links"]
    assert listed == {name: link[name] for name in ("id", "owner", "label", "created", "expires")}

    facts = stranger.get(link["url"])
    assert facts.json() == {
        "name": "swapped.png",
        "media_type": "image/png",
        "size": done["result"]["outputs"][0]["size"],
        "kind": "picture",
        "is_synthetic": True,
        "disclosure": done["result"]["disclosure"],
        "expires": link["expires"],
        "url": f"{link['url']}/file",
    }
    for word in ("acme", "user:ada", "client", "Eileen", "Holiday", done["id"]):
        assert word not in facts.text, word
    assert "no-store" in facts.headers["cache-control"]
    whole = stranger.get(f"{link['url']}/file")
    assert whole.content == client.get(f"/v1/jobs/{done['id']}/result").content
    assert whole.headers["content-disposition"].startswith('attachment; filename="swapped.png"')
    assert (
        whole.headers["x-content-type-options"] == "nosniff" and "sandbox" in whole.headers["content-security-policy"]
    )
    assert "no-store" in whole.headers["cache-control"] and whole.headers["x-robots-tag"] == "noindex"
    part = stranger.get(f"{link['url']}/file", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == whole.content[10:20]
    assert stranger.get(f"{link['url']}/file", headers={"Range": "bytes=99999999-"}).status_code == 416

    assert client.delete(f"{place}/{link['id']}").status_code == 204
    refused(client.delete(f"{place}/{link['id']}"), 404, "ResourceUnknownError")
    for path in (link["url"], f"{link['url']}/file"):
        assert refused(stranger.get(path), 404, "ResourceUnknownError")["detail"] == NO_LINK


def test_what_never_was_and_what_has_ended_are_told_alike(busy: Served) -> None:
    client, stranger = busy.client(), busy.client(None)
    job = made(busy, options={"processors": []})
    place = f"/v1/jobs/{job['id']}/links"
    ended, lasting = (client.post(place, json={"hours": 1}).json() for _ in range(2))
    with busy.parts.engine.begin() as connection:
        connection.execute(update(LINKS).where(LINKS.c.id == ended["id"]).values(expires=1))
    said = stranger.get(ended["url"])
    assert [each["id"] for each in client.get(place).json()["links"]] == [lasting["id"]]
    assert stranger.get(lasting["url"]).status_code == 200
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    for token in ("x", "x" * 43, "%00", "é" * 43, lasting["token"], ended["token"].swapcase()):
        never = stranger.get(f"/v1/shared/{token}")
        assert (never.status_code, never.content) == (404, said.content), token
    with busy.parts.engine.begin() as connection:
        assert connection.execute(LINKS.select().where(LINKS.c.id == lasting["id"])).all() == [], "it went with the job"


def test_who_may_make_links_and_how_many(busy: Served, done: dict[str, Any]) -> None:
    client, place = busy.client(), f"/v1/jobs/{done['id']}/links"
    few = busy.client(ADA, frozenset({"jobs:read"}))
    refused(few.post(place, json={}), 403, "NotAllowedError")
    link = client.post(place, json={}).json()
    refused(few.delete(f"{place}/{link['id']}"), 403, "NotAllowedError")
    assert few.get(place).status_code == 200
    for change in ({"hours": 0}, {"hours": 721}, {"hours": "2"}, {"label": "x" * 201}, {"more": 1}):
        refused(client.post(place, json=change), 422, "RequestInvalidError")
    for call in ("get", "post"):
        more = {"json": {}} if call == "post" else {}
        refused(busy.client(EVE).request(call, place, **more), 404, "JobUnknownError")
    refused(busy.client(EVE).delete(f"{place}/{link['id']}"), 404, "JobUnknownError")
    there = len(client.get(place).json()["links"])
    with busy.parts.engine.begin() as connection:
        number = connection.execute(LINKS.select().where(LINKS.c.id == link["id"])).one().job
        row = {"job": number, "owner": "x", "label": "", "created": 1, "expires": 1 << 60}
        rows = [{**row, "id": f"{n:032x}", "digest": f"{n:064x}"} for n in range(MOST - there)]
        connection.execute(LINKS.insert(), rows)
    refused(client.post(place, json={}), 409, "JobStateError")
    with busy.parts.engine.begin() as connection:
        connection.execute(LINKS.delete().where(LINKS.c.owner == "x"))
    assert link["token"] not in json.dumps(client.get(place).json())
