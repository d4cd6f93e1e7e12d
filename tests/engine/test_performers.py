"""Whoever performs, and whoever is made to move: who is asked for, looked at and told of."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.cli.main import main
from facefusion.engine.doors import admission
from facefusion.engine.doors.performances import performances
from facefusion.engine.run import run
from facefusion.errors import ContentRefusedError, FaceBlockedError, NoFaceError, SeveralFacesError
from facefusion.options import Options
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.content import ContentCheck
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home, usual_home
from facefusion.trust.keys import KeyRing
from generated.builder import Shelf
from generated.content import content_sessions, put_detector, told_detector
from material import ASTRONAUT, CAPTAIN, read_clip, save, write_clip

PORTRAIT = {"processors": ["portrait_animator"], "source_paths": CAPTAIN, "portrait_animator_size": 192}
MESH = {"processors": ["expression_restorer"], "expression_restorer_model": "mesh"}

pytestmark = pytest.mark.usefixtures("kept_warm")


@pytest.fixture
def options(moving_portrait, quiet_place):
    def make(**values):
        return Options.parse({"target_path": moving_portrait, "output_path": "out.mp4"} | values)

    return make


@pytest.fixture
def still(tmp_path, captain):
    """A clip in which nothing moves."""
    return write_clip(tmp_path / "still.mp4", [captain[60:380, 90:410]] * 10)


@pytest.fixture
def block(quiet_place, analyser):
    """Puts somebody on the list of faces that are not to be used."""

    def put(image, face):
        ring = KeyRing.open(trust_home(None))
        lists = FaceLists(open_database(usual_home() / "trust.db"), ring.derived, "default")
        [known] = analyser.embed(image, [face])
        lists.add("block", [known.embedding], basis="asked for it")

    return put


@pytest.fixture
def told(tmp_path, monkeypatch):
    """All jobs have a content check that refuses what is red."""
    (tmp_path / "told").mkdir()
    shelf = Shelf(tmp_path / "told")
    put_detector(shelf, told_detector(("FEMALE_GENITALIA_EXPOSED", 0.9, 160, 160, 100, 100)))
    check = ContentCheck.create(content_sessions(shelf))
    monkeypatch.setattr(admission.ContentCheck, "create", lambda sessions, **kind: check)


def test_whoever_is_on_the_list_neither_performs_nor_moves(options, block, astronaut, astronaut_face, still):
    block(astronaut, astronaut_face)
    with pytest.raises(FaceBlockedError, match="target at"):
        run(options(**PORTRAIT))
    with pytest.raises(FaceBlockedError, match="source"):
        run(options(**PORTRAIT | {"source_paths": ASTRONAUT}, target_path=still))
    with pytest.raises(FaceBlockedError, match=r"performance at 0\.0 s"):
        run(options(**MESH, target_path=still, expression_restorer_driving=options().target_path))
    assert not Path("out.mp4").exists()


def test_a_performance_that_is_explicit_is_refused_before_any_frame(options, told, still, tmp_path, moving_portrait):
    red = np.full((192, 192, 3), (255, 0, 0), np.uint8)
    turning = write_clip(tmp_path / "turning.mp4", [*read_clip(moving_portrait), *[red] * 20])
    longer = write_clip(tmp_path / "longer.mp4", read_clip(still) * 5)
    with pytest.raises(ContentRefusedError, match=r"The performance at 1\.\d s shows explicit"):
        run(options(**MESH, target_path=longer, expression_restorer_driving=turning))
    assert not Path("out.mp4").exists()
    grey = write_clip(tmp_path / "grey.mp4", [np.full((96, 96, 3), 90, np.uint8)] * 10)
    with pytest.raises(NoFaceError):  # as far as it plays beside this one, nothing is red
        run(options(**MESH, target_path=grey, expression_restorer_driving=turning))


def test_performances_are_those_of_all_links_that_are_used():
    base = {"processors": ["expression_restorer"], "expression_restorer_driving": "a.mp4"}
    assert performances(Options.parse(base)) == [Path("a.mp4")]
    assert performances(Options.parse(base | {"processors": ["face_editor"]})) == []
    linked = {"processor": "expression_restorer", "options": {"expression_restorer_driving": "b.mp4"}}
    assert Path("b.mp4") in performances(Options.parse({"chain": [linked]}))


def test_a_portrait_needs_one_face_and_says_so(options, tmp_path, captain):
    two = save(tmp_path / "two.png", np.concatenate([captain, captain], axis=1))
    with pytest.raises(SeveralFacesError, match="2 faces were found"):
        run(options(**PORTRAIT | {"source_paths": two}))
    blank = save(tmp_path / "blank.png", np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(NoFaceError, match="blank"):
        run(options(**PORTRAIT | {"source_paths": blank}))
    nobody = write_clip(tmp_path / "nobody.mp4", [np.full((96, 96, 3), 128, np.uint8)] * 6)
    with pytest.raises(NoFaceError):
        run(options(**PORTRAIT, target_path=nobody))
    assert run(options(**PORTRAIT | {"source_paths": two}, source_face_position=1, trim_end="3f")).frames == 3


def test_of_several_performers_the_largest_counts(options, tmp_path, moving_portrait, captain):
    """Somebody smaller beside them, who does nothing, changes nothing."""
    alone = read_clip(moving_portrait)[:6]
    small = cv2.copyMakeBorder(cv2.resize(captain[60:380, 90:410], (96, 96)), 48, 48, 0, 0, cv2.BORDER_REPLICATE)
    clips = [
        write_clip(tmp_path / "one.mp4", alone),
        write_clip(tmp_path / "two.mp4", [np.hstack([image, small]) for image in alone]),
    ]
    shown = []
    for clip in clips:
        run(options(**PORTRAIT, target_path=clip, output_path="out.mkv", output_video_encoder="ffv1", overwrite=True))
        shown.append(read_clip(Path("out.mkv")))
    assert all(np.abs(one.astype(int) - other).mean() < 0.5 for one, other in zip(*shown, strict=True))


def test_the_person_of_the_portrait_is_asked_for_and_not_the_performer(
    quiet_place, moving_portrait, monkeypatch, capsys
):
    monkeypatch.setenv("FACEFUSION_POLICY", "eu")
    consent = ("--granted-by", "her", "--processors", "portrait_animator")
    job = ("--processors", "portrait_animator", "--source", str(CAPTAIN), "--target", str(moving_portrait))
    more = ("--portrait-animator-size", "256", "--output", "out.mp4", "--acknowledge")
    assert main([*job, *more]) == 62
    assert main(["consent", "add", str(ASTRONAUT), *consent]) == 0
    assert main([*job, *more]) == 62, "the performer's consent is not the portrait's"
    assert "source" in capsys.readouterr().err and not Path("out.mp4").exists()
    assert main(["consent", "add", str(CAPTAIN), *consent]) == 0
    assert main([*job, *more]) == 0
    capsys.readouterr()
    assert main(["verify", "out.mp4", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["files"]
    held = {each["layer"] for each in found["layers"] if each["state"] == "holds"}
    assert held >= {"provenance", "metadata", "watermark"}
    seen = read_clip(Path("out.mp4"))
    assert len(seen) == len(read_clip(moving_portrait))
    shown = np.abs(seen[0].astype(int) - seen[-1])  # the label is in the picture at the start
    assert shown[:40].max() > 0
