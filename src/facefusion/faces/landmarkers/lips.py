"""Lip refinement: a mouth that opens and closes as it is seen.

The mesh knows where the mouth is but opens it too little in the corners, shows a gap between closed lips, and loses the
lower lip of a wide open mouth. A small network that looks at the mouth alone places both rims of the lips. It was
trained to answer as MediaPipe's 478-point landmarker does; `pack/cards/lips.md` tells how.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare, apply_affine, crop, invert_affine
from facefusion.faces.landmarkers import face_mesh
from facefusion.faces.mesh import INNER_LIPS, OUTER_LIPS, canonical_vertices
from facefusion.faces.types import Points, Pose
from facefusion.inference.session import Session

SIZE = 64
SHARE = 0.56
"""Side of the crop as a share of the mesh's longer side."""
LIPS = (*INNER_LIPS, *OUTER_LIPS)
"""Vertices in the order of the network's answer."""

_SMALL = (28.0, 48.0)
"""Longer side of the face, in pixels: from too small to be told anything to large enough."""
_TURNED = (32.0, 45.0)
"""Turn of the head, in degrees: from where the network was trained to where it was not."""
_UNLIKELY = (0.07, 0.11)
"""Mean distance from the mesh, in sides of the crop: from believed to not."""
_REACH = (0.03, 0.24)
"""Distance from the lips, in eye distances: from skin that moves with them to skin that does not."""


class LipRefiner:
    """Moves the vertices of the lips, and the skin around them, to where the lip network sees them.

    Args:
        session: `lips`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def refine(self, image: npt.NDArray[np.uint8], meshes: Sequence[Points], poses: Sequence[Pose]) -> list[Points]:
        """Return the meshes with refined lips; their poses stay what they are.

        Args:
            image: RGB uint8 (H, W, 3).
            meshes: float32 (468, 3), in pixels of the picture.
            poses: of the same heads.
        """
        squares = [region_of_lips(mesh) for mesh in meshes]
        trusts = [_trust(pose, square) for pose, square in zip(poses, squares, strict=True)]
        if not any(trusts):
            return list(meshes)
        affines = [square.to_crop(SIZE) for square in squares]
        crops = np.stack([crop(image, affine, SIZE) for affine in affines])
        answers = self._session.run(crops.transpose(0, 3, 1, 2) * np.float32(1 / 255))["lips"]
        refined = []
        for mesh, square, affine, answer, trust in zip(meshes, squares, affines, answers, trusts, strict=True):
            seen = apply_affine(invert_affine(affine), answer * SIZE)
            refined.append(_moved(mesh, seen - mesh[list(LIPS), :2], trust, square.side))
        return refined


def region_of_lips(mesh: Points) -> RotatedSquare:
    """Return the square that the network wants, around the lips of a mesh, float32 (468, 3)."""
    face, middle = face_mesh.region_of_mesh(mesh), mesh[list(LIPS), :2].mean(0)
    return RotatedSquare(float(middle[0]), float(middle[1]), face.side / face_mesh.MARGIN * SHARE, face.angle)


def _trust(pose: Pose, square: RotatedSquare) -> float:
    """Return how far the network is believed, 0 to 1, by size and turn of the face."""
    return _rise(square.side / SHARE, *_SMALL) * (1 - _rise(abs(pose.yaw), *_TURNED))


def _moved(mesh: Points, by: Points, trust: float, side: float) -> Points:
    """Return a mesh whose lips moved, float32 (468, 3), as far as that is likely."""
    distance = float(np.linalg.norm(by, axis=1).mean()) / max(side, 1e-3)
    moved = mesh.copy()
    moved[:, :2] += lip_influence() @ by * np.float32(trust * (1 - _rise(distance, *_UNLIKELY)))
    return moved


@cache
def lip_influence() -> npt.NDArray[np.float32]:
    """Return how far each vertex moves with each of the lips' rims, float32 (468, 40).

    What lies above the opening follows the upper lip alone, and what lies below it the lower one.
    """
    points = canonical_vertices().astype(np.float64)
    distances = np.linalg.norm(points[:, None] - points[list(LIPS)][None], axis=2)
    lower = np.array([index % 20 <= 10 for index in range(len(LIPS))])
    upper = np.array([index % 20 >= 10 or index % 20 == 0 for index in range(len(LIPS))])
    outer = distances[:, 20:]
    below = outer[:, lower[20:]].min(1) <= outer[:, upper[20:]].min(1)
    mine = np.where(below[:, None], lower[None], upper[None])
    # Shepard's interpolation: the nearest points decide.
    weights = mine / np.maximum(distances, 1e-4) ** 3
    weights /= weights.sum(1, keepdims=True)
    share = 1 - np.array([_rise(float(nearest), *_REACH) for nearest in distances.min(1)])
    spread = weights * share[:, None]
    spread[list(LIPS)] = np.eye(len(LIPS))
    return np.asarray(spread, np.float32)


def _rise(value: float, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return share * share * (3 - 2 * share)
