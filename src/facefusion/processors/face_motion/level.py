"""Level faces: what a face does, apart from how it is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.irises import CORNERS
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, canonical_vertices, rotation_of
from facefusion.faces.types import Points

Doubles = npt.NDArray[np.float64]

RIMS: Final = (LEFT_EYE, RIGHT_EYE)
MOUTH: Final = (INNER_LIPS[0], INNER_LIPS[10])
"""Corners of the mouth's opening, from left to right."""
LIP_PAIRS: Final = tuple(zip(INNER_LIPS[1:10], INNER_LIPS[:10:-1], strict=True))
"""Vertices of the lower lip's inner rim with those of the upper lip above them, from left to right."""
LID_PAIRS: Final = tuple(tuple(zip(rim[1:8], rim[:8:-1], strict=True)) for rim in RIMS)
"""Of each eye, vertices of the lower lid with those of the upper lid above them."""
_SKULL: Final = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 33, 133, 263, 362, 127, 356, 234, 454, 109, 338]
"""Vertices that neither speech nor expression moves against the skull."""


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """How a face is held: a point of the level face, in eye distances, lies at `middle + scale · rotation · point`.

    Attributes:
        middle: of the skull's vertices, in pixels, float64 (3,).
        rotation: of the head, float64 (3, 3).
        scale: pixels of an eye distance.
    """

    middle: Doubles
    rotation: Doubles
    scale: float

    @classmethod
    def of(cls, mesh: Points) -> Self:
        """Return how a face is held, from its mesh, float32 (468, 3)."""
        rotation = rotation_of(mesh)
        skull = mesh[_SKULL].astype(np.float64)
        rest = canonical_vertices()[_SKULL].astype(np.float64)
        middle = skull.mean(0)
        straight, plain = (skull - middle) @ rotation, rest - rest.mean(0)
        scale = float((straight * plain).sum() / (plain * plain).sum())
        return cls(middle, rotation, max(scale, 1e-3))

    def level(self, mesh: Points) -> Doubles:
        """Return a mesh turned straight into the camera, in eye distances, float64 (468, 3)."""
        return np.asarray((mesh - self.middle) @ self.rotation / self.scale, np.float64)

    def placed(self, level: Doubles) -> Points:
        """Return a level face as it is held, float32 (468, 3), in pixels."""
        return np.asarray(level @ self.rotation.T * self.scale + self.middle, np.float32)


def lids_open(level: Doubles) -> Doubles:
    """Return how far the lids of each eye are apart in its middle, in widths of the eye, float64 (2,)."""
    apart = [
        np.linalg.norm([level[upper, :2] - level[lower, :2] for lower, upper in pairs[2:5]], axis=1)
        for pairs in LID_PAIRS
    ]
    widths = [np.linalg.norm(level[right, :2] - level[left, :2]) for left, right in CORNERS]
    return np.asarray([float(a.mean()) / max(float(w), 1e-6) for a, w in zip(apart, widths, strict=True)])


def mouth_width(level: Doubles) -> float:
    """Return the width of the mouth's opening, in eye distances."""
    return max(float(np.linalg.norm(level[MOUTH[1]] - level[MOUTH[0]])), 1e-6)


def lip_gaps(level: Doubles) -> Doubles:
    """Return by how much the upper lip is above the lower one along the mouth, in eye distances, float64 (9,)."""
    return np.asarray([level[lower, 1] - level[upper, 1] for lower, upper in LIP_PAIRS])
