"""Where segments end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.engine.segments.cut import cut, describe
from facefusion.media.frame import Frame


def frames(first: int, last: int) -> list[Frame]:
    return [
        Frame(index, index * 40, 40, Fraction(1, 1000), np.full((4, 4, 3), index % 256, np.uint8))
        for index in range(first, last)
    ]


@pytest.mark.parametrize("batch", [1, 3, 4, 100])
@pytest.mark.parametrize("length", [1, 4, 5, 12, 50])
def test_no_batch_reaches_over_the_end_of_a_segment_and_no_frame_is_lost(batch, length):
    given = frames(0, 12)
    parts = list(cut(given, batch_size=batch, segment_length=length))
    assert [frame.index for part, _ in parts for frame in part] == list(range(12))
    assert all(len(part) <= batch for part, _ in parts)
    ends = [(part[-1].index, end) for part, end in parts if end is not None]
    assert [index for index, _ in ends] == [*range(length - 1, 11, length), 11]
    assert [end.number for _, end in ends] == list(range(len(ends)))
    assert [end.following for _, end in ends[:-1]] == [describe(given[index + 1]) for index, _ in ends[:-1]]
    assert ends[-1][1].following is None


def test_segments_are_counted_from_the_first_frame_of_the_job():
    whole = list(cut(frames(0, 12), batch_size=4, segment_length=5))
    rest = list(cut(frames(5, 12), batch_size=4, segment_length=5))
    assert [end for _, end in rest if end] == [end for _, end in whole if end][1:]


def test_a_video_without_frames_has_no_segment():
    assert list(cut([], batch_size=4, segment_length=5)) == []


def test_frames_are_told_apart_by_number_time_and_pixels():
    first, second = frames(0, 2)
    assert len({describe(first), describe(second), describe(first.with_image(second.image))}) == 3
