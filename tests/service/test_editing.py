"""What pages for editing need: people of a clip, frames of it, whether a file serves, previews that stay open."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from api_server import ADA, BOB, EVE, Served, served, until, working
from numpy.testing import assert_array_equal
from PIL import Image

from facefusion.jobs.database import reading
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.media.finder import FrameFinder
from facefusion.service.editing.clips import Sent
from facefusion.service.editing.people import begun
from facefusion.service.editing.previews import OpenPreviews
from facefusion.service.routes import shown as shown_route
from facefusion.service.tables import UPLOAD_PEOPLE
from material import ASTRONAUT, CAPTAIN, LIMITS, save


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("editing")) as here:
        yield here


@pytest.fixture(scope="module")
def client(service: Served) -> httpx.Client:
    return service.client(ADA)


@pytest.fixture(scope="module")
def portrait(client: httpx.Client) -> str:
    return sent(client, ASTRONAUT)


@pytest.fixture(scope="module")
def captain(client: httpx.Client) -> str:
    return sent(client, CAPTAIN)


@pytest.fixture(scope="module")
def two(client: httpx.Client, assets: Path) -> str:
    return sent(client, assets / "video" / "two_people_head_motion.mp4")


@pytest.fixture(scope="module")
def found(client: httpx.Client, two: str) -> dict[str, Any]:
    return people(client, two)


def sent(client: httpx.Client, path: Path) -> str:
    answer = client.post(f"/v1/uploads?name={path.name}", content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def people(client: httpx.Client, upload: str) -> dict[str, Any]:
    answer = client.post(f"/v1/uploads/{upload}/people")
    assert answer.status_code == 202, answer.text

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = client.get(f"/v1/uploads/{upload}/people").json()
        return None if shown["state"] == "finding" else shown

    return until(look, 120)


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    assert said["type"] == f"urn:facefusion:error:{kind}", said
    return said


def pixels(content: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def opened(text: str) -> Any:
    return pixels(base64.b64decode(text))


def frame(client: httpx.Client, **order: Any) -> dict[str, Any]:
    answer = client.post("/v1/previews/frames", json=order)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def entries(service: Served, kind: str) -> int:
    return sum(entry.kind == kind for entry in service.parts.records.audit.entries())


def test_of_many_who_ask_for_people_at_one_time_one_begins(tmp_path: Path, postgres_jobs_place: str) -> None:
    with served(tmp_path, database=postgres_jobs_place) as here, ThreadPoolExecutor(6) as threads:
        for _ in range(3):
            upload = here.parts.uploads.get(sent(here.client(), ASTRONAUT), tenant="acme")
            made = list(threads.map(lambda _, each=upload: begun(here.parts, each, "ada"), range(6)))
            assert sum(each is not None for each in made) == 1


def test_two_people_are_two_entries_with_a_portrait_each(
    service: Served, client: httpx.Client, two: str, found: dict[str, Any]
) -> None:
    assert found["state"] == "ready" and found["share"] == 1
    assert (found["looks"], found["frames"], found["left_out"]) == (56, 56, 0)
    assert [person["number"] for person in found["people"]] == [0, 1]
    for person in found["people"]:
        assert person["reference"] == f"person:{two}/{person['number']}"
        assert person["share"] == 1 and person["usable"] == 1 and person["first"] == 0 and person["last"] > 4
        seen = client.get(person["portrait"])
        assert seen.headers["content-type"] == "image/jpeg" and seen.headers["x-content-type-options"] == "nosniff"
        assert seen.headers["vary"] == "Authorization, Cookie"  # a browser keeps it, but for nobody else
        assert min(Image.open(io.BytesIO(seen.content)).size) > 80
        assert client.get(person["portrait"], headers={"If-None-Match": seen.headers["etag"]}).status_code == 304
    left = [person["box"][0] for person in found["people"]]
    assert abs(left[0] - left[1]) > 100, "they sit side by side"
    again = client.post(f"/v1/uploads/{two}/people").json()
    assert again["operation"] == found["operation"], "what is there is not looked for again"
    refused(client.get(f"/v1/uploads/{two}/people/2/portrait"), 404, "ResourceUnknownError")
    refused(service.client(EVE).get(f"/v1/uploads/{two}/people"), 404, "ResourceUnknownError")
    refused(service.client(EVE).get(found["people"][0]["portrait"]), 404, "ResourceUnknownError")


def test_somebody_who_is_away_between_is_one_person(client: httpx.Client, assets: Path) -> None:
    shown = people(client, sent(client, assets / "video" / "scene_cuts_with_noface.mp4"))
    assert [round(person["share"], 1) for person in shown["people"]] == [0.2, 0.2, 0.1]
    assert all(person["reference"] for person in shown["people"])


def test_a_picture_has_people_too_and_what_has_none_says_so(
    client: httpx.Client, portrait: str, tmp_path: Path
) -> None:
    shown = people(client, portrait)
    assert len(shown["people"]) == 1 and shown["people"][0]["time"] is None
    grey = sent(client, save(tmp_path / "grey.png", np.full((120, 160, 3), 90, np.uint8)))
    refused(client.get(f"/v1/uploads/{grey}/people"), 404, "ResourceUnknownError")
    shown = people(client, grey)
    assert (shown["state"], shown["people"]) == ("ready", [])


def test_people_go_with_the_upload(service: Served, client: httpx.Client) -> None:
    def rows() -> int:
        with reading(service.parts.engine) as connection:
            return len(connection.execute(UPLOAD_PEOPLE.select()).all())

    storage, empty = service.parts.storage, service.parts.quotas.stored("acme")
    before, upload = rows(), sent(client, ASTRONAUT)
    assert people(client, upload)["people"] and rows() == before + 1
    keys = list(storage.keys("acme/uploads"))
    sizes = sum(storage.size(key) or 0 for key in keys if upload in key)
    assert service.parts.quotas.stored("acme") == empty + sizes > empty + ASTRONAUT.stat().st_size
    assert {f"acme/uploads/{upload}.people/0.{form}" for form in ("jpg", "png")} <= set(keys)
    assert client.delete(f"/v1/uploads/{upload}").status_code == 204
    assert not [key for key in service.parts.storage.keys("acme/uploads") if upload in key]
    assert rows() == before and service.parts.quotas.stored("acme") == empty
    refused(client.get(f"/v1/uploads/{upload}/people"), 404, "ResourceUnknownError")


def test_pictures_of_people_need_room(service: Served) -> None:
    client, tenants = service.client(replace(ADA, tenant="small")), Tenants(service.parts.engine)
    upload = sent(client, ASTRONAUT)
    tenants.set("small", Quota(max_bytes=service.parts.quotas.stored("small") + 100))
    assert people(client, upload)["state"] == "failed"
    [operation] = client.get("/v1/operations").json()["operations"]
    assert operation["error"]["type"] == "JobQuotaError"
    assert [key for key in service.parts.storage.keys("small/uploads") if ".people" in key] == []
    tenants.set("small", Quota())
    assert people(client, upload)["people"], "with room they are found when somebody asks again"


@pytest.mark.slow
def test_each_of_two_people_gets_the_face_that_the_map_says(
    service: Served, client: httpx.Client, found: dict[str, Any], portrait: str, tmp_path: Path
) -> None:
    two = found["upload"]

    def edited(chosen: int) -> Path:
        entry = {"sources": [f"upload:{portrait}"], "reference": found["people"][chosen]["reference"]}
        order = {"target": f"upload:{two}", "output": "out.mp4", "options": {"map": [entry]}}
        answer = client.post("/v1/jobs", json=order)
        assert answer.status_code == 201, answer.text

        def look() -> dict[str, Any] | None:
            shown: dict[str, Any] = client.get(f"/v1/jobs/{answer.json()['id']}").json()
            return shown if shown["state"] in {"succeeded", "failed"} else None

        job = until(look, 120)
        assert job["state"] == "succeeded", job["error"]
        path = tmp_path / f"{chosen}.mp4"
        path.write_bytes(client.get(job["result"]["outputs"][0]["url"]).content)
        return path

    target = tmp_path / "target.mp4"
    target.write_bytes(b"".join(service.parts.storage.read(f"acme/uploads/{two}")))
    with working(service, tmp_path):
        for chosen in (0, 1):
            before, after = FrameFinder(target, LIMITS), FrameFinder(edited(chosen), LIMITS)
            for index in (30, 50):  # the label is over by then
                change = np.abs(before.frame(index).image.astype(int) - after.frame(index).image.astype(int)).mean(2)
                of = [_over(change, found, number) for number in (0, 1)]
                assert of[chosen] > 2 * of[1 - chosen], (chosen, index, of)
            before.close()
            after.close()


def _over(change: Any, found: dict[str, Any], number: int) -> float:
    """How much of a person's head was changed in a frame; both move little from where they sit."""
    left, top, right, bottom = (round(value) for value in found["people"][number]["box"])
    return float(change[top:bottom, left:right].mean())


