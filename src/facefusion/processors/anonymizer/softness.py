"""Softness: how soft or hewn a face is, so that a new face is about as soft as the person's own.

The first direction of the space of faces runs from smooth skin under high brows to deep folds under low, straight ones,
and the sixth from thin brows to heavy ones. A face drawn from the other end of them looks wrong under somebody's hair.
No more is asked of the person than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import OUTER_LIPS, vertex_normals
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.processors.anonymizer.face_space import LAYOUT, FaceSpace, Values, layout_mesh
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.raster import MeshRaster

KEPT: Final = (0, 5)
"""Directions in which a new face is as the person's own."""
MOST: Final = 1.6
"""Farthest from the mean, in standard deviations."""
_WIDTH: Final = 130.0
"""Width of the face, in pixels, at which it is looked at."""
_BROAD: Final = 10.0
"""Smoothing, in pixels of a texture, of what is light and no line of a face."""
_HELD: Final = 0.1
"""How much directions are held back, as a share of their mean strength."""
_LEAST_CONTRAST: Final = 0.2
_GROWING: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Softness:
    """Tells where on the directions that are kept a face lies.

    Attributes:
        basis: fine lightness of the mean face and of each direction, float64 (K + 1, D).
        solver: float64 (K + 1, K + 1).
    """

    basis: Values
    solver: Values

    @classmethod
    def of(cls, space: FaceSpace) -> Self:
        """Make it of the space that faces are drawn from."""
        height, width = LAYOUT
        planes = [space.means["texture"], *space.directions["texture"]]
        basis = np.stack([_fine(plane[: height * width].reshape(LAYOUT).astype(np.float32)) for plane in planes])
        held = _HELD * np.full(len(basis), (basis[1:] ** 2).sum() / (len(basis) - 1))
        held[0] = 0
        return cls(basis, np.asarray(np.linalg.inv(basis @ basis.T + np.diag(held)), np.float64))

    def measure(self, image: Image, face: Face) -> tuple[float, ...]:
        """Return where on each a face lies, -`MOST` to `MOST` standard deviations; less than 0 is softer than the mean.

        Args:
            image: RGB uint8 (H, W, 3).
            face: where the face is.
        """
        scale = min(1.0, _WIDTH / max(face.width, 1.0))
        left, top = np.maximum(face.mesh[:, :2].min(0).astype(int) - 2, 0).tolist()
        right, bottom = (face.mesh[:, :2].max(0).astype(int) + 3).tolist()
        part = image[top:bottom, left:right]
        if not part.size:
            return (0.0,) * len(KEPT)
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        light = cv2.cvtColor(cv2.resize(part, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)[:, :, 0]
        places = (face.mesh[:, :2] - np.array([left, top], np.float32)) * np.float32(scale)
        x, y = _raster().growing(_GROWING).planes(places.astype(np.float32))
        laid = cv2.remap(light.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shares = self.solver @ (self.basis @ _fine(np.asarray(laid, np.float32)))
        strength = max(float(shares[0]), _LEAST_CONTRAST)
        return tuple(float(np.clip(shares[1 + each] / strength, -MOST, MOST)) for each in KEPT)


def _fine(light: Field) -> Values:
    """Return what is fine in the lightness of a texture, float32 (H, W), at half its size, float64 (D,)."""
    inside = _inside()
    broad = cv2.GaussianBlur(light * inside, (0, 0), _BROAD) / (cv2.GaussianBlur(inside, (0, 0), _BROAD) + 1e-3)
    return np.asarray(((light - broad) * inside)[::2, ::2].ravel(), np.float64)


@cache
def _raster() -> MeshRaster:
    mesh = layout_mesh()
    return MeshRaster.draw(mesh, vertex_normals(mesh), LAYOUT)


@cache
def _inside() -> npt.NDArray[np.float32]:
    """Return 1 inside of the face and not on its mouth, which speaks, else 0, float32 (H, W)."""
    inside = (_raster().numbers >= 0).astype(np.float32)
    cv2.fillPoly(inside, [layout_mesh()[list(OUTER_LIPS), :2].astype(np.int32)], 0.0)
    return np.asarray(cv2.erode(inside, np.ones((9, 9))), np.float32)
