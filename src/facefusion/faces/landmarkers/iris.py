"""Eye refinement: lids that follow a blink, and irises.

The mesh hardly closes the eyes of a blinking face; a second network that looks at each eye does. Source: Ablavatski et
al., "Real-time pupil tracking from monocular video for digital puppetry", 2020.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, RotatedSquare, apply_affine, crop, invert_affine
from facefusion.faces.mesh import mirror_vertices
from facefusion.faces.types import Points
from facefusion.inference.session import Session

SIZE = 64
MARGIN = 2.3
"""Side of the crop as a multiple of the eye's width."""
MIN_EYE_WIDTH = 8.0
"""Eyes narrower than this many pixels tell the network nothing."""

_RIM = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173)
_INNER_HALO = (130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190)
_OUTER_HALO = (226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189)
_POINTS = np.array(_RIM + _INNER_HALO + _OUTER_HALO)
_CORNERS, _OPPOSITE = np.array([33, 263]), np.array([133, 362])
"""Outer and inner corners of the eyes."""
# The rings around the lids move with them less and less, so that the skin between stays smooth.
_SHARES = np.repeat(np.array([1.0, 0.7, 0.3], np.float32), 16)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class RefinedEyes:
    """A face whose eyes were looked at.

    Attributes:
        mesh: float32 (468, 3), in pixels of the picture, its lids where they are seen.
        irises: centre (x, y) and radius of the iris of the image-left and of the image-right eye, float32 (2, 3), in
            pixels; a radius of 0 where the eye is too small to tell. Closed lids hide them wherever they are.
    """

    mesh: Points
    irises: Points


class EyeRefiner:
    """Moves the vertices around the eyes to where the iris network sees them.

    Args:
        session: `iris`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def refine(self, image: npt.NDArray[np.uint8], meshes: Sequence[Points]) -> list[RefinedEyes]:
        """Return the meshes with both eyes refined, and the irises.

        Args:
            image: RGB uint8 (H, W, 3).
            meshes: float32 (468, 3), in pixels of the picture.
        """
        refined = [RefinedEyes(mesh.copy(), np.zeros((2, 3), np.float32)) for mesh in meshes]
        eyes = [(face, side) for face in refined if _eye_width(face.mesh) >= MIN_EYE_WIDTH for side in (0, 1)]
        if not eyes:
            return refined
        affines = [_crop_transform(face.mesh, mirrored=side == 1) for face, side in eyes]
        crops = [crop(image, affine, SIZE) for affine in affines]
        batch = np.stack(crops).transpose(0, 3, 1, 2) * np.float32(1 / 255)
        seen = self._session.run(np.ascontiguousarray(batch))
        answers = np.concatenate([seen["eye"][:, : len(_POINTS), :2], seen["iris"][:, :, :2]], 1)
        for (face, side), affine, answer in zip(eyes, affines, answers, strict=True):
            points = apply_affine(invert_affine(affine), answer)
            vertices = mirror_vertices()[_POINTS] if side == 1 else _POINTS
            before = face.mesh[vertices, :2]
            face.mesh[vertices, :2] = before + _SHARES * (points[: len(_POINTS)] - before)
            face.irises[side] = _circle(points[len(_POINTS) :])
        return refined


def _circle(points: Points) -> npt.NDArray[np.float32]:
    """Return centre and radius of an iris from its centre and four points of its rim."""
    radius = np.linalg.norm(points[1:] - points[0], axis=1).mean()
    return np.append(points[0], radius).astype(np.float32)


def _eye_width(mesh: Points) -> float:
    (left_x, left_y), (right_x, right_y) = (mesh[_CORNERS, :2] - mesh[_OPPOSITE, :2]).tolist()
    return min(math.hypot(left_x, left_y), math.hypot(right_x, right_y))


def _crop_transform(mesh: Points, *, mirrored: bool) -> Affine:
    """Return the transform from picture to the network's crop; the eye at the right of the picture is mirrored."""
    outer, inner = (mesh[263, :2], mesh[362, :2]) if mirrored else (mesh[33, :2], mesh[133, :2])
    along = outer - inner if mirrored else inner - outer
    centre = (outer + inner) / 2
    side = float(np.linalg.norm(along)) * MARGIN
    square = RotatedSquare(float(centre[0]), float(centre[1]), side, float(np.arctan2(along[1], along[0])))
    affine = square.to_crop(SIZE)
    if mirrored:
        # Column x of the crop becomes column SIZE - 1 - x.
        affine[0] = -affine[0]
        affine[0, 2] += SIZE - 1
    return affine