def test_somebody_who_cannot_be_meant_is_refused(
    service: Served, client: httpx.Client, two: str, portrait: str, found: dict[str, Any]
) -> None:
    def asked(reference: str, target: str = f"upload:{two}", who: httpx.Client = client) -> httpx.Response:
        entry = {"sources": [f"upload:{portrait}"], "reference": reference}
        return who.post("/v1/jobs", json={"target": target, "output": "o.mp4", "options": {"map": [entry]}})

    assert len(found["people"]) == 2
    refused(asked(f"person:{two}/7"), 404, "ResourceUnknownError")
    refused(asked(f"person:{'0' * 32}/0"), 404, "ResourceUnknownError")
    refused(asked(f"person:{two}"), 422, "OptionsError")
    refused(asked(f"person:{two}/x"), 422, "OptionsError")
    refused(asked(f"person:{two}/0", target=f"person:{two}/0"), 409, "UploadError")
    refused(asked(f"person:{two}/0", who=service.client(EVE)), 404, "ResourceUnknownError")


def test_frames_are_shown_by_number_and_by_time(client: httpx.Client, two: str, service: Served) -> None:
    target = service.parts.scratch / "two.mp4"
    target.write_bytes(b"".join(service.parts.storage.read(f"acme/uploads/{two}")))
    finder = FrameFinder(target, LIMITS)
    for number in (0, 13, 12, 55):
        answer = client.get(f"/v1/uploads/{two}/frames/{number}")
        assert answer.status_code == 200, answer.text
        facts = httpx.Response(200, text=answer.headers["x-frame"]).json()
        assert (facts["frame"], facts["frames"]) == (number, 56)
        assert np.abs(pixels(answer.content) - finder.frame(number).image.astype(int)).mean() < 4
        moment = client.get(f"/v1/uploads/{two}/frames", params={"time": facts["time"] + 0.001})
        assert moment.content == answer.content
    finder.close()
    small = client.get(f"/v1/uploads/{two}/frames/13?width=96&form=webp")
    assert Image.open(io.BytesIO(small.content)).size[0] == 96 and small.headers["content-type"] == "image/webp"
    assert (
        small.headers["x-content-type-options"] == "nosniff" and "sandbox" in small.headers["content-security-policy"]
    )
    tag = {"If-None-Match": small.headers["etag"]}
    assert client.get(f"/v1/uploads/{two}/frames/13?width=96&form=webp", headers=tag).status_code == 304
    refused(client.get(f"/v1/uploads/{two}/frames/56"), 422, "OptionsError")
    assert "/" not in client.get(f"/v1/uploads/{two}/frames/56").json()["detail"]
    refused(client.get(f"/v1/uploads/{two}/frames/13?width=4"), 422, "RequestInvalidError")
    refused(service.client(EVE).get(f"/v1/uploads/{two}/frames/13"), 404, "ResourceUnknownError")
    refused(client.get(f"/v1/uploads/{'1' * 32}/frames/0"), 404, "ResourceUnknownError")


