"""The plane of the glasses: a picture of what lies just before the eyes, as if the head looked into the camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import LEFT_EYE, OVAL, RIGHT_EYE, canonical_vertices, rotation_of
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import to_lab
from facefusion.processors.face_swapper.mesh.filters import Field, reduced

UNIT = 100.0
"""Pixels of the plane in an eye distance, that between the outer corners of the eyes."""
HEIGHT, WIDTH = 112, 192
ORIGIN = ((WIDTH - 1) / 2, 44.0)
"""Where the middle between the eyes lies on the plane: x, y."""
_DEPTH = -0.12
"""Where the plane stands before the eyes, in eye distances."""
_MAGNIFIED = 1.2
"""Pixels of the picture in one of the plane from which the picture is made smaller before it is read."""


@dataclass(frozen=True, slots=True, eq=False)
class GlassesPlane:
    """How the plane lies in a picture.

    Attributes:
        to_picture: affine map from pixels of the plane to those of the picture, float64 (2, 3).
        scale: pixels of the picture in one of the plane.
    """

    to_picture: npt.NDArray[np.float64]
    scale: float

    @classmethod
    def of(cls, mesh: Points, rotation: npt.NDArray[np.float64] | None = None) -> Self:
        """Lay the plane before the eyes of a face.

        Args:
            mesh: float32 (468, 3), in pixels of the picture.
            rotation: of the face, where it is known already; see `rotation_of`.
        """
        rotation = rotation_of(mesh) if rotation is None else rotation
        eyes, outline, middle_of_eyes, canonical = _parts()
        turned, seen = canonical @ rotation.T, mesh[outline].astype(np.float64)
        turned, seen = (turned - turned.mean(0))[:, :2], (seen - seen.mean(0))[:, :2]
        unit = (turned * seen).sum() / max(float((turned**2).sum()), 1e-6)
        axes = unit * rotation[:2] / UNIT
        middle = mesh[eyes, :2].mean(0) - unit * (rotation @ middle_of_eyes)[:2]
        corner = middle + unit * rotation[:2, 2] * _DEPTH - axes[:, :2] @ np.array(ORIGIN)
        return cls(np.column_stack([axes[:, :2], corner]), float(unit / UNIT))

    def read(self, picture: npt.NDArray[np.uint8], rows: slice = slice(HEIGHT)) -> Field:
        """Return the lightness of a picture on the plane, 0 to 255, float32 (HEIGHT, WIDTH).

        Args:
            picture: RGB uint8 (H, W, 3).
            rows: those of the plane that are wanted; the others may be 0.
        """
        corners = np.array([[x, y, 1] for x in (0, WIDTH - 1) for y in (0, HEIGHT - 1)]) @ self.to_picture.T
        low = np.clip(np.floor(corners.min(0)).astype(int) - 2, 0, np.array(picture.shape[1::-1]) - 1)
        high = np.maximum(np.ceil(corners.max(0)).astype(int) + 3, low + 1)
        picture, to_picture = picture[low[1] : high[1], low[0] : high[0]], self._from(low)
        if self.scale > _MAGNIFIED:
            size = [max(1, round(side / self.scale)) for side in picture.shape[1::-1]]
            factors = np.array([[size[0] / picture.shape[1]], [size[1] / picture.shape[0]]])
            picture = reduced(picture, (size[1], size[0]))
            to_picture = to_picture * factors
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(picture, to_picture, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        lightness = np.zeros((HEIGHT, WIDTH), np.float32)
        lightness[rows] = to_lab(np.asarray(seen[rows], np.uint8))[:, :, 0]
        return lightness

    def lay_back(self, field: Field, corner: tuple[int, int], size: tuple[int, int]) -> Field:
        """Return a field on the plane as it lies in a part of the picture, float32; 0 beside it.

        Args:
            field: float32 (HEIGHT, WIDTH).
            corner: column and row of the part's first pixel.
            size: its height and width.
        """
        return np.asarray(cv2.warpAffine(field, self._from(np.array(corner)), size[::-1]), np.float32)

    def _from(self, corner: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
        """Return the affine map to a part of the picture that begins at a pixel (x, y)."""
        return self.to_picture - np.column_stack([np.zeros((2, 2)), corner])


@cache
def _parts() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the vertices of the eyes and of the outline, the middle of the canonical eyes, and that outline."""
    canonical = canonical_vertices().astype(np.float64)
    eyes, outline = np.array([*LEFT_EYE, *RIGHT_EYE], np.intp), np.array(OVAL, np.intp)
    return eyes, outline, canonical[eyes].mean(0), canonical[outline]
