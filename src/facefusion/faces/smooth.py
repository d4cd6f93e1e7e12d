"""Smoothing of landmarks over time.

Source: Casiez et al., "1€ filter: a simple speed-based low-pass filter for noisy input in interactive systems", 2012.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.state import State

MIN_CUTOFF = 1.5
"""Cut-off in hertz for a face at rest: lower is steadier."""
SPEED_COEFFICIENT = 12.0
"""How fast the cut-off rises with speed (in face widths per second): higher lags less."""
_SPEED_CUTOFF = 3.0


class OneEuroFilter:
    """Smooths one face's mesh; each vertex has its own cut-off.

    Args:
        mesh: first observation, float32 (468, 3).
        time: its time in seconds.

    Attributes:
        value: the mesh as smoothed so far, float32 (468, 3).
    """

    def __init__(self, mesh: Points, time: float) -> None:
        self.value = mesh.astype(np.float32)
        self._speed = np.zeros_like(self.value)
        self._time = time

    def update(self, mesh: Points, time: float) -> Points:
        """Return the smoothed mesh.

        Args:
            mesh: the observation, float32 (468, 3).
            time: seconds; later than the last.
        """
        step = max(time - self._time, 1e-3)
        size = float(np.ptp(mesh[:, :2], axis=0).max()) or 1.0
        speed = (mesh - self.value) / step
        self._speed += _share(np.float32(_SPEED_CUTOFF), step) * (speed - self._speed)
        pace = np.linalg.norm(self._speed[:, :2], axis=1, keepdims=True) / size
        cutoff = MIN_CUTOFF + SPEED_COEFFICIENT * pace
        self.value = self.value + _share(cutoff, step) * (mesh - self.value)
        self._time = time
        return self.value

    def state(self) -> State:
        """Return what is remembered of the face; see `facefusion.state`."""
        return {"value": self.value.copy(), "speed": self._speed.copy(), "time": self._time}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.value, self._speed, self._time = state["value"].copy(), state["speed"].copy(), state["time"]


def _share(cutoff: npt.NDArray[np.float32] | np.float32, step: float) -> npt.NDArray[np.float32]:
    """Return the share of the new value in a first-order low-pass of the given cut-off in hertz."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * cutoff * step)), np.float32)