def test_frames_that_were_sent_are_kept_for_a_while_and_no_more_than_fit() -> None:
    now = [0.0]
    sent = Sent(100, 60.0, clock=lambda: now[0])
    for place in range(6):
        sent.put("clip", str(place), bytes(20), f"facts {place}")
    assert sent.get("clip", "0") is None and sent.get("clip", "5") == (bytes(20), "facts 5")
    sent.put("clip", "5", bytes(10), "anew")
    now[0] = 59.0
    assert sent.get("clip", "5") == (bytes(10), "anew")
    now[0] = 61.0
    sent.cool()
    assert [sent.get("clip", str(place)) is None for place in range(6)] == [True] * 5 + [False]
    sent.put("other", "0", bytes(90), "")
    assert sent.get("other", "0") is not None and sent.get("clip", "5") is not None
    sent.forget("clip")
    assert sent.get("clip", "5") is None


def test_a_picture_is_its_first_frame(client: httpx.Client, portrait: str) -> None:
    answer = client.get(f"/v1/uploads/{portrait}/frames/0?width=128")
    assert Image.open(io.BytesIO(answer.content)).size == (128, 128)
    refused(client.get(f"/v1/uploads/{portrait}/frames/1"), 422, "OptionsError")


@pytest.mark.parametrize(
    ("name", "use", "verdict", "is_usable"),
    [
        ("derived/surgical_mask.jpg", "source", "covered", True),
        ("derived/motion_blur25.jpg", "source", "blurred", False),
        ("derived/dark_noise.jpg", "source", "too-dark", True),
        ("derived/group_12_faces.jpg", "source", "several-faces", False),
        ("derived/group_12_faces.jpg", "target", "good", True),
        ("derived/cut_by_frame.jpg", "source", "cut-off", True),
        ("noface/noface_cat.png", "source", "no-face", False),
        ("derived/tiny_face_44px_tile.png", "source", "too-small", False),
        ("synthetic/sfhq_07_man_stubble.jpg", "source", "good", True),
    ],
)
def test_a_picture_says_whether_it_serves(
    *, client: httpx.Client, assets: Path, name: str, use: str, verdict: str, is_usable: bool
) -> None:
    upload = sent(client, assets / "pictures" / name)
    answer = client.post(f"/v1/uploads/{upload}/check", json={"use": use})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["verdict"], said["is_usable"]) == (verdict, is_usable)
    assert bool(said["advice"]) == (verdict != "good")
    [look] = said["looks"]
    for face in look["faces"]:
        left, top, right, bottom = face["box"]
        assert -said["width"] / 2 < left < right < said["width"] * 1.5 and top < bottom, "it may be cut off"


