"""What a landmarker is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, crop, invert_affine
from facefusion.faces.landmarkers.face_mesh import MARGIN, region_of_mesh
from facefusion.faces.types import Face, Points


@dataclass(frozen=True, slots=True, eq=False)
class FaceView:
    """A face and the picture that shows it.

    Attributes:
        image: RGB uint8 (H, W, 3).
        face: in its pixels.
    """

    image: npt.NDArray[np.uint8]
    face: Face

    def cut(self, size: int, scale: float) -> tuple[npt.NDArray[np.uint8], Affine]:
        """Cut the face out, upright, and black beyond the picture.

        Args:
            size: side of the crop in pixels.
            scale: side of the square that is cut as a multiple of the face's longer side.

        Returns:
            The crop, RGB uint8 (size, size, 3), and the transform from crop to picture.
        """
        region = region_of_mesh(self.face.mesh)
        affine = replace(region, side=region.side / MARGIN * scale).to_crop(size)
        return crop(self.image, affine, size), invert_affine(affine)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """What a landmarker says of a face.

    Attributes:
        points: in pixels of the picture, in the landmarker's own order, float32 (N, 2).
        score: how sure it is, 0 to 1.
        points68: the 68 landmarks among them, float32 (68, 2); None where they are not known.
    """

    points: Points
    score: float
    points68: Points | None = None


class Landmarker(Protocol):
    """Finds landmarks of faces that were found."""

    def fit(self, views: Sequence[FaceView]) -> list[Landmarks]:
        """Return the landmarks of each face, which may be of several pictures."""
        ...
