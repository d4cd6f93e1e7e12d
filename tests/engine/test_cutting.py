"""Where segments end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.engine.segments.cut import Cut, cut, describe
from facefusion.media.frame import Frame


def frames(first: int, last: int) -> list[Frame]:
    return [
        Frame(index, index * 40, 40, Fraction(1, 1000), np.full((4, 4, 3), index % 256, np.uint8))
        for index in range(first, last)
    ]


def ends(items: list[Frame | Cut]) -> list[Cut]:
    return [item for item in items if isinstance(item, Cut)]


@pytest.mark.parametrize("length", [1, 4, 5, 12, 50])
def test_segments_end_behind_their_last_frame_and_no_frame_is_lost(length):
    given = frames(0, 12)
    items = list(cut(given, segment_length=length))
    assert [item for item in items if isinstance(item, Frame)] == given
    before = [items[place - 1].index for place, item in enumerate(items) if isinstance(item, Cut)]
    assert before == [*range(length - 1, 11, length), 11]
    assert [end.number for end in ends(items)] == list(range(len(before)))
    assert [end.following for end in ends(items)[:-1]] == [describe(given[index + 1]) for index in before[:-1]]
    assert ends(items)[-1].following is None


def test_segments_are_counted_from_the_first_frame_of_the_job():
    whole = list(cut(frames(0, 12), segment_length=5))
    rest = list(cut(frames(5, 12), segment_length=5))
    assert ends(rest) == ends(whole)[1:]


def test_a_video_without_frames_has_no_segment():
    assert list(cut([], segment_length=5)) == []


def test_frames_are_told_apart_by_number_time_and_pixels():
    first, second = frames(0, 2)
    assert len({describe(first), describe(second), describe(first.with_image(second.image))}) == 3
