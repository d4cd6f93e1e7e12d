"""How one segment goes over into the next."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from facefusion.engine.segmented.fade import FADE_FRAMES, Fade
from facefusion.media.frame import Frame

END = 100


def frame(index, shade, **values):
    image = np.full((8, 12, 3), 50, np.uint8)
    image[2:6, 3:9] = shade
    return Frame(index, index, 1, Fraction(1, 25), image, **values)


def faded(ours, theirs, **values):
    """Frames of a segment, edited in one way, that go over into those edited in another."""
    fade = Fade(END)
    fade.keep([frame(index, theirs, **values) for index in range(END - 50, END)])
    return [fade.over(frame(index, ours, **values)) for index in range(END - 50, END)]


def test_the_last_frame_is_as_the_next_segment_edits_it_and_all_before_go_there_evenly():
    shades = [int(each.image[3, 4, 0]) for each in faded(100, 148)]
    assert shades[: 50 - FADE_FRAMES] == [100] * (50 - FADE_FRAMES)
    assert shades[50 - FADE_FRAMES :] == [100 + round(48 * step / FADE_FRAMES) for step in range(1, FADE_FRAMES + 1)]


def test_what_neither_edits_stays_bit_for_bit():
    for each in faded(100, 250):
        rest = each.image.copy()
        rest[2:6, 3:9] = 50
        assert (rest == 50).all()


def test_where_both_are_the_same_nothing_is_done():
    fade, ours = Fade(END), frame(END - 1, 90)
    fade.keep([frame(END - 1, 90)])
    assert fade.over(ours) is ours


def test_without_a_lead_of_the_next_segment_nothing_is_done():
    ours = frame(END - 1, 90)
    assert Fade(END).over(ours) is ours


@pytest.mark.parametrize("index", [END - FADE_FRAMES - 1, END])
def test_frames_that_are_not_among_the_last_are_not_kept(index):
    fade, ours = Fade(END), frame(index, 90)
    fade.keep([frame(index, 200)])
    assert fade.over(ours) is ours


def test_opacity_goes_over_too():
    fade = Fade(END)
    first, last = END - FADE_FRAMES // 2 - 1, END - 1
    for index in (first, last):
        fade.keep([frame(index, 90, opacity=np.full((8, 12), 200, np.uint8))])
    clear = np.zeros((8, 12), np.uint8)
    assert int(fade.over(frame(first, 90, opacity=clear)).opacity[0, 0]) == 100
    assert int(fade.over(frame(last, 90, opacity=clear)).opacity[0, 0]) == 200
    fade.keep([frame(last, 90, opacity=clear)])
    assert fade.over(replace(frame(last, 90), opacity=None)).opacity is clear


def test_where_both_edit_only_a_few_frames_it_goes_as_evenly_in_these():
    fade = Fade(END, 4)
    fade.keep([frame(index, 140) for index in range(END - 20, END)])
    shades = [int(fade.over(frame(index, 100)).image[3, 4, 0]) for index in range(END - 6, END)]
    assert shades == [100, 100, 110, 120, 130, 140]
