"""The path of the camera without the tremor on it: where each frame would lie in a steady film.

Three straight lines are laid through the places of the frames around: one level and long, one sloping and long, one
sloping and short. Each bends less than the next and is steadier. The steadiest counts, as far as it does not contradict
the next by more than the tremor can explain (after Lepski, 1991): a camera at rest is held still, a pan goes on evenly,
and where the camera starts or stops, the short line follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

PAST: Final = 60
"""Frames before the one that is placed whose places count."""
_TREMBLES: Final = 6.0
"""Standard deviations by which lines differ that contradict each other half, if tremor were new in each frame; as it is
not, some of it looks like motion."""
_SHARP: Final = 4
"""Exponent by which agreement falls: the higher, the more of an either-or."""


@dataclass(frozen=True, slots=True)
class Calm:
    """How calm a path is to be.

    Attributes:
        long: standard deviation, in frames, of the weights of the long lines.
        short: that of the short one.
        least: tremor, in the unit of the values, that is taken for granted: what measuring them is wrong by.
    """

    long: float
    short: float
    least: float


def calmed(path: Values, at: int, calm: Calm) -> Values:
    """Return where a frame would be without tremor.

    Args:
        path: places of the frames of one shot in order, float64 (frames, values).
        at: which of them is meant.
        calm: how calm it is to be.
    """
    if len(path) < 3:
        return np.asarray(path[at].copy(), np.float64)
    times = np.arange(len(path), dtype=np.float64) - at
    level = _line(times, calm.long, slopes=False)
    sloping, short = _line(times, calm.long), _line(times, calm.short)
    tremor = np.maximum(_tremor(path), calm.least)
    long_agrees = _agreement(sloping - short, path, tremor)
    level_agrees = _agreement(level - sloping, path, tremor) * long_agrees
    found = short @ path + long_agrees * ((sloping - short) @ path)
    return np.asarray(found + level_agrees * ((level - sloping) @ path), np.float64)


def _line(times: Values, spread: float, *, slopes: bool = True) -> Values:
    """Return what each place counts in the line at time 0, found by weighted least squares, float64 (frames,)."""
    weights = np.exp(-0.5 * (times / spread) ** 2)
    design = np.stack([np.ones_like(times), times]) if slopes else np.ones((1, len(times)))
    weighted = design * weights
    return np.asarray(np.linalg.pinv(weighted @ design.T)[0] @ weighted, np.float64)


def _tremor(path: Values) -> Values:
    """Return the standard deviation of what trembles from frame to frame, robustly, for each value."""
    bends = np.diff(path, n=2, axis=0)
    return np.asarray(1.4826 * np.median(np.abs(bends), axis=0) / np.sqrt(6), np.float64)


def _agreement(difference: Values, path: Values, tremor: Values) -> Values:
    """Return how far two lines agree, 0 to 1, for each value; they differ by what the tremor gives each of them."""
    apart = np.abs(difference @ path)
    expected = tremor * np.sqrt((difference**2).sum()) * _TREMBLES + 1e-12
    return np.asarray(1 / (1 + (apart / expected) ** _SHARP), np.float64)
