"""Irises over time: where they lie between the corners of the eyes, and how large they are.

Seen from the eye's corners, an iris rests or jumps: what is less than a jump is mostly noise. Its size against the eye
hardly changes at all.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.state import State

CORNERS = ((33, 133), (362, 263))
"""Vertices of the corners of the eye at the left of the picture and of that at the right, from left to right."""

_REST_SHARE = 0.35
"""Share of the new place at rest."""
_JUMP = (0.02, 0.07)
"""Distance from the smoothed place, in widths of the eye: from rest to a jump, which is followed at once."""
_SIZE_SHARE = 0.1


class IrisFilter:
    """Smooths the irises of one face; feed it every frame."""

    def __init__(self) -> None:
        self._place = np.zeros((2, 2), np.float32)
        self._size = np.zeros(2, np.float32)

    def update(self, irises: Points | None, mesh: Points) -> None:
        """Take in what was seen.

        Args:
            irises: centre and radius of each, float32 (2, 3), in pixels; None or a radius of 0 where unknown.
            mesh: the face as it was seen with them, float32 (468, 3).
        """
        if irises is None:
            return
        for eye, (middle, along) in enumerate(_frames(mesh)):
            width = float(np.linalg.norm(along))
            if irises[eye, 2] <= 0 or width < 1:
                continue
            place, size = _coordinates(irises[eye, :2] - middle, along), irises[eye, 2] / width
            if self._size[eye] <= 0:
                self._place[eye], self._size[eye] = place, size
                continue
            step = place - self._place[eye]
            jump = np.clip((np.linalg.norm(step) - _JUMP[0]) / (_JUMP[1] - _JUMP[0]), 0, 1)
            self._place[eye] += np.float32(_REST_SHARE + (1 - _REST_SHARE) * jump) * step
            self._size[eye] += np.float32(_SIZE_SHARE) * (size - self._size[eye])

    def on(self, mesh: Points) -> Points:
        """Return the irises on a mesh, centre and radius, float32 (2, 3)."""
        irises = np.zeros((2, 3), np.float32)
        for eye, (middle, along) in enumerate(_frames(mesh)):
            across = np.array([-along[1], along[0]])
            irises[eye, :2] = middle + self._place[eye, 0] * along + self._place[eye, 1] * across
            irises[eye, 2] = self._size[eye] * np.linalg.norm(along)
        return irises

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {"place": self._place.copy(), "size": self._size.copy()}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a filter that goes on from a state."""
        made = cls()
        made._place, made._size = state["place"].copy(), state["size"].copy()
        return made


def _frames(mesh: Points) -> list[tuple[Points, Points]]:
    """Return for each eye its middle and the way from its left to its right corner."""
    pairs = [(mesh[left, :2], mesh[right, :2]) for left, right in CORNERS]
    return [(np.asarray((left + right) / 2, np.float32), right - left) for left, right in pairs]


def _coordinates(offset: Points, along: Points) -> npt.NDArray[np.float32]:
    """Return an offset in widths of the eye, along it and across."""
    square = float(along @ along)
    x, y = float(offset @ along) / square, float(offset @ np.array([-along[1], along[0]])) / square
    return np.array([x, y], np.float32)
