"""Whole jobs with the expression restorer and the face editor, on clips and pictures, broken off and gone on with."""

from __future__ import annotations

import shutil
import sys
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from facefusion.engine.plan import make_plan
from facefusion.engine.run import run
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import OptionsError, OutputIsInputError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.families import Families
from facefusion.inference.store import ModelStore
from facefusion.inference.store.own import trust_model
from facefusion.options import LimitOptions, Options
from facefusion.processors.expression_restorer.driving import DrivingClip, ExpressionLook
from generated import live_portrait as generated
from generated.builder import Shelf
from material import ASTRONAUT, CAPTAIN, read, read_clip, save, write_clip

FRAMES, LENGTH = 20, 6


class BrokenOffError(Exception):
    """The job ends here."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of the user's own with generated networks in the public files' places, which the user trusts."""
    shelf, folder = Shelf(tmp_path_factory.mktemp("weights")), tmp_path_factory.mktemp("models")
    public = Catalogue.known()
    for card in generated.put_editor(shelf).cards:
        shutil.copy(shelf.folder / card.file, folder / public[card.name].file)
        trust_model(public[card.name], ModelStore(own=folder), Families())
    return folder


@pytest.fixture
def driving(tmp_path, captain):
    """A clip of 12 frames at 15 a second: shorter than the target, and out of step with it."""
    views = [captain[60 + step : 380 + step, 90 + 2 * step : 410 + 2 * step] for step in range(12)]
    return write_clip(tmp_path / "driving.mp4", views, rate=15)


@pytest.fixture
def options(models, moving_portrait, quiet_place):
    def make(**values):
        basics = {"target_path": moving_portrait, "output_path": "out.mkv", "video_chunk_size": LENGTH}
        return Options.parse(basics | {"models_dir": models, "output_video_encoder": "ffv1"} | values)

    return make


def changed(before, after):
    return np.array([(one != other).any(axis=2).mean() for one, other in zip(before, after, strict=True)])


def test_expressions_of_a_swapped_clip_are_restored(options, quiet_place, moving_portrait):
    run(options(source_paths=CAPTAIN, output_path="swapped.mkv"))
    swapped = read_clip(quiet_place / "swapped.mkv")
    done = run(options(source_paths=CAPTAIN, processors=["face_swapper", "expression_restorer"]))
    assert done.frames == done.faces == FRAMES
    shares = changed(swapped, read_clip(quiet_place / "out.mkv"))
    assert 0.1 < shares.min() <= shares.max() < 0.9


def test_expressions_are_taken_from_a_clip(options, quiet_place, driving, moving_portrait):
    run(options(processors=["expression_restorer"], expression_restorer_driving=driving))
    frames = read_clip(quiet_place / "out.mkv")
    assert changed(read_clip(moving_portrait), frames).min() > 0.1


def test_a_driven_job_that_was_broken_off_comes_out_the_same(options, quiet_place, driving):
    values = {"processors": ["expression_restorer"], "expression_restorer_driving": driving}
    run(options(**values, output_path="whole.mkv"))

    def listen(progress):
        if progress.done >= 14:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        run(options(**values), progress=listen)
    done = run(options(**values, resume=True))
    assert done.frames == FRAMES
    assert "An earlier run finished 12 frames; this one goes on after them" in done.notes
    assert (quiet_place / "out.mkv").read_bytes() == (quiet_place / "whole.mkv").read_bytes()


def test_in_segments_the_driving_clip_plays_from_the_first_frame_of_the_video(options, quiet_place, driving):
    values = {"processors": ["expression_restorer"], "expression_restorer_driving": driving}
    run(options(**values, output_path="whole.mkv"))
    warm = WarmParts()
    plan = plan_job(options(**values), segment_frames=8, lead_frames=4, warm=warm)
    folders = [quiet_place / f"{part.number}" for part in plan.segments]
    for part in reversed(plan.segments):
        run_segment(options(**values), plan, part.number, folders[part.number], warm=warm)
    merge_segments(options(**values), plan, folders, warm=warm)
    whole, merged = (read_clip(quiet_place / name) for name in ("whole.mkv", "out.mkv"))
    off = [np.abs(one.astype(int) - other).mean() for one, other in zip(whole, merged, strict=True)]
    late = [np.abs(one.astype(int) - other).mean() for one, other in zip(whole[8:], whole[1:], strict=False)]
    assert max(off) < 0.5 < min(late), "frames are those of the whole job, which differ from one another"


@pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux")
def test_a_driving_clip_that_is_decoded_apart_gives_the_same(options, quiet_place, driving):
    values = {"processors": ["expression_restorer"], "expression_restorer_driving": driving, "trim_end": "7f"}
    run(options(**values))
    run(options(**values, output_path="apart.mkv", isolate=True))
    assert (quiet_place / "apart.mkv").read_bytes() == (quiet_place / "out.mkv").read_bytes()


def test_another_driving_clip_makes_another_job(options, driving, tmp_path, captain):
    values = {"processors": ["expression_restorer"]}

    def digest(**more):
        return Fingerprint.of(make_plan(options(**values, **more), has_hooks=False), has_hooks=False, place={}).digest

    other = write_clip(tmp_path / "other.mp4", [captain[60:380, 90:410]] * 3)
    renamed = tmp_path / "renamed.mp4"
    renamed.write_bytes(driving.read_bytes())
    one = digest(expression_restorer_driving=driving)
    assert digest(expression_restorer_driving=renamed) == one
    assert digest(expression_restorer_driving=other) != one
    assert digest() != one


def test_the_driving_clip_is_never_written_over(options, driving):
    with pytest.raises(OutputIsInputError):
        run(
            options(
                processors=["expression_restorer"],
                expression_restorer_driving=driving,
                output_path=driving,
                overwrite=True,
                output_video_encoder="libx264",
            )
        )


def test_a_picture_takes_the_expression_of_another(options, quiet_place):
    values = {"target_path": CAPTAIN, "output_path": "out.png", "output_video_encoder": "auto"}
    run(options(processors=["expression_restorer"], expression_restorer_driving=ASTRONAUT, **values))
    assert 0.01 < changed([read(CAPTAIN)], [read(quiet_place / "out.png")])[0] < 0.5


def test_alone_it_has_nothing_to_restore(options):
    with pytest.raises(OptionsError, match="is the first processor"):
        run(options(processors=["expression_restorer"]))


def test_faces_of_a_clip_are_edited(options, quiet_place, moving_portrait):
    run(options(processors=["face_editor"], face_editor_mouth_smile=1, face_editor_eye_open_ratio=-1))
    assert changed(read_clip(moving_portrait), read_clip(quiet_place / "out.mkv")).min() > 0.1


def test_with_sliders_at_0_a_clip_stays_as_it_is(options, quiet_place, moving_portrait):
    run(options(processors=["face_editor"]))
    assert changed(read_clip(moving_portrait), read_clip(quiet_place / "out.mkv")).max() == 0


def test_several_faces_of_a_picture_are_edited(options, quiet_place, astronaut, captain):
    both = np.concatenate([astronaut[30:222, 120:312], captain[60:380, 90:410][:192, 60:252]], axis=1)
    target = save(quiet_place / "both.png", both)
    values = {"target_path": target, "output_path": "out.png", "output_video_encoder": "auto"}
    done = run(options(processors=["face_editor"], face_editor_head_yaw=0.5, **values))
    assert done.faces == 2


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["relative", "absolute"])
def test_a_talking_head_drives_two_people(options, quiet_place, assets, mode):
    target = assets / "video" / "two_people_head_motion.mp4"
    values = {
        "target_path": target,
        "trim_end": "8f",
        "expression_restorer_driving": assets / "talk" / "talk-d0.mp4",
        "expression_restorer_driving_mode": mode,
    }
    done = run(options(processors=["expression_restorer"], **values))
    assert done.faces == 2 * done.frames == 16
    shares = changed(read_clip(target, 8), read_clip(quiet_place / "out.mkv"))
    assert 0.02 < shares.min() <= shares.max() < 0.6


@pytest.mark.slow
def test_a_talking_head_is_followed_from_its_first_frame_to_its_last(assets, analyser, tmp_path):
    """Its expression changes in every frame: no face is ever missed."""
    animator = generated.put_restorer(Shelf(tmp_path)).sessions().load("live_portrait", "expression_restorer")
    driving = DrivingClip(assets / "talk" / "talk-d20.mp4", LimitOptions(), analyser, ExpressionLook(animator))
    expressions = [driving.at(place * Fraction(1, 10)).expression for place in range(30)]
    driving.close()
    moves = [np.abs(after - before).max() for before, after in pairwise(expressions)]
    assert min(moves) > 0
