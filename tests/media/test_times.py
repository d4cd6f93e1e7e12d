"""Every frame keeps its time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from media_clips import lengths, make_clip, rewrite, times

NTSC = Fraction(1001, 30000)
VARIABLE = (0, 40, 80, 200, 240, 241, 900, 960, 1000, 2000, 2033, 2066)
MILLISECONDS = Fraction(1, 1000)


@pytest.mark.parametrize("target", ["out.mp4", "out.m4v", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source", ["in.mp4", "in.mov", "in.mkv", "in.avi", "in.ts"])
def test_every_frame_keeps_its_time_in_every_container(tmp_path: Path, source: str, target: str) -> None:
    clip = make_clip(tmp_path / source, sounds=["aac"])
    out = rewrite(clip, tmp_path / target)
    expected = periods(clip) if source == "in.avi" else times(clip)
    assert times(out) == expected
    assert lengths(out) == lengths(clip) == [Fraction(1, 25)] * 12


def periods(path: Path) -> list[Fraction]:
    """AVI files hold no times of frames: each packet stands for one frame period, in order."""
    with av.open(str(path)) as clip:
        return [p.dts * p.time_base for p in clip.demux(video=0) if p.size]


@pytest.mark.parametrize(
    ("pts", "time_base"),
    [
        (VARIABLE, MILLISECONDS),
        (range(100, 112), Fraction(1, 25)),
        (range(12), NTSC),
        ([7 + 3003 * n for n in range(12)], Fraction(1, 90000)),
        ([1_000_003 + 33_367 * n for n in range(12)], Fraction(1, 1_000_000)),
    ],
    ids=["variable rate", "starts at 4 s", "29.97", "odd ticks at 90 kHz", "microseconds from 1 s"],
)
def test_mp4_holds_any_clock_exactly(tmp_path: Path, pts: list[int], time_base: Fraction) -> None:
    clip = make_clip(
        tmp_path / "in.mp4",
        pts=pts,
        time_base=time_base,
        muxer={"video_track_timescale": str(time_base.denominator), "movie_timescale": str(time_base.denominator)},
    )
    assert times(clip) == [n * time_base for n in pts]
    out = rewrite(clip, tmp_path / "out.mp4")
    assert times(out) == times(clip)
    assert lengths(out)[:-1] == lengths(clip)[:-1]


def test_matroska_counts_milliseconds_so_times_are_within_half_of_one(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", time_base=NTSC)
    out = rewrite(clip, tmp_path / "out.mkv")
    assert all(abs(a - b) <= MILLISECONDS / 2 for a, b in zip(times(clip), times(out), strict=True))
