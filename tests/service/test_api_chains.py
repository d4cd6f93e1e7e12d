"""Chains over HTTP: their files are brought wherever something is done, also those of other packages."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from api_server import ADA, EVE, Served, served, until, working
from live_client import live
from PIL import Image
from tinted import install_tint

from facefusion.engine.plan import make_plan
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.jobs.storage import open_storage
from facefusion.jobs.submitting import HandingIn
from facefusion.options import Options
from material import ASTRONAUT, Array, save

COLOUR = (200, 40, 90)
WARM = "LUT_1D_SIZE 2\n0.1 0 0\n1 0.9 0.7\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        install_tint(tmp_path_factory.mktemp("site"), patch)
        with served(tmp_path_factory.mktemp("chains")) as here:
            yield here


@pytest.fixture(scope="module")
def client(service: Served) -> httpx.Client:
    return service.client(ADA)


@pytest.fixture(scope="module")
def target(client: httpx.Client) -> str:
    return sent(client, ASTRONAUT.name, ASTRONAUT.read_bytes())


@pytest.fixture(scope="module")
def colour(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pictures") / "colour.png"
    save(path, np.full((64, 64, 3), COLOUR, np.uint8))
    return sent(client, path.name, path.read_bytes())


def sent(client: httpx.Client, name: str, content: bytes) -> str:
    answer = client.post(f"/v1/uploads?name={name}", content=content)
    assert answer.status_code == 201, answer.text
    return f"upload:{answer.json()['id']}"


def pixels(content: bytes) -> Array:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def is_tinted(image: Array) -> bool:
    below = image[image.shape[0] // 2 : image.shape[0] * 2 // 3].astype(int)  # the label is elsewhere
    return bool(np.abs(below.mean((0, 1)) - COLOUR).max() < 8)


def ways(picture: str) -> list[dict[str, Any]]:
    """Options that name a file of a processor of another package: a link's, and the job's."""
    return [
        {"chain": [{"processor": "tint", "tint_picture": picture}]},
        {"processors": ["tint"], "processor_options": [f"tint.tint-picture={picture}"]},
    ]


def test_previews_bring_files_of_other_packages_processors(client: httpx.Client, target: str, colour: str) -> None:
    for options in ways(colour):
        shown = client.post("/v1/previews", json={"target": target, "options": options, "max_side": 256})
        assert shown.status_code == 200, shown.text
        assert is_tinted(pixels(shown.content))
        frame = client.post("/v1/previews/frames", json={"target": target, "options": options, "max_side": 256})
        assert is_tinted(pixels(base64.b64decode(frame.json()["after"])))


@pytest.mark.parametrize("way", [0, 1])
def test_no_file_of_the_service_is_read(
    client: httpx.Client, service: Served, target: str, colour: str, way: int
) -> None:
    theirs = sent(service.client(EVE), "theirs.png", ASTRONAUT.read_bytes())
    for path in ("/v1/previews", "/v1/previews/frames"):
        order = {"target": target, "options": ways(str(ASTRONAUT))[way]}
        answer = client.post(path, json=order)
        assert answer.status_code == 422 and "a file is named as" in answer.text
        missing = client.post(path, json=order | {"options": ways(theirs)[way]})
        assert missing.status_code == 404, missing.text
    jobs = client.post("/v1/jobs", json={"target": target, "output": "r.png", "options": ways(theirs)[way]})
    assert jobs.status_code == 404


@pytest.mark.parametrize("way", [0, 1])
def test_live_frames_go_by_such_a_file(service: Served, colour: str, astronaut: Array, way: int) -> None:
    with live(service) as session:
        session.wish(options=ways(str(ASTRONAUT))[way])
        assert "a file is named as" in session.said("error", ends=False)["problem"]["detail"]
    view = astronaut[:320, :320]
    with live(service) as session:
        session.begun(options=ways(colour)[way])
        session.send(view)
        assert is_tinted(session.back().image)


def test_a_worker_brings_the_files_of_links(
    service: Served, client: httpx.Client, target: str, colour: str, tmp_path: Path
) -> None:
    table = sent(client, "warm.cube", WARM.encode())
    chain = [
        {"processor": "tint", "tint_picture": colour, "region": [0, 0, 0.5, 1], "feather": 0},
        {"processor": "stylizer", "stylizer_look": "lut", "stylizer_lut": table},
    ]
    order = {"target": target, "output": "r.png", "options": {"chain": chain}}
    with working(service, tmp_path):
        made = client.post("/v1/jobs", json=order).json()
        asked = made["request"]["options"]
        assert asked["chain"] == chain and asked["processors"] == ["tint", "stylizer"]
        address = f"/v1/jobs/{made['id']}"
        until(lambda: ((found := client.get(address).json())["state"] in {"succeeded", "failed"} and found) or None)
    result = pixels(client.get(f"{address}/result", follow_redirects=True).content).astype(float)
    wanted = np.array([0.1, 0, 0]) * 255 + np.array(COLOUR) * np.array([0.9, 0.9, 0.7])
    assert np.abs(result[250:300, 20:200].mean((0, 1)) - wanted).max() < 8
    assert np.abs(result[250:300, 300:].mean((0, 1)) - wanted).max() > 20


def test_files_of_this_machine_are_handed_in(service: Served, tmp_path: Path) -> None:
    save(tmp_path / "colour.png", np.full((64, 64, 3), COLOUR, np.uint8))
    storage = open_storage(str(tmp_path / "files"))
    for options in ways(str(tmp_path / "colour.png")):
        values = {**options, "target_path": str(ASTRONAUT), "output_path": "r.png"}
        request = HandingIn(storage, "acme").request(values)
        assert len(request.references()) == 2 and set(request.digests) == set(request.references())


def test_a_job_is_told_by_the_bytes_of_such_a_file(service: Served, tmp_path: Path) -> None:
    digests = []
    for name, red in (("one.png", 200), ("renamed.png", 200), ("other.png", 100)):
        path = tmp_path / name
        save(path, np.full((64, 64, 3), (red, 40, 90), np.uint8))
        for options in ways(str(path)):
            values = {"target_path": ASTRONAUT, "output_path": tmp_path / "r.png", **options}
            plan = make_plan(Options.parse(values), has_hooks=False)
            digests.append(Fingerprint.of(plan, has_hooks=False, place={}).digest)
    assert digests[:2] == digests[2:4] and len(set(digests)) == 4
