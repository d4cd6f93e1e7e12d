"""Smoothing of landmarks over time.

The head's own movement, which all vertices share, is followed at once as soon as it is more than noise; what is left,
the play of the features, passes a filter whose cut-off rises with speed. Source of the latter: Casiez et al., "1€
filter: a simple speed-based low-pass filter for noisy input in interactive systems", 2012.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, bounding_box, canonical_vertices
from facefusion.faces.types import Points
from facefusion.state import State

MIN_CUTOFF = 1.5
"""Cut-off in hertz for a face at rest: lower is steadier."""
SPEED_COEFFICIENT = 12.0
"""How fast the cut-off rises with speed (in face widths per second): higher lags less."""
_HEAD_COEFFICIENT = 120.0
"""The same of the movement that all vertices share, which is known much better than that of one."""
_AT_REST = 0.03
"""Speed of the head, in face widths per second, that is but noise."""
_LID_COEFFICIENT = 60.0
"""The same of lids and lips: they are looked at from near, and a blink that lags shows."""
_LID_SPEED_CUTOFF = 9.0
_LID_REACH = 0.07
"""Distance from the rims of eyes and mouth within which that holds, in eye distances."""
_SPEED_CUTOFF, _HEAD_SPEED_CUTOFF = 3.0, 6.0


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
        self._head_speed = np.zeros_like(self.value)
        self._time = time

    def update(self, mesh: Points, time: float) -> Points:
        """Return the smoothed mesh.

        Args:
            mesh: the observation, float32 (468, 3).
            time: seconds; later than the last.
        """
        step = max(time - self._time, 1e-3)
        left, top, right, bottom = bounding_box(mesh)
        size = float(max(right - left, bottom - top)) or 1.0
        motion = carried(self.value, mesh) - self.value
        self._head_speed += _share(np.float32(_HEAD_SPEED_CUTOFF), step) * (motion / step - self._head_speed)
        pace = float(_paces(self._head_speed).mean()) / size
        head_cutoff = np.float32(MIN_CUTOFF + _HEAD_COEFFICIENT * max(pace - _AT_REST, 0.0))
        moved = self.value + _share(head_cutoff, step) * motion
        rest = mesh - self.value - motion
        speed_cutoff, coefficient = _agility()
        self._speed += _share(speed_cutoff, step) * (rest / step - self._speed)
        paces = _paces(self._speed)[:, None] / np.float32(size)
        self.value = moved + _share(MIN_CUTOFF + coefficient * paces, step) * rest
        self._time = time
        return self.value

    def state(self) -> State:
        """Return what is remembered of the face; see `facefusion.state`."""
        return {
            "value": self.value.copy(),
            "speed": self._speed.copy(),
            "head_speed": self._head_speed.copy(),
            "time": self._time,
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.value, self._speed = state["value"].copy(), state["speed"].copy()
        self._head_speed, self._time = state["head_speed"].copy(), state["time"]


def carried(mesh: Points, to: Points) -> Points:
    """Return a mesh moved, turned in the picture and scaled to lie on another as well as it can, float32 (468, 3)."""
    middles = mesh.mean(0), to.mean(0)
    a, b = mesh - middles[0], to - middles[1]
    x, y = a[:, 0], a[:, 1]
    spread = float((x * x + y * y).sum()) or 1.0
    along = float((x * b[:, 0] + y * b[:, 1]).sum()) / spread
    across = float((x * b[:, 1] - y * b[:, 0]).sum()) / spread
    plane = np.column_stack([along * x - across * y, across * x + along * y, np.hypot(along, across) * a[:, 2]])
    return np.asarray(plane + middles[1], np.float32)


def _paces(speeds: Points) -> npt.NDArray[np.float32]:
    """Return how fast vertices move in the picture, float32 (468,)."""
    return np.hypot(speeds[:, 0], speeds[:, 1])


@cache
def _agility() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the cut-off of each vertex's speed and how fast its own cut-off rises with that, float32 (468, 1) each."""
    points = canonical_vertices().astype(np.float64)
    rims = points[[*LEFT_EYE, *RIGHT_EYE, *INNER_LIPS, *OUTER_LIPS]]
    nearest = np.linalg.norm(points[:, None] - rims[None], axis=2).min(1)
    quick = np.clip(2 - nearest / _LID_REACH, 0, 1)[:, None].astype(np.float32)
    speed = _SPEED_CUTOFF + (_LID_SPEED_CUTOFF - _SPEED_CUTOFF) * quick
    return speed, SPEED_COEFFICIENT + (_LID_COEFFICIENT - SPEED_COEFFICIENT) * quick


def _share(cutoff: npt.NDArray[np.float32] | np.float32, step: float) -> npt.NDArray[np.float32]:
    """Return the share of the new value in a first-order low-pass of the given cut-off in hertz."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * cutoff * step)), np.float32)
