"""Where segments meet in a clip of somebody who speaks, nobody can see it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.engine.segmented import plan_job, run_segment
from facefusion.engine.warm.parts import WarmParts
from facefusion.options import Options
from material import CAPTAIN, read_clip

SEAM, LEAD, FRAMES = 36, 18, 54
MOST_OFF = 4.0
"""Mean difference to the whole job where either edits, 0 to 255, behind the seam."""
MOST_STEP = 1.3
"""Change of the edit from frame to frame where segments meet, by that of the whole job."""


@pytest.mark.slow
def test_where_segments_meet_the_edit_changes_no_more_than_in_the_whole_job(quiet_place, assets):
    target = assets / "video" / "speaker_frontal_obama.mp4"
    values = {"target_path": target, "output_path": "whole.mkv", "source_paths": CAPTAIN, "trim_end": f"{FRAMES}f"}
    values |= {"output_video_encoder": "ffv1"}
    warm = WarmParts()
    run(Options.parse(values), warm=warm)
    options = Options.parse(values | {"output_path": "out.mkv"})
    plan = plan_job(options, segment_frames=SEAM, lead_frames=LEAD, warm=warm)
    made = [run_segment(options, plan, part.number, Path(f"{part.number}"), warm=warm) for part in plan.segments]
    assert [segment.frames for segment in made] == [SEAM, FRAMES - SEAM]
    before, whole = read_clip(target, FRAMES), read_clip(Path("whole.mkv"))
    apart = [frame for segment in made for frame in read_clip(segment.files[0])]
    assert all((one == other).all() for one, other in zip(whole[:24], apart[:24], strict=True))
    assert np.mean([off(*frames) for frames in zip(before[SEAM:], whole[SEAM:], apart[SEAM:], strict=True)]) < MOST_OFF
    steps = [[step(before, frames, index) for index in range(24, SEAM + 2)] for frames in (whole, apart)]
    assert max(mine / usual for usual, mine in zip(*steps, strict=True)) < MOST_STEP, steps


def edited(before, *frames):
    return np.logical_or.reduce([(np.abs(frame.astype(int) - before) > 1).any(axis=2) for frame in frames])


def off(before, whole, apart):
    return np.abs(whole.astype(int) - apart)[edited(before, whole, apart)].mean()


def step(before, frames, index):
    """By how much the edit of a frame differs from that of the one before it."""
    where = edited(before[index], frames[index]) & edited(before[index - 1], frames[index - 1])
    changes = [frames[place].astype(int) - before[place] for place in (index - 1, index)]
    return np.abs(changes[1] - changes[0])[where].mean()
