"""Key points: where they are in space, and what an expression and a pose make of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

POINTS = 21
"""Key points of a face. What each of them stands for was learnt, not laid down."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How N faces are held and what they express.

    A key point is at scale · (canonical @ Rᵀ + expression) + translation, R being the rotation of the head; x runs to
    the right, y down, and a crop is 2 wide.

    Attributes:
        pitch: nod in degrees, float32 (N,).
        yaw: turn in degrees, float32 (N,).
        roll: tilt in degrees, float32 (N,).
        scale: float32 (N,).
        translation: float32 (N, 3).
        expression: how far each key point is off its place at rest, float32 (N, 21, 3).
        canonical: key points at rest, seen from the front, float32 (N, 21, 3).
    """

    pitch: Floats
    yaw: Floats
    roll: Floats
    scale: Floats
    translation: Floats
    expression: Floats
    canonical: Floats

    def __len__(self) -> int:
        """Return how many faces there are."""
        return len(self.scale)

    def __getitem__(self, which: Any) -> Self:
        """Return some of the faces, chosen by a slice or an array of places."""
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))

    def points(self, expression: Floats | None = None, rotation: Floats | None = None) -> Floats:
        """Return the key points, float32 (N, 21, 3).

        Args:
            expression: another than their own, float32 (N, 21, 3).
            rotation: likewise, float32 (N, 3, 3).
        """
        expression = self.expression if expression is None else expression
        rotation = rotation_matrices(self.pitch, self.yaw, self.roll) if rotation is None else rotation
        turned = np.einsum("npj,nij->npi", self.canonical, rotation)
        moved = self.scale[:, None, None] * (turned + expression) + self.translation[:, None]
        return np.asarray(moved, np.float32)


def rotation_matrices(pitch: Floats, yaw: Floats, roll: Floats) -> Floats:
    """Return rotations about the fixed axes x, y and z, in this order, float32 (N, 3, 3).

    Args:
        pitch: about x, in degrees, (N,).
        yaw: about y.
        roll: about z.
    """
    return np.asarray(_about(2, roll) @ _about(1, yaw) @ _about(0, pitch), np.float32)


def _about(axis: int, degrees: Floats) -> npt.NDArray[np.float64]:
    angle = np.radians(np.asarray(degrees, np.float64))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices = np.tile(np.eye(3), (len(angle), 1, 1))
    matrices[:, first, first] = matrices[:, second, second] = np.cos(angle)
    matrices[:, second, first] = np.sin(angle)
    matrices[:, first, second] = -np.sin(angle)
    return matrices
