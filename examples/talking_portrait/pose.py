"""Where the places of a head go when it moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from talking_portrait.script import State

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HeadMotion:
    """A pose of the head about its axis, seen by a camera a few head widths away.

    Attributes:
        rotation: turn and nod, float64 (3, 3).
        roll: tilt in radians, clockwise.
        shift: pixels to the right and down.
        pivot: place of the axis on the canvas, (x, y).
        distance: of the camera from the axis in pixels.
    """

    rotation: Array
    roll: float
    shift: Array
    pivot: Array
    distance: float

    @classmethod
    def of(cls, state: State, *, pivot: Array, face_width: float) -> HeadMotion:
        """Build the motion that leads from the portrait to `state`."""
        return cls(
            rotation=rotation_matrix(state.yaw, state.pitch),
            roll=float(np.radians(state.roll)),
            shift=np.array(state.shift) * face_width,
            pivot=pivot,
            distance=6 * face_width,
        )

    def __call__(self, points: Array, depth: Array, turning: Array, carried: Array) -> tuple[Array, Array]:
        """Move places of the canvas.

        Args:
            points: (..., 2) pixels.
            depth: (...), pixels, 0 at the axis, negative towards the camera.
            turning: share of turn and nod that each follows.
            carried: share of tilt and shift that each follows.

        Returns:
            New places (..., 2) and new depths (...).
        """
        turning, carried = turning[..., None], carried[..., None]
        body = np.concatenate([points - self.pivot, depth[..., None]], axis=-1)
        turned = body + turning * (body @ self.rotation.T - body)
        # the portrait was itself seen from a distance, so only the change of depth changes the size
        nearer = (self.distance + body[..., 2:]) / (self.distance + turned[..., 2:])
        flat = turned[..., :2] * nearer
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        tilted = flat @ np.array([[cos, sin], [-sin, cos]]) + self.shift
        return self.pivot + flat + carried * (tilted - flat), turned[..., 2]


def rotation_matrix(yaw: float, pitch: float) -> Array:
    """Return the rotation (3, 3) for a turn and a nod in degrees; x right, y down, z away from the camera."""
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(turn @ nod)