def test_a_clip_serves_where_a_moment_of_it_does(client: httpx.Client, two: str, assets: Path) -> None:
    turning = sent(client, assets / "video" / "head_turning_female.mp4")
    said = client.post(f"/v1/uploads/{turning}/check", json={"use": "target"}).json()
    assert (said["verdict"], said["is_usable"], len(said["looks"])) == ("good", True, 8)
    said = client.post(f"/v1/uploads/{two}/check", json={"use": "source"}).json()
    assert (said["verdict"], said["is_usable"]) == ("several-faces", False)


def test_which_face_is_meant_can_be_said(service: Served, client: httpx.Client, assets: Path) -> None:
    upload = sent(client, assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    address = f"/v1/uploads/{upload}/check"
    assert client.post(address, json={"use": "source"}).json()["verdict"] == "several-faces"
    order = {"use": "source", "options": {"source_face_position": 1}}
    assert client.post(address, json=order).json()["is_usable"]
    refused(client.post(address, json={"use": "nothing"}), 422, "RequestInvalidError")
    refused(client.post(address, json={"use": "source", "options": {"trust_dir": "/"}}), 422, "OptionsError")
    refused(service.client(EVE).post(address, json={"use": "source"}), 404, "ResourceUnknownError")


def test_a_preview_stays_open_and_is_what_the_sealed_one_shows(
    service: Served, client: httpx.Client, portrait: str, captain: str
) -> None:
    order = {"sources": [f"upload:{portrait}"], "target": f"upload:{captain}", "max_side": 512}
    streamed = entries(service, "streamed")
    first = frame(client, **order, session="a", layers=["before", "changes", "landmarks"], quality=100)
    assert (first["frame"], first["frames"], first["time"]) == (0, 1, None) and max(
        first["width"], first["height"]
    ) == 512
    [face] = first["faces"]
    assert face["edited"] and face["role"] == 0 and len(face["landmarks"]) == 468
    sealed = pixels(client.post("/v1/previews", json=order).content)
    assert np.abs(opened(first["after"]) - sealed).mean() < 2, "but for the number in the mark, they are one picture"
    changed = opened(first["changes"])[:, :, 0]
    left, top, right, bottom = (round(value) for value in face["box"])
    assert changed[top:bottom, left:right].mean() > 150 and changed.mean() < 120
    difference = np.abs(opened(first["after"]) - opened(first["before"])).mean(2)
    assert difference[changed > 0].mean() > 3
    for number in range(3):
        other = frame(client, **order, session="a", options={"blend_ratio": 0.2 * number})
        assert other["before"] is None and other["changes"] is None and other["faces"][0]["landmarks"] is None
    assert len(service.parts.shown) == 1
    assert entries(service, "streamed") == streamed + 3, "the sealed one begins and ends; the open one has begun"
    service.parts.shown.close()
    assert entries(service, "streamed") == streamed + 4, "and has ended now, with how many were shown"


def test_a_preview_follows_the_target_the_sources_and_the_options(
    client: httpx.Client, two: str, portrait: str, captain: str, found: dict[str, Any]
) -> None:
    order: dict[str, Any] = {"target": f"upload:{two}", "session": "b", "layers": ["before"]}
    people = [person["reference"] for person in found["people"]]
    one = [{"sources": [f"upload:{portrait}"], "reference": people[1]}]
    shown = frame(client, **order, frame=20, options={"map": one})
    assert shown["frame"] == 20 and [face["edited"] for face in shown["faces"]].count(True) == 1
    both = [*one, {"sources": [f"upload:{captain}"], "reference": people[0]}]
    shown = frame(client, **order, time=shown["time"], options={"map": both})
    assert shown["frame"] == 20 and sorted(face["role"] for face in shown["faces"]) == [0, 1]
    alone = frame(client, **order | {"target": f"upload:{captain}"}, sources=[f"upload:{portrait}"])
    assert alone["frames"] == 1 and len(alone["faces"]) == 1
    plain = frame(client, **order, options={"processors": []}, frame=20)
    assert np.abs(opened(plain["after"]) - opened(plain["before"]))[80:].mean() < 2, "but for label and mark"


def test_what_a_preview_cannot_do_marks_the_spot_and_leaves_it_open(
    client: httpx.Client, two: str, portrait: str, assets: Path
) -> None:
    several = sent(client, assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    order = {"target": f"upload:{two}", "session": "c", "frame": 3}
    answer = client.post("/v1/previews/frames", json=order | {"sources": [f"upload:{several}"]})
    said = refused(answer, 422, "SeveralFacesError")
    assert (
        said["spot"]["input"] == f"upload:{several}" and len(said["spot"]["boxes"]) == 2 and said["spot"]["width"] > 0
    )
    assert "/" not in said["detail"].replace("(s)", "")
    assert frame(client, **order, sources=[f"upload:{portrait}"])["faces"]
    refused(client.post("/v1/previews/frames", json=order | {"frame": 900}), 422, "OptionsError")


def test_of_requests_that_wait_the_newest_of_a_session_is_answered(
    service: Served, portrait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived: list[str] = []
    begun_one, go_on = threading.Event(), threading.Event()
    turn, answer = OpenPreviews.turn, shown_route._answer

    def counted(self: OpenPreviews, session: Any) -> Any:
        check = turn(self, session)
        arrived.append(session.name)
        return check

    def held(*given: Any) -> Any:
        begun_one.set()
        assert go_on.wait(60)
        return answer(*given)

    monkeypatch.setattr(OpenPreviews, "turn", counted)
    monkeypatch.setattr(shown_route, "_answer", held)
    order = {"target": f"upload:{portrait}", "options": {"processors": []}, "max_side": 64}

    def ask(session: str) -> httpx.Response:
        return service.client(ADA).post("/v1/previews/frames", json=order | {"session": session})

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(ask, "slider")
        assert begun_one.wait(60)
        waiting = []
        for session in ("slider", "other", "slider"):
            waiting.append(threads.submit(ask, session))
            until(lambda: len(arrived) > len(waiting) or None)
        go_on.set()
        passed, other, newest = (each.result(60) for each in waiting)
        assert first.result(60).status_code == 200, "what is being done is done"
    said = refused(passed, 409, "SupersededError")
    assert (said["code"], said["hint"]) == (123, "Wait for its answer")
    assert (other.status_code, newest.status_code) == (200, 200), "another page has a session of its own"
    assert ask("slider").status_code == 200, "the session goes on"


def test_previews_of_others_are_their_own(service: Served, client: httpx.Client, two: str, portrait: str) -> None:
    order = {"target": f"upload:{two}", "sources": [f"upload:{portrait}"], "session": "d"}
    first = frame(client, **order)
    bob = frame(service.client(BOB), **order)
    assert_array_equal(opened(bob["after"]).shape, opened(first["after"]).shape)
    refused(service.client(EVE).post("/v1/previews/frames", json=order), 404, "ResourceUnknownError")
    refused(service.client(None).post("/v1/previews/frames", json=order), 401, "AuthenticationError")
    reader = service.client(ADA, frozenset({"jobs:read"}))
    refused(reader.post("/v1/previews/frames", json=order), 403, "NotAllowedError")


def test_a_job_that_fails_for_a_face_tells_where(
    service: Served, client: httpx.Client, assets: Path, portrait: str, tmp_path: Path
) -> None:
    several = sent(client, assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    order = {"sources": [f"upload:{several}"], "target": f"upload:{portrait}", "output": "out.png"}
    with working(service, tmp_path):
        job = client.post("/v1/jobs", json=order).json()["id"]

        def look() -> dict[str, Any] | None:
            shown: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
            return shown if shown["state"] == "failed" else None

        error = until(look, 60)["error"]
    assert error["type"] == "SeveralFacesError"
    assert error["spot"]["input"] == f"upload:{several}" and error["spot"]["seconds"] is None
    assert len(error["spot"]["boxes"]) == 2
