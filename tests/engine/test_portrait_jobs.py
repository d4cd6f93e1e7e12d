"""Whole jobs in which faces move as another does, without weights: portraits, and clips with the model mesh."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.engine.preview.preview import Preview
from facefusion.engine.run import run
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import OptionsError
from facefusion.inference.session import SessionFactory
from facefusion.options import Options
from facefusion.processors.base import ProcessorContext
from facefusion.processors.expression_restorer import SPEC
from material import ASTRONAUT, CAPTAIN, read_clip, write_clip

PORTRAIT = {"processors": ["portrait_animator"], "source_paths": CAPTAIN, "portrait_animator_size": 256}
MESH = {"processors": ["expression_restorer"], "expression_restorer_model": "mesh"}


class BrokenOffError(Exception):
    """The job ends here."""


@pytest.fixture
def options(moving_portrait, quiet_place):
    def make(**values):
        basics = {"target_path": moving_portrait, "output_path": "out.mkv", "output_video_encoder": "ffv1"}
        return Options.parse(basics | {"video_chunk_size": 6} | values)

    return make


@pytest.fixture
def still(tmp_path, captain):
    """A clip in which nothing moves."""
    return write_clip(tmp_path / "still.mp4", [captain[60:380, 90:410]] * 10)


def test_a_portrait_becomes_a_clip(options, quiet_place, moving_portrait):
    done = run(options(**PORTRAIT))
    frames = read_clip(quiet_place / "out.mkv")
    assert len(frames) == done.frames == len(read_clip(moving_portrait))
    assert max(frames[0].shape[:2]) == 256 != frames[0].shape[1] * 2
    assert max(np.abs(frame.astype(int) - frames[0]).max() for frame in frames) > 20


def test_a_portrait_job_that_was_broken_off_comes_out_the_same(options, quiet_place):
    run(options(**PORTRAIT, output_path="whole.mkv"))

    def listen(progress):
        if progress.done >= 14:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        run(options(**PORTRAIT), progress=listen)
    run(options(**PORTRAIT, resume=True))
    assert (quiet_place / "out.mkv").read_bytes() == (quiet_place / "whole.mkv").read_bytes()


def test_a_portrait_in_segments_moves_as_it_does_in_one_piece(options, quiet_place):
    run(options(**PORTRAIT, output_path="whole.mkv"))
    warm = WarmParts()
    plan = plan_job(options(**PORTRAIT), segment_frames=8, lead_frames=4, warm=warm)
    folders = [quiet_place / f"{part.number}" for part in plan.segments]
    for part in reversed(plan.segments):
        run_segment(options(**PORTRAIT), plan, part.number, folders[part.number], warm=warm)
    merge_segments(options(**PORTRAIT), plan, folders, warm=warm)
    whole, merged = (read_clip(quiet_place / name) for name in ("whole.mkv", "out.mkv"))
    off = [np.abs(one.astype(int) - other).mean() for one, other in zip(whole, merged, strict=True)]
    assert max(off) < 0.7


def test_a_preview_shows_what_the_job_does(options, quiet_place):
    run(options(**PORTRAIT))
    with Preview(options(**PORTRAIT)) as preview:
        seen = preview.show(15, history=12, changes=True)
        preview.write(quiet_place / "both.png", preview.show(15, boxes=True, max_side=100), compare=True)
    frame = read_clip(quiet_place / "out.mkv")[15]
    assert seen.after.shape == seen.before.shape == frame.shape
    assert np.abs(seen.after.astype(int) - frame).mean() < 1.5


def test_another_processor_works_on_the_portraits_face(options, quiet_place):
    chained = {**PORTRAIT, "processors": ["portrait_animator", "face_swapper"], "source_paths": CAPTAIN}
    assert run(options(**chained)).frames == len(read_clip(quiet_place / "out.mkv"))


def test_a_clip_takes_the_expressions_of_another_without_weights(options, quiet_place, moving_portrait, still):
    done = run(options(**MESH, target_path=still, expression_restorer_driving=moving_portrait))
    before, frames = read_clip(still), read_clip(quiet_place / "out.mkv")
    assert done.frames == len(before)
    assert max(np.abs(frame.astype(int) - own).max() for frame, own in zip(frames, before, strict=True)) > 20


def test_a_driven_job_without_weights_that_was_broken_off_comes_out_the_same(options, quiet_place, moving_portrait):
    values = {**MESH, "expression_restorer_driving": moving_portrait}
    run(options(**values, output_path="whole.mkv"))

    def listen(progress):
        if progress.done >= 14:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        run(options(**values), progress=listen)
    run(options(**values, resume=True))
    assert (quiet_place / "out.mkv").read_bytes() == (quiet_place / "whole.mkv").read_bytes()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "takes expressions from a driving clip, and restores none"),
        ({"expression_restorer_driving": ASTRONAUT}, "is a picture, and the model mesh"),
        ({"expression_restorer_driving_mode": "absolute"}, "no more"),
    ],
)
def test_what_the_mesh_cannot_do_is_told(moving_portrait, values, words):
    driving = {"expression_restorer_driving": moving_portrait} if "expression_restorer_driving_mode" in values else {}
    named = {"processors": ["face_swapper", "expression_restorer"], "expression_restorer_model": "mesh"}
    options = Options.parse({**named, **driving, **values})
    with pytest.raises(OptionsError, match=words):
        SPEC.create(ProcessorContext(options, (), SessionFactory(("cpu",))))
