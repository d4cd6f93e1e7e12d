"""Timecode: the clock that cameras and editors count frames by (SMPTE ST 12)."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")
_DAY = 24
_DROPPED_PER_30 = 2


def later(timecode: str, seconds: Fraction, rate: Fraction, *, new_rate: Fraction | None = None) -> str:
    """Return the timecode of a moment after the one whose timecode is given.

    Drop-frame timecode (`;`) leaves out numbers, not frames: the first two of each minute but every tenth, at 29.97
    frames a second; twice as many at 59.94.

    Args:
        timecode: `hh:mm:ss:ff`, with `;` before the frames for drop-frame.
        seconds: how much later.
        rate: frames a second that it counts.
        new_rate: frames a second that the result is to count, where that is another.

    Returns:
        The timecode, or an empty text where `timecode` is none.
    """
    match = _FORM.fullmatch(timecode)
    if match is None:
        return ""
    hours, minutes, whole, frames = (int(match[group]) for group in (1, 2, 3, 5))
    base = max(1, round(rate))
    dropped = _dropped(base) if match[4] != ":" else 0
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + whole) * base + frames - dropped * (total_minutes - total_minutes // 10)
    count += round(seconds * rate)
    new_base = max(1, round(new_rate or rate))
    if new_base != base:
        count, base, dropped = round(Fraction(count, base) * new_base), new_base, dropped and _dropped(new_base)
    return _written(count, base, dropped)


def _dropped(base: int) -> int:
    """Return how many numbers drop-frame timecode leaves out in a minute; none at rates that have no such timecode."""
    return base // 30 * _DROPPED_PER_30 if base % 30 == 0 else 0


def _written(count: int, base: int, dropped: int) -> str:
    """Write a count of frames as timecode."""
    if dropped:
        per_minute = 60 * base - dropped
        tens, rest = divmod(count, 10 * per_minute + dropped)
        count += dropped * (9 * tens + max(0, rest - dropped) // per_minute)
    whole, frames = divmod(count, base)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour % _DAY:02}:{minute:02}:{second:02}{';' if dropped else ':'}{frames:02}"
