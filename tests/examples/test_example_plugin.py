"""The example package, installed as pip installs it, and used from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.testing import check_detector, check_processor
from material import ASTRONAUT, write_clip

PLUG_IN = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Where the package is installed, built from its own pyproject.toml."""
    folder = tmp_path_factory.mktemp("site")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    command = [sys.executable, "-m", "pip", "install", *quiet, "--target", str(folder), str(PLUG_IN)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
def facefusion(site, quiet_place):
    """Type a command line in a process of its own, with the package installed."""
    places = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "FACEFUSION_MODELS_DIR": str(quiet_place / "w")}

    def run(*words, module="facefusion"):
        command = [sys.executable, *(("-m", module) if module else ()), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def modules(site, monkeypatch):
    """Import what is installed."""
    monkeypatch.syspath_prepend(str(site))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "facefusion_example"]:
        del sys.modules[name]


def test_its_processor_is_listed_with_its_options(facefusion):
    out = facefusion("processors")
    assert "face_pixelator (from facefusion-example): can run now, needs no weights" in out
    assert "  face_pixelator.squares=8, 2 to 32: squares across a face" in out


def test_its_detector_is_listed_until_its_weights_are_here(facefusion):
    listed = facefusion("models", "list", "face_detector")
    assert "listed_example" in listed
    assert "put listed_example.onnx into the folder" in listed


@pytest.mark.slow
def test_the_walk_through_of_its_readme(facefusion, quiet_place, analyser, astronaut):
    facefusion(PLUG_IN / "make_detector.py", quiet_place / "w", module=None)
    facefusion("models", "verify", "listed_example", "--trust")
    tasks = json.loads(facefusion("models", "list", "face_detector", "--json"))["tasks"]
    states = {model["name"]: model["state"] for model in tasks[0]["models"]}
    assert states["listed_example"] == "ready"
    own = ("--processors", "face_pixelator", "--processor-options", "face_pixelator.squares=6")
    facefusion(*own, "--face-detector-model", "listed_example", "-t", ASTRONAUT, "-o", "hidden.png")
    hidden = np.asarray(Image.open("hidden.png").convert("RGB"))
    [face] = analyser.find(astronaut)
    left, top, right, bottom = face.box.astype(int)
    assert len(np.unique(hidden[top:bottom, left:right].reshape(-1, 3), axis=0)) < 100
    assert np.abs(hidden[top:bottom, left:right].astype(int) - astronaut[top:bottom, left:right]).mean() > 10
    assert (hidden[300:] == astronaut[300:]).all()
    assert analyser.find(hidden) == []
    clip = write_clip(quiet_place / "clip.mp4", [astronaut[:320, 60:380]] * 6)
    assert facefusion(*own, "-t", clip, "-o", "hidden.mp4", "--video-chunk-size", "3") == "hidden.mp4\n"


@pytest.mark.usefixtures("modules")
def test_its_processor_keeps_the_rules(analyser: FaceAnalyser, astronaut, captain, captain_face):
    from facefusion_example.pixelator import SPEC

    [face] = analyser.find(astronaut)
    faces = [(astronaut, face), (captain, captain_face), (astronaut[:, ::-1].copy(), face)]
    batch = [FaceFrame(Frame(n, n, 1, Fraction(1, 25), image), (each,)) for n, (image, each) in enumerate(faces)]
    check_processor(lambda: SPEC.create(ProcessorContext(Options(), (), None)), batch)


@pytest.mark.usefixtures("modules")
def test_its_detector_keeps_the_rules(quiet_place, captain, monkeypatch):
    import onnx
    from facefusion_example.listed_faces import FAMILY

    from facefusion.inference.catalogue import ModelCard
    from facefusion.inference.family import Model
    from facefusion.inference.session import Session

    monkeypatch.syspath_prepend(str(PLUG_IN))
    from make_detector import make_detector

    onnx.save(make_detector(), "listed.onnx")
    settings = FAMILY.settings(size=192, paddings=(0.0, 0.3))
    session = Session(lambda: Path("listed.onnx"), contract=FAMILY.contract(settings))
    fields = {"name": "listed", "task": "face_detector", "family": "listed_faces", "file": "listed.onnx"}
    card = ModelCard(**fields, licence="Apache-2.0", commercial=True)
    check_detector(FAMILY.create(Model(card, settings, session, {})).detector(score=0.5), captain)


def test_a_detector_that_breaks_a_rule_is_told(captain):
    class Blind:
        side = 128

        def detect(self, images):
            return [[] for _ in images]

    with pytest.raises(AssertionError, match="0 faces were found where there is one"):
        check_detector(Blind(), captain)


def test_a_processor_that_breaks_a_rule_is_told():
    class Careless:
        def process(self, batch):
            for item in batch:
                item.frame.image[:] = 0
            return list(batch)

    grey = np.full((40, 40, 3), 128, np.uint8)
    batch = [FaceFrame(Frame(n, n, 1, Fraction(1, 25), grey.copy()), ()) for n in range(2)]
    with pytest.raises(AssertionError, match="frame 0: the pixels that came in were changed"):
        check_processor(Careless, batch)
