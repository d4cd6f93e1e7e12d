"""The 468-point face mesh.

Source: Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare, apply_affine, crop, invert_affine
from facefusion.faces.types import Detection, Points
from facefusion.inference.session import Session

SIZE = 192
MARGIN = 1.5
"""Side of the crop as a multiple of the face's longer side."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshFit:
    """Result of the landmarker.

    Attributes:
        mesh: float32 (468, 3); x and y in pixels of the picture, z in the same unit, smaller is nearer.
        presence: probability that the crop holds a face.
    """

    mesh: Points
    presence: float


class FaceMesh:
    """Fits the dense mesh to faces.

    Args:
        session: `face_mesh`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def fit(self, image: npt.NDArray[np.uint8], regions: Sequence[RotatedSquare]) -> list[MeshFit]:
        """Fit one mesh in each region.

        Args:
            image: RGB uint8 (H, W, 3).
            regions: squares around upright faces.
        """
        if not regions:
            return []
        affines = [region.to_crop(SIZE) for region in regions]
        crops = np.stack([crop(image, affine, SIZE) for affine in affines])
        outputs = self._session.run(crops.transpose(0, 3, 1, 2) * np.float32(1 / 255))
        presence = 1 / (1 + np.exp(-np.clip(outputs["presence"], -80, 80)))
        fits = []
        for affine, region, landmarks, score in zip(affines, regions, outputs["landmarks"], presence, strict=True):
            plane = apply_affine(invert_affine(affine), landmarks[:, :2])
            depth = landmarks[:, 2:] * np.float32(region.side / SIZE)
            fits.append(MeshFit(np.concatenate([plane, depth], 1), float(score)))
        return fits


def region_of_detection(detection: Detection) -> RotatedSquare:
    """Return the square that the landmarker wants for a detected face."""
    left, top, right, bottom = detection.box
    dx, dy = detection.landmarks5[1] - detection.landmarks5[0]
    side = max(right - left, bottom - top) * MARGIN
    return RotatedSquare(float(left + right) / 2, float(top + bottom) / 2, float(side), float(np.arctan2(dy, dx)))


def region_of_mesh(mesh: Points) -> RotatedSquare:
    """Return the square for a face whose mesh in this or the previous frame is known."""
    dx, dy = mesh[263, :2] - mesh[33, :2]
    angle = float(np.arctan2(dy, dx))
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = mesh[:, 0], mesh[:, 1]
    along, down = x * np.float32(cos) + y * np.float32(sin), y * np.float32(cos) - x * np.float32(sin)
    left, right, top, bottom = float(along.min()), float(along.max()), float(down.min()), float(down.max())
    u, v = (left + right) / 2, (top + bottom) / 2
    return RotatedSquare(cos * u - sin * v, sin * u + cos * v, max(right - left, bottom - top) * MARGIN, angle)
