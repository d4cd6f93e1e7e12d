"""Whether a line lies on the picture or belongs to it.

What is scratched into film is as opaque all along, whatever it crosses, and the picture goes on alike on both of its
sides. An edge with a bright rim, a wire before several things or a fold of a curtain are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.processors.film_restorer.lines import STRIPS, Line, width_of_lines

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_WHITE, _BLACK = 240.0, 10.0
"""Levels of film without any layer, and of what lets no light through."""
_UNLIKE, _UNLIKE_THROUGH = 0.4, 0.8
"""How far the opacity of most strips is from the usual one at most, as a share of it.

A line that runs through the whole frame is hardly anything else than a scratch, so it may be more uneven.
"""
_APART: Final = 0.55
"""How far both sides are apart at most, as a share of how far the line stands out, in strips that tell of it."""
_TELL, _TELL_THROUGH, _LEAST_TELL = 0.5, 0.3, 4
"""Share of the strips that have to tell, the same of a line through the whole frame, and how many at least.

A scratch often runs along an edge for a while.
"""
_ROOM: Final = 12.0
"""Levels between the sides and the line's own colour below which nothing can be told of its opacity."""


def is_laid_on(moments: Sequence[tuple[Grey, Line]]) -> bool:
    """Whether a line is of one opacity wherever the picture is alike on both of its sides, and enough of it is.

    Args:
        moments: the line on frames that follow each other: the frame, uint8 (H, W), and where the line is on it. What
            moves behind a scratch makes it look uneven on one of them, hardly on all.
    """
    found = np.stack([_strips(grey, line) for grey, line in moments])
    told = found[:, ~np.isnan(found[:, :, 0]).all(0)]
    if not told.shape[1]:
        return False
    opacity, rise, apart = np.nanmedian(told, axis=0).T
    clear = opacity[apart < _APART * rise]
    line = moments[0][1]
    is_through = line.first == 0 and line.last == STRIPS - 1
    if len(clear) < max(_LEAST_TELL, (_TELL_THROUGH if is_through else _TELL) * len(opacity)):
        return False
    usual = float(np.median(clear))
    uneven = float(np.median(np.abs(clear - usual)))
    most = _UNLIKE_THROUGH if is_through else _UNLIKE
    return usual > 0 and uneven < most * usual


def _strips(grey: Grey, line: Line) -> Floats:
    """Return `_strip` of each strip, float32 (STRIPS, 3); not a number where the line is not or nothing can be told."""
    told = np.full((STRIPS, 3), np.nan, np.float32)
    for strip in range(line.first, line.last + 1):
        found = _strip(grey, line, strip)
        if found is not None:
            told[strip] = found
    return told


def _strip(grey: Grey, line: Line, strip: int) -> tuple[float, float, float] | None:
    """Return how opaque the line is in a strip, how far it stands out, and how far its sides are apart.

    Opacity is that of all pixels across together, which does not depend on how the line lies between them.
    """
    height = grey.shape[0]
    reach, place = width_of_lines(height) + 3, round(float(line.places[strip]))
    rows = slice(strip * height // STRIPS, (strip + 1) * height // STRIPS)
    profile = np.median(grey[rows, max(0, place - reach) : place + reach + 1], 0)
    middle = min(reach, place)
    if len(profile) < middle + 3:
        return None
    sides = float(np.median(profile[:3])), float(np.median(profile[-3:]))
    base, near = sum(sides) / 2, slice(max(0, middle - 2), middle + 3)
    rises = np.maximum((profile - np.linspace(*sides, len(profile)))[near] * line.sign, 0)
    room = _WHITE - base if line.sign > 0 else base - _BLACK
    return None if room < _ROOM else (float(rises.sum()) / room, float(rises.max()), abs(sides[0] - sides[1]))
