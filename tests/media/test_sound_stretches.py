"""Sound that is changed in some stretches alone."""

import numpy as np
import pytest

from facefusion.media.sound.stretches import changed_within


def _sound(count=100):
    return np.repeat(np.arange(1, count + 1, dtype=np.float32)[:, None], 2, 1)


def _negative(pieces):
    for piece in pieces:
        yield -piece


def _within(stretches, *, change=_negative, parts=7):
    pieces = np.array_split(_sound(), parts)
    return np.concatenate(list(changed_within(pieces, stretches, change)))


@pytest.mark.parametrize("parts", [1, 7, 100])
def test_all_else_stays_as_it_was_and_where_it_was(parts):
    after = _within([(60, None), (10, 30), (25, 40)], parts=parts)
    expected = _sound()
    expected[10:40] *= -1
    expected[60:] *= -1
    np.testing.assert_array_equal(after, expected)


def test_a_stretch_behind_the_end_changes_nothing():
    np.testing.assert_array_equal(_within([(100, 200), (150, None)]), _sound())


@pytest.mark.parametrize("excess", [-5, 5])
def test_a_stretch_that_comes_out_longer_or_shorter_moves_nothing(excess):
    def longer(pieces):
        whole = np.concatenate(list(pieces))
        yield np.resize(-whole, (len(whole) + excess, 2))

    after = _within([(20, 50)], change=longer)
    assert len(after) == 100
    np.testing.assert_array_equal(after[50:], _sound()[50:])
    np.testing.assert_array_equal(after[20:45], -_sound()[20:45])
    assert (after[45:50] == 0).all() == (excess < 0)
