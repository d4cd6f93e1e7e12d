"""Smooth curves that motions are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def smoothstep(low: float | Floats, high: float | Floats, x: float | Floats) -> Floats:
    """Rise from 0 at `low` to 1 at `high`, level at both ends."""
    u = np.clip((np.asarray(x) - low) / (np.asarray(high) - low), 0.0, 1.0)
    return np.asarray(u * u * (3 - 2 * u))


def plateau(u: float, ramp: float) -> float:
    """Rise from 0 to 1 within `ramp`, stay, and fall to 0 again; `u` runs from 0 to 1 over the whole."""
    return float(smoothstep(0.0, ramp, u) * smoothstep(0.0, ramp, 1 - u))


def drift(t: float, phases: Floats) -> float:
    """Wander slowly and without end between about -1 and 1; `phases` (3,) decide the way."""
    rates = np.array([0.23, 0.41, 0.67])
    weights = np.array([0.5, 0.3, 0.2])
    return float(np.sum(weights * np.sin(2 * np.pi * rates * t + phases)))
