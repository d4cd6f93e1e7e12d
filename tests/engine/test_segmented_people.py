"""Jobs in segments in which people are named: somebody who looks away where segments meet is who they were before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.engine.segmented import plan_job, run_segment
from facefusion.engine.segmented.approach import Approach
from facefusion.engine.warm.parts import WarmParts
from facefusion.options import Options
from material import ASTRONAUT, CAPTAIN, read_clip, save, write_clip

FRONT, TURNED = 8, 32
SEGMENT, LEAD = 24, 6


@pytest.fixture
def turning(assets, analyser, quiet_place):
    """Options for a clip of somebody who looks into the camera, turns and stays so; they are named by a portrait."""
    found = [(image, analyser.find(image)) for image in read_clip(assets / "video" / "head_turning_female.mp4")]
    seen = [(abs(faces[0].pose.yaw), image) for image, faces in found if faces]
    yaws = [yaw for yaw, _ in seen]
    front, side = int(np.argmin(yaws)), int(np.argmax(yaws))
    way = [image for _, image in seen[min(front, side) : max(front, side) + 1]]
    way = way if front < side else way[::-1]
    stays = [way[-1], way[-2]] * TURNED
    frames = ([way[0]] * FRONT + way[1:] + stays)[: SEGMENT + 12]
    return {
        "target_path": write_clip(quiet_place / "turning.mkv", frames, codec="ffv1"),
        "output_path": "whole.mkv",
        "output_video_encoder": "ffv1",
        "face_map": [(CAPTAIN, save(quiet_place / "who.png", way[0])), (CAPTAIN, ASTRONAUT)],
    }


@pytest.mark.slow
def test_who_looks_away_when_a_segment_begins_keeps_the_face_they_got_before(turning, quiet_place, monkeypatch):
    warm, backs = WarmParts(), []
    to = Approach.to.__func__

    def watched(cls, job, plan, part):
        way = to(cls, job, plan, part)
        backs.append(None if way.back is None else (part.number, way.back.index))
        return way

    monkeypatch.setattr(Approach, "to", classmethod(watched))
    run(Options.parse(turning), warm=warm)
    options = Options.parse(turning | {"output_path": "out.mkv"})
    plan = plan_job(options, segment_frames=SEGMENT, lead_frames=LEAD, warm=warm)
    made = [run_segment(options, plan, part.number, Path(f"{part.number}"), warm=warm) for part in plan.segments]
    before, whole = read_clip(turning["target_path"]), read_clip(Path("whole.mkv"))
    apart = [frame for segment in made for frame in read_clip(segment.files[0])]
    assert [is_edited(*pair) for pair in zip(before, whole, strict=True)] == [True] * len(before)
    assert [is_edited(*pair) for pair in zip(before, apart, strict=True)] == [True] * len(before)
    assert backs == [(1, 0), None, (1, 0)], "the first looks ahead to the second, which looks back to the first"


def is_edited(before, after):
    return bool((before != after).any())
