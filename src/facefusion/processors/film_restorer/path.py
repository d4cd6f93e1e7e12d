"""The path of the camera without the tremor on it: where each frame would lie in a steady film.

Three straight lines are laid through the places of the frames around: one level and long, one sloping and long, one
sloping and short. Each bends less than the next and is steadier. The steadiest counts, as far as it does not contradict
the next by more than the tremor can explain (after Lepski, 1991): a camera at rest is held still, a pan goes on evenly,
and where the camera starts or stops, the short line follows it. Of film in a gate, two short curves and the path itself
come after these, so that a camera that sways is left to sway.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

PAST: Final = 60
"""Frames before the one that is placed whose places count."""
_TREMBLES: Final = 6.0
"""Standard deviations by which lines differ that contradict each other half, if tremor were new in each frame; as it is
not, some of it looks like motion."""
_TREMBLES_FINE: Final = 9.0
"""The same where tremor is told from high differences, which show less of it when it goes on over some frames."""
_FOLLOWS: Final = (6.0, 6.0, 5.0)
"""The same of the lines that follow a camera which moves: a short curve, a very short one, and the path itself."""
_CURVE: Final = 1.5
"""Standard deviation, in frames, of the weights of the very short curve."""
_ORDER: Final = 4
"""Order of the differences that tell gate weave from the sway of a camera."""
_SHARP: Final = 4
"""Exponent by which agreement falls: the higher, the more of an either-or."""


@dataclass(frozen=True, slots=True)
class Calm:
    """How calm a path is to be.

    Attributes:
        long: standard deviation, in frames, of the weights of the long lines.
        short: that of the short one.
        least: tremor, in the unit of the values, that is taken for granted: what measuring them is wrong by.
        follows: whether the path goes along wherever a camera moves by more than the tremor explains.
    """

    long: float
    short: float
    least: float
    follows: bool = False


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
    lines = [_line(times, calm.long, 0), _line(times, calm.long, 1), _line(times, calm.short, 1)]
    strict = [_TREMBLES, _TREMBLES]
    if calm.follows:
        lines += [_line(times, calm.short, 2), _line(times, _CURVE, 2), (times == 0).astype(np.float64)]
        strict = [_TREMBLES_FINE, _TREMBLES_FINE, *_FOLLOWS]
    tremor = np.maximum(_tremor(path, _ORDER if calm.follows else 2), calm.least)
    found, agrees = lines[-1] @ path, np.ones(path.shape[1])
    for calmer, bent, most in zip(lines[-2::-1], lines[:0:-1], strict[::-1], strict=True):
        agrees = agrees * _agreement(calmer - bent, path, tremor * most)
        found = found + agrees * ((calmer - bent) @ path)
    return np.asarray(found, np.float64)


def _line(times: Values, spread: float, degree: int) -> Values:
    """Return what each place counts in the curve at time 0, found by weighted least squares, float64 (frames,)."""
    weights = np.exp(-0.5 * (times / spread) ** 2)
    design = np.stack([times**power for power in range(degree + 1)])
    weighted = design * weights
    return np.asarray(np.linalg.pinv(weighted @ design.T)[0] @ weighted, np.float64)


def _tremor(path: Values, order: int) -> Values:
    """Return the standard deviation of what trembles from frame to frame, robustly, for each value.

    Args:
        path: places.
        order: of the differences that tell it; the higher, the less a camera that sways is in them.
    """
    order = order if len(path) > order + 2 else 2
    bends = np.diff(path, n=order, axis=0)
    usual = np.sqrt(sum(comb(order, index) ** 2 for index in range(order + 1)))
    return np.asarray(1.4826 * np.median(np.abs(bends), axis=0) / usual, np.float64)


def _agreement(difference: Values, path: Values, tremor: Values) -> Values:
    """Return how far two lines agree, 0 to 1, for each value; they differ by what the tremor gives each of them."""
    apart = np.abs(difference @ path)
    expected = tremor * np.sqrt((difference**2).sum()) + 1e-12
    return np.asarray(1 / (1 + (apart / expected) ** _SHARP), np.float64)
