"""The image, run as it is in earnest: no network, no capability, a root that cannot be written, any user."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import until
from containers import IMAGE, WITHOUT, Engine, engine
from release.images import add_images
from release.locks import python_lock
from release.source import Source

import facefusion
from material import ASTRONAUT, CAPTAIN, read, read_clip, write_clip

pytestmark = [pytest.mark.slow, pytest.mark.skipif(engine() is None, reason=WITHOUT)]
USER = "1000:1000"
ROOT = Path(__file__).parents[2]
PACK = ROOT / "src" / "facefusion" / "inference" / "pack"


@pytest.fixture(scope="module")
def podman() -> Engine:
    found = engine()
    assert found is not None
    return found


@pytest.fixture
def mounted() -> Iterator[Path]:
    """Folders `input` and `output` that another user may use."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("input", "output"):
            (folder / part).mkdir()
        (folder / "output").chmod(0o777)
        yield folder


def test_flags_go_to_the_program_and_a_clip_comes_out(podman: Engine, mounted: Path) -> None:
    frame = read(CAPTAIN)
    write_clip(mounted / "input" / "b.mp4", [frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]] * 5)
    (mounted / "input" / "a.png").write_bytes(ASTRONAUT.read_bytes())
    for path in (mounted / "input").iterdir():
        path.chmod(0o644)
    volumes = ("-v", f"{mounted}/input:/app/input:ro", "-v", f"{mounted}/output:/app/output")
    done = podman.hardened(
        *("--user", USER, *volumes, "-e", "FACEFUSION_ACKNOWLEDGE=1", "--"),
        *("--source", "input/a.png", "--target", "input/b.mp4", "--output", "output/c.mp4"),
    )
    assert "output/c.mp4" in done.stdout
    before, after = read_clip(mounted / "input" / "b.mp4"), read_clip(mounted / "output" / "c.mp4")
    assert len(after) == len(before) == 5
    assert abs(before[2].astype(int) - after[2]).max() > 40


def test_subcommands_work_and_the_machine_is_fit(podman: Engine) -> None:
    assert podman.hardened("--", "--version").stdout.startswith("facefusion ")
    found = json.loads(podman.hardened("--user", USER, "--", "doctor", "--json").stdout)
    assert found["fit"]


ENTRY = """
name = "mine"
task = "face_detector"
family = "blazeface"
file = "mine.onnx"
licence = "Apache-2.0"
commercial = true
settings = { range = "short" }
"""


def test_weights_can_be_in_an_image(podman: Engine, tmp_path: Path) -> None:
    own, program = tmp_path / "own", [sys.executable, "-m", "facefusion", "models"]
    (tmp_path / "mine.toml").write_text(ENTRY)
    shutil.copy(PACK / "blazeface_short_range.onnx", tmp_path / "mine.onnx")
    context = tmp_path / "bundle"
    context.mkdir()
    for words in (["add", "mine.onnx", "--entry", "mine.toml"], ["export", "bundle/models.zip", "mine"]):
        subprocess.run([*program, *words, "--models-dir", str(own)], cwd=tmp_path, check=True, capture_output=True)
    file, image = ROOT / "deploy" / "images" / "offline.Dockerfile", "facefusion:offline-of-tests"
    options = ("--file", str(file), "--build-arg", f"IMAGE={IMAGE}", "--tag", image)
    podman("build", *podman.building, *options, str(context))
    try:
        done = podman.hardened("--user", USER, "--", "models", "list", "--json", image=image)
        models = [each for task in json.loads(done.stdout)["tasks"] for each in task["models"]]
        assert [each["path"] for each in models if each["name"] == "mine"] == ["/models/mine.onnx"]
    finally:
        podman("image", "rm", image, check=False)


@pytest.mark.parametrize("program", ["/bin/sh", "/bin/bash", "/usr/bin/apt-get", "/usr/bin/dpkg", "/usr/bin/perl"])
def test_there_is_no_shell_and_no_package_manager(program: str, podman: Engine) -> None:
    done = podman.hardened("--entrypoint", program, "--", check=False)
    assert done.returncode in (126, 127)


def test_nothing_but_its_own_places_can_be_written(podman: Engine) -> None:
    script = (
        "import os, json\n"
        "places = ['/', '/app', '/opt/facefusion', '/usr', '/models', '/app/state', '/app/output', '/app/input']\n"
        "print(json.dumps([os.getuid(), [place for place in places if os.access(place, os.W_OK)]]))"
    )
    python = ("--entrypoint", "/opt/facefusion/bin/python", "--")
    assert json.loads(podman.hardened(*python, "-c", script).stdout) == [10001, ["/app/state"]]


def test_the_service_says_that_it_is_well(podman: Engine) -> None:
    flags = ("--network", "none", "--read-only", "--cap-drop", "all", "-e", "FACEFUSION_ACKNOWLEDGE=1")
    name = podman("run", "--detach", *podman.running, *flags, IMAGE, "serve", "--port", "8080").stdout.strip()
    try:
        health = ("exec", name, "/opt/facefusion/bin/python", "-I", "/usr/lib/facefusion/health.py")
        until(lambda: podman(*health, check=False).returncode == 0, seconds=120, pause=0.5)
        script = (
            "from urllib.request import Request, urlopen\n"
            "asked = Request('http://127.0.0.1:8080/', headers={'Accept': 'text/html'})\n"
            "print(urlopen(asked).read().decode().lower())"
        )
        page = podman("exec", name, "/opt/facefusion/bin/python", "-c", script).stdout
        assert "<!doctype html" in page
        begun = time.monotonic()
        podman("stop", "--time", "30", name)
        assert time.monotonic() - begun < 25
        state = json.loads(podman("inspect", name).stdout)[0]["State"]
        assert state["ExitCode"] == 0
    finally:
        podman("rm", "--force", name, check=False)


def test_the_image_tells_what_is_in_it(podman: Engine) -> None:
    script = "import os; print(' '.join(sorted(os.listdir('/var/lib/dpkg/status.d'))))"
    listed = podman.hardened("--entrypoint", "/opt/facefusion/bin/python", "--", "-c", script).stdout.split()
    assert {"libc6", "tini", "ca-certificates"} <= set(listed)
    assert not {"bash", "dash", "apt", "dpkg", "coreutils", "perl-base"} & set(listed)
    [found] = json.loads(podman("image", "inspect", IMAGE).stdout)
    assert found["Config"]["User"] == "10001:10001"
    assert found["Config"]["Entrypoint"][:2] == ["/usr/bin/tini", "--"]


def test_it_goes_into_a_release_and_holds_what_is_locked(podman: Engine, tmp_path: Path) -> None:
    source = Source("0" * 40, 0, facefusion.__version__)
    add_images(tmp_path, source, [IMAGE], engine=podman.command)
    [archive, bom] = sorted(tmp_path.iterdir(), key=lambda path: path.suffix, reverse=True)
    told = json.loads(bom.read_text())
    assert podman.identifier() == told["metadata"]["component"]["bom-ref"]
    device = IMAGE.rpartition(":")[2]
    lock = ROOT / "requirements" / ("image.txt" if device == "cpu" else f"image-{device}.txt")
    locked = {package.name for package in python_lock(lock)}
    parts = {part["purl"].partition("/")[2].partition("@")[0]: part for part in told["components"]}
    assert {"numpy", "facefusion", "debian/libc6", "debian/tini"} <= set(parts)
    assert any(name.startswith("onnxruntime") for name in parts)
    assert {name for name in parts if not name.startswith("debian/")} - {"facefusion"} <= locked
    assert archive.stat().st_size > 100e6
