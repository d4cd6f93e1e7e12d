"""Frame rates as people write them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

# NTSC and what follows it (SMPTE ST 12-1): nobody types these fractions, and no device runs at 29.97 exactly.
_EXACT: Final = tuple(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120))
_MOST_PLACES = 6


def frame_rate(text: str) -> Fraction:
    """Return the frames a second that a text means, exactly.

    23.976, 29.97, 47.952, 59.94 and 119.88, with two or more places and rounded to them, mean 24000/1001, 30000/1001
    and so on.

    Args:
        text: `25`, `12.5`, `29.97` or `30000/1001`.
    """
    rate = Fraction(text)
    places = 0 if "/" in text else min(len(text.partition(".")[2].rstrip("0")), _MOST_PLACES)
    same = (exact for exact in _EXACT if places >= 2 and round(exact, places) == round(rate, places))
    return next(same, rate)
