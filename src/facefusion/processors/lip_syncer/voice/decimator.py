"""From 48 to 16 kHz, piece by piece."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

_FACTOR: Final = 3
_TAPS: Final = 387
"""Odd, so that nothing is delayed by half a sample, and a multiple of the factor."""
_CUTOFF: Final = 7900 / 24000
"""Half is left of this frequency; what lies above 8.2 kHz is gone, what lies below 7.6 kHz is whole."""
_BETA: Final = 8.0

Sound = npt.NDArray[np.float32]
"""Mono sound, float32 (samples,)."""


class Decimator:
    """Makes of 48 kHz 16 kHz: sample k lies where sample 3k was. What lies above 8 kHz is taken out first.

    The filter is a sinc under Kaiser's window (Kaiser, "Nonrecursive digital filter design using the I0-sinh window
    function", 1974).
    """

    def __init__(self) -> None:
        self._held: Sound = np.zeros(_TAPS // 2, np.float32)

    def push(self, samples: Sound) -> Sound:
        """Return what can be said after the next samples."""
        held = np.concatenate([self._held, samples])
        count = max(0, (len(held) - _TAPS) // _FACTOR + 1)
        self._held = held[count * _FACTOR :].copy()
        if not count:
            return np.zeros(0, np.float32)
        used = held[: (count - 1) * _FACTOR + _TAPS]
        phases = [np.correlate(used[p::_FACTOR], _filter()[p::_FACTOR], "valid") for p in range(_FACTOR)]
        return np.asarray(np.sum(phases, axis=0), np.float32)

    def finish(self) -> Sound:
        """Return what is left."""
        return self.push(np.zeros(_TAPS // 2, np.float32))


@cache
def _filter() -> Sound:
    places = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc(places * _CUTOFF) * np.kaiser(_TAPS, _BETA)
    return np.asarray(taps / taps.sum(), np.float32)
