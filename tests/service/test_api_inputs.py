"""What a job was made from, for those who look at its result beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from api_server import BOB, EVE, Served, served
from PIL import Image
from sqlalchemy import update

from facefusion.jobs.schema import JOBS
from facefusion.service.gateway.caller import ROLES, Caller
from facefusion.service.gateway.review import ReviewRules
from facefusion.service.tables import UPLOADS
from material import ASTRONAUT, CAPTAIN

REVIEWER = Caller("acme", "user:rita", ROLES["reviewer"])
VIEWER = Caller("acme", "user:vera", ROLES["viewer"])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Nobody works here; jobs that colour something need a review."""
    rules = ReviewRules(processors=frozenset({"frame_colorizer"}))
    with served(tmp_path_factory.mktemp("inputs"), reviews=rules) as here:
        yield here


@pytest.fixture(scope="module")
def client(service: Served) -> httpx.Client:
    return service.client()


@pytest.fixture(scope="module")
def uploads(client: httpx.Client) -> dict[str, str]:
    return {
        path.name: str(client.post(f"/v1/uploads?name={path.name}", content=path.read_bytes()).json()["id"])
        for path in (ASTRONAUT, CAPTAIN)
    }


def ordered(client: httpx.Client, uploads: dict[str, str], processor: str) -> str:
    order = {
        "target": f"upload:{uploads[CAPTAIN.name]}",
        "sources": [f"upload:{uploads[ASTRONAUT.name]}"],
        "output": "out.png",
        "options": {"processors": [processor]},
    }
    answer = client.post("/v1/jobs", json=order)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def job(client: httpx.Client, uploads: dict[str, str]) -> str:
    return ordered(client, uploads, "frame_colorizer")


def test_target_and_sources_are_fetched_as_they_were_sent(client: httpx.Client, job: str) -> None:
    target = client.get(f"/v1/jobs/{job}/target")
    assert (target.content, target.headers["content-type"]) == (CAPTAIN.read_bytes(), "image/jpeg")
    assert (
        target.headers["x-content-type-options"] == "nosniff" and "sandbox" in target.headers["content-security-policy"]
    )
    part = client.get(f"/v1/jobs/{job}/target", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CAPTAIN.read_bytes()[10:20])
    assert client.get(f"/v1/jobs/{job}/target", headers={"If-None-Match": target.headers["etag"]}).status_code == 304
    assert client.get(f"/v1/jobs/{job}/sources/0").content == ASTRONAUT.read_bytes()
    assert client.get(f"/v1/jobs/{job}/sources/1").status_code == 404


@pytest.mark.parametrize("name", ["photo.svg", "photo.html", "photo.xhtml", "photo.js", "photo.pdf"])
def test_what_calls_itself_a_page_is_handed_out_as_bytes_alone(client: httpx.Client, name: str) -> None:
    content = CAPTAIN.read_bytes() + b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    upload = client.post(f"/v1/uploads?name={name}", content=content).json()
    assert upload["kind"] == "picture", "its bytes say what it is"
    used = f"upload:{upload['id']}"
    order = {"target": used, "sources": [used], "output": "out.png"}
    job = client.post("/v1/jobs", json=order).json()["id"]
    for place in ("target", "sources/0"):
        answer = client.get(f"/v1/jobs/{job}/{place}?redirect=false")
        assert answer.content == content
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert "private" in answer.headers["cache-control"]


def test_a_svg_or_a_page_is_no_input_of_a_job(client: httpx.Client, uploads: dict[str, str]) -> None:
    for name, content in (
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.jpg", b"<html><script/></html>"),
    ):
        upload = client.post(f"/v1/uploads?name={name}", content=content).json()
        assert upload["kind"] == "other"
        used = f"upload:{upload['id']}"
        order = {"target": used, "sources": [f"upload:{uploads[ASTRONAUT.name]}"], "output": "out.png"}
        assert client.post("/v1/jobs", json=order).status_code == 409
        assert client.get(f"/v1/uploads/{upload['id']}/frames/0").status_code == 409
        assert client.delete(f"/v1/uploads/{upload['id']}").status_code == 204


def test_a_frame_of_the_target_is_shown_where_it_cannot_be_played(client: httpx.Client, job: str) -> None:
    answer = client.get(f"/v1/jobs/{job}/target/frames", params={"time": 0, "width": 64})
    assert answer.status_code == 200, answer.text
    assert Image.open(io.BytesIO(answer.content)).width == 64
    assert client.get(f"/v1/jobs/{job}/target/frames").status_code == 422


@pytest.mark.parametrize("what", ["target", "sources/0", "target/frames?time=0"])
def test_reviewers_see_what_they_compare_and_viewers_do_not(
    service: Served, client: httpx.Client, uploads: dict[str, str], job: str, what: str
) -> None:
    plain = ordered(client, uploads, "face_swapper")
    rita = service.client(REVIEWER)
    assert rita.get(f"/v1/jobs/{job}/{what}").status_code == 200
    assert rita.get(f"/v1/jobs/{plain}/{what}").status_code == 403  # nobody asks for a review of this one
    assert service.client(VIEWER).get(f"/v1/jobs/{job}/{what}").status_code == 403
    assert service.client(BOB).get(f"/v1/jobs/{plain}/{what}").status_code == 200
    assert service.client(EVE).get(f"/v1/jobs/{job}/{what}").status_code == 404


def test_what_waits_for_a_review_keeps_its_files(
    service: Served, client: httpx.Client, uploads: dict[str, str], job: str
) -> None:
    with service.parts.engine.begin() as connection:
        connection.execute(update(UPLOADS).where(UPLOADS.c.id.in_(uploads.values())).values(expires=0))
        connection.execute(update(JOBS).values(state="review"))
    assert service.parts.uploads.sweep() == 0
    with service.parts.engine.begin() as connection:
        connection.execute(update(JOBS).values(state="succeeded"))
    assert service.parts.uploads.sweep() == 2
    gone = client.get(f"/v1/jobs/{job}/target")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:facefusion:error:ResourceUnknownError")
    assert client.get(f"/v1/jobs/{job}/target/frames?time=0").status_code == 404
