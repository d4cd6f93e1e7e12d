"""Turned heads: what would have to be stretched, and where the target's face ends in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import sample
from facefusion.processors.face_swapper.mesh.filters import Field, blur, shrink, smoothstep
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.regions import Weights

_LEAST = 0.04
"""Least cosine between surface and camera that is reckoned with."""
_STRETCH = (3.0, 5.0)
"""Stretch of the source's texture: from where the new face fades to where it is gone."""
_TURN = (15.0, 30.0)
"""Turn of the head in degrees: from where its far side may end in front of the background to where it surely does."""
_INSIDE = 4
"""Depth within the outline in pixels of the grid from which pixels surely show the face; outside, those that do not
touch it surely show what is behind."""
_SURROUNDINGS = 5.0
"""Reach, in pixels of the grid, within which colours of both are gathered."""
_COARSER = 2
"""By how much coarser than the grid that is done."""
_APART = (8.0, 20.0)
"""Distance of the two colours, in Lab units: from where they cannot be told apart to where they surely can."""
_BEYOND = (0.45, 0.75)
"""Nearness to the colour outside: from where a pixel begins to lie beyond the face to where it wholly does."""
_ENOUGH = 1e-3
"""Weight of either colour around a pixel from which it is known."""


def cosines(mesh: Points) -> Weights:
    """Return the cosine between surface and camera at each vertex of a face, float32 (468,)."""
    return np.asarray(np.maximum(-calm(vertex_normals(mesh))[:, 2], 0), np.float32)


def unstretched(normals: Points, facing: Weights) -> Weights:
    """Return the share of the new face that is not stretched too far, float32 (468,), 0 to 1.

    Args:
        normals: unit normals of the target, as `fitting.calm` gives them, float32 (468, 3).
        facing: cosine between surface and camera in the source's texture, see `cosines`.
    """
    stretch = np.maximum(-normals[:, 2], 0) / np.maximum(facing, _LEAST)
    return 1 - smoothstep(stretch, *_STRETCH)


def beyond_outline(lab: Field, silhouette: Field, yaw: float) -> Field | None:
    """Return how surely pixels at the far side of a turned head show what is behind it, float32 (H, W), 0 to 1.

    The mesh may reach a little past nose, lips and cheek; where inside and outside differ in colour, colour decides.

    Args:
        lab: the face, Lab, float32 (H, W, 3).
        silhouette: 1 within the outline of the drawn face, else 0, float32 (H, W).
        yaw: turn of the head in degrees, see `Pose`.

    Returns:
        None for a head that is not turned.
    """
    turned = float(smoothstep(np.float32(abs(yaw)), *_TURN))
    if turned == 0:
        return None
    edge = cv2.copyMakeBorder(silhouette.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(edge, cv2.DIST_L2, 3)[1:-1, 1:-1]
    outside = cv2.dilate(edge, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))[1:-1, 1:-1] == 0
    side = cv2.Sobel(blur(silhouette, 2.0), cv2.CV_32F, 1, 0) * -np.sign(yaw) > 0
    asked = np.nonzero(side & (depth <= 2 * _INSIDE))
    beyond = np.zeros(silhouette.shape, np.float32)
    if not len(asked[0]):
        return beyond
    colours = np.asarray(cv2.cvtColor(lab, cv2.COLOR_BGR2BGRA), np.float32)
    face, face_near = _gathered(colours, depth > _INSIDE, asked)
    behind, behind_near = _gathered(colours, outside, asked)
    axis = behind - face
    apart = np.sqrt((axis**2).sum(1))
    nearness = ((lab[asked] - face) * axis).sum(1) / np.maximum(apart, 1) ** 2
    known = np.minimum(face_near, behind_near) > _ENOUGH
    beyond[asked] = smoothstep(nearness, *_BEYOND) * smoothstep(apart, *_APART) * known * np.float32(turned)
    return beyond


def _gathered(lab: Field, where: npt.NDArray[np.bool_], asked: tuple[npt.NDArray[np.intp], ...]) -> tuple[Field, Field]:
    """Return the mean colour of the pixels of a mask around some pixels, and how much of it is near each.

    Args:
        lab: with a plane of ones, float32 (H, W, 4).
        where: the mask, bool (H, W).
        asked: rows and columns of the pixels, (N,) each.

    Returns:
        float32 (N, 3) and (N,).
    """
    height, width = where.shape
    size = (max(height // _COARSER, 1), max(width // _COARSER, 1))
    weighted = np.asarray(cv2.copyTo(lab, where.view(np.uint8)), np.float32)
    around = blur(shrink(weighted, size), _SURROUNDINGS / _COARSER)
    found = sample(around, rescale(np.stack(asked[::-1], 1), (height, width), size))
    near = found[:, 3]
    return np.asarray(found[:, :3] / np.maximum(near, 1e-6)[:, None], np.float32), near
