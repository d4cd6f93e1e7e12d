"""Heads: outlines that nobody has. What surrounds the features is drawn narrower and longer, with hair higher up.

A new face within the person's own outline is still that person's by its proportions, which recognisers weigh. So the
picture around the face is moved a little with the face, and less and less away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import OVAL, canonical_vertices, rotation_of
from facefusion.faces.types import Points
from facefusion.media.frame import Image
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep

_WIDTH, _LENGTH = 0.11, 0.07
"""Share by which a whole head becomes narrower, and longer."""
_HAIRLINE = 0.13
"""By how much higher hair begins, in eye distances."""
_CHIN = 0.06
"""By how much higher the chin ends, in eye distances: else the longer face would end in a long chin."""
_JAW, _TEMPLES, _CHEEKS = 0.05, 0.08, 0.07
"""Shares by which these are narrower, besides."""
_DRAWN: Final = (1.15, 1.4)
"""Least and greatest factor of each of them that is drawn."""
_MIDDLE, _RADII = (0.0, 0.34), (0.92, 1.08)
"""Middle and radii, in eye distances from between the eyes, of the ellipse within which everything moves in full."""
_REACH: Final = 2.0
"""How many times larger the ellipse is outside of which nothing moves."""
_JAW_BELOW, _CHIN_BELOW = (0.35, 1.0), (0.85, 1.2)
"""Depth below the eyes, in eye distances: from where nothing goes with the jaw or chin to where all does."""
_HAIR_ABOVE, _TEMPLES_ABOVE = (0.25, 0.65), (0.0, 0.5)
"""The same above them, of hair and temples."""
_CHEEK_DEPTH, _CHEEK_HEIGHT, _CHEEK_SIDE = 0.4, 0.3, (0.4, 0.7)
"""Where cheeks are, below the eyes and to the side, in eye distances."""
_GRID: Final = 4
"""Pixels of the picture from one place at which a displacement is worked out to the next, at most."""
_TURNED: Final = (40.0, 65.0)
"""Degrees of turn or nod from which the outline is moved less, and from which not at all."""


@dataclass(frozen=True, slots=True)
class Head:
    """How an outline is changed: factors of what is usual.

    A head that became wider would serve as well, but look heavy; the measured likeness fell less, too.

    Attributes:
        width: of the whole head.
        length: of the face.
        hairline: how much higher it is.
        hollows: how much narrower jaw, temples and cheeks are, besides.
    """

    width: float
    length: float
    hairline: float
    hollows: float

    @classmethod
    def draw(cls, seed: int, number: int, further: float = 1.0) -> Self:
        """Return the outline that goes with a face.

        Args:
            seed: of all faces of a job.
            number: of the face.
            further: how many times farther it goes than usual.
        """
        drawn = np.random.default_rng([seed, number, 1]).uniform(*_DRAWN, 4) * further
        return cls(*map(float, drawn))

    def lay(self, image: Image, mesh: Points, turn: float) -> None:
        """Change the outline of a head, in place.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            mesh: the face in it, float32 (468, 3).
            turn: of the head to a side, up or down, whichever is more, in degrees.
        """
        share = 1 - float(smoothstep(np.float32(abs(turn)), *_TURNED))
        if not share:
            return
        origin, axes = _frame(mesh)
        columns, rows = _part(image, origin, axes)
        if columns.stop - columns.start < _GRID or rows.stop - rows.start < _GRID:
            return
        part = image[rows, columns]
        x, y = self._places(part.shape[:2], origin - np.array([columns.start, rows.start]), axes, share)
        part[:] = cv2.remap(part.copy(), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    def _places(
        self, size: tuple[int, ...], origin: npt.NDArray[np.float64], axes: npt.NDArray[np.float64], share: float
    ) -> tuple[Field, Field]:
        """Return where each pixel of a part of the picture is read, across and down, float32 (H, W) each."""
        height, width = size
        coarse = (max(2, height // _GRID), max(2, width // _GRID))
        down = (np.arange(coarse[0]) + 0.5) * height / coarse[0] - 0.5
        across = (np.arange(coarse[1]) + 0.5) * width / coarse[1] - 0.5
        places = np.stack(np.meshgrid(across, down), -1) - origin
        face = places @ np.linalg.inv(axes).T
        moved = self._by(face) * share @ axes.T
        by = cv2.resize(moved.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        x = np.arange(width, dtype=np.float32)[None] - by[:, :, 0]
        y = np.arange(height, dtype=np.float32)[:, None] - by[:, :, 1]
        return np.ascontiguousarray(x), np.ascontiguousarray(y)

    def _by(self, face: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return how far what is at places of the face, in eye distances, float64 (..., 2), came from elsewhere."""
        u, v = face[..., 0], face[..., 1]
        radius = np.hypot((u - _MIDDLE[0]) / _RADII[0], (v - _MIDDLE[1]) / _RADII[1])
        near = 1 - smoothstep(radius, 1.0, _REACH)
        cheeks = np.exp(-(((v - _CHEEK_DEPTH) / _CHEEK_HEIGHT) ** 2)) * smoothstep(np.abs(u), *_CHEEK_SIDE)
        hollow = _JAW * smoothstep(v, *_JAW_BELOW) + _TEMPLES * smoothstep(-v, *_TEMPLES_ABOVE) + _CHEEKS * cheeks
        longer = _LENGTH * v - _CHIN * smoothstep(v, *_CHIN_BELOW)
        higher = _HAIRLINE * smoothstep(-v, *_HAIR_ABOVE)
        across = -u * (_WIDTH * self.width + hollow * self.hollows)
        down = longer * self.length - higher * self.hairline
        return np.stack([across * near, down * near], -1)


def _frame(mesh: Points) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the point between the eyes and, in columns, an eye distance across and down the face, float64 (2, 2)."""
    rotation, outline = rotation_of(mesh), mesh[list(OVAL)].astype(np.float64)
    canonical = canonical_vertices()[list(OVAL)].astype(np.float64)
    spread = ((outline - outline.mean(0)) ** 2).sum() / ((canonical - canonical.mean(0)) ** 2).sum()
    axes = rotation[:2, :2] * np.sqrt(spread)
    return (mesh[33, :2] + mesh[263, :2]).astype(np.float64) / 2, np.asarray(axes, np.float64)


def _part(image: Image, origin: npt.NDArray[np.float64], axes: npt.NDArray[np.float64]) -> tuple[slice, slice]:
    """Return columns and rows of the picture in which anything moves."""
    middle = origin + axes @ np.array(_MIDDLE)
    half = np.abs(axes) @ (np.array(_RADII) * _REACH) + 2
    low = np.maximum(np.floor(middle - half).astype(int), 0)
    high = np.minimum(np.ceil(middle + half).astype(int) + 1, image.shape[1::-1])
    return slice(int(low[0]), int(max(high[0], low[0]))), slice(int(low[1]), int(max(high[1], low[1])))
