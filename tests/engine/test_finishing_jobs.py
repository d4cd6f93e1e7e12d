"""Whole jobs with the processors that need no weights: enhancers, colours of a reference, steadiness."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.errors import CancelledError, NoFaceError, OutputError
from facefusion.options import Options
from material import CAPTAIN, read_clip, save

CHAIN = ("face_swapper", "face_enhancer", "temporal_smoother", "colour_matcher", "frame_enhancer")


@pytest.fixture
def values(quiet_place, moving_portrait, captain):
    reference = save(quiet_place / "reference.png", (captain * (1.0, 0.9, 0.7)).astype(np.uint8))
    return {
        "source_paths": CAPTAIN,
        "target_path": moving_portrait,
        "output_path": "out.mkv",
        "processors": CHAIN,
        "colour_matcher_reference": reference,
        "output_video_encoder": "ffv1",
        "trim_end": "8f",
    }


def job(values, warm, **more):
    return run(Options.parse(values | {key: value for key, value in more.items() if value is not None}), warm=warm)


def test_all_of_them_follow_one_another_without_any_weights(values, warm):
    result = job(values, warm)
    frames = read_clip(Path("out.mkv"))
    assert (result.frames, result.faces) == (8, 8)
    assert frames[0].shape == (384, 384, 3)


def test_a_job_goes_on_where_it_was_interrupted(values, warm):
    job(values, warm, output_path="whole.mkv", video_chunk_size=3)
    parts, cancel = values | {"output_path": "parts.mkv", "video_chunk_size": 3}, threading.Event()
    with pytest.raises(CancelledError):
        run(Options.parse(parts), cancel=cancel, progress=lambda made: cancel.set() if made.done >= 4 else None)
    job(parts, warm, resume=True)
    both = zip(read_clip(Path("whole.mkv")), read_clip(Path("parts.mkv")), strict=True)
    assert all(np.array_equal(*pair) for pair in both)


def test_without_faces_to_spare_none_are_looked_for(values, warm, monkeypatch):
    monkeypatch.setattr("facefusion.engine.run.FaceAnalyser.create", None)  # would fail if it were called
    assert job(values, warm, processors=["colour_matcher", "temporal_smoother"]).frames == 8


def test_a_picture_without_a_face_has_none_to_spare(values, warm, quiet_place):
    sky = save(quiet_place / "sky.png", np.full((120, 160, 3), 140, np.uint8))
    picture = {"target_path": sky, "output_path": "out.png", "processors": ["colour_matcher"], "trim_end": None}
    asked = {key: value for key, value in (values | picture).items() if key not in {"trim_end", "output_video_encoder"}}
    assert job(asked, warm) is not None
    with pytest.raises(NoFaceError):
        job(asked, warm, colour_matcher_area="outside-faces", overwrite=True)


def test_the_reference_is_an_input_that_no_output_is_written_over(values, warm):
    reference = values["colour_matcher_reference"]
    with pytest.raises(OutputError):
        job(values, warm, thumbnail=reference, overwrite=True)
