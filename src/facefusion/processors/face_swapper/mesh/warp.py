"""Warping: the target's features are moved to where the new face has them, before that is laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import Field, enlarge, smoothstep
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, MeshRaster, to_subpixels
from facefusion.processors.face_swapper.mesh.region import FaceRegion

_CONTINUED = 2
"""Pixels of the grid past the triangles' edges in which a displacement goes on."""
_RIM = (0.01, 0.16)
"""Depth within the outline in the picture, in eye distances: from where nothing moves to where all may."""


def reshaped(
    view: npt.NDArray[np.uint8], region: FaceRegion, by: Points
) -> tuple[npt.NDArray[np.uint8], FaceRegion, MeshRaster]:
    """Move the vertices of a face, and the picture with them.

    Args:
        view: pixels of the region, RGB uint8 (H, W, 3).
        region: where the face lies.
        by: how far each vertex moves, float32 (468, 3), in pixels of the frame.

    Returns:
        the pixels, where nothing changes outside of the face, the region with the face as it is then, and that face's
        triangles, drawn.
    """
    scale = np.array([region.grid[1] / region.size[1], region.grid[0] / region.size[0], 0], np.float32)
    scale[2] = scale[:2].mean()
    moved = region.mesh + by * scale * _within(region.mesh)[:, None]
    raster = MeshRaster.draw(moved, vertex_normals(moved), region.grid)
    back = spread(raster.growing(_CONTINUED), back=(region.mesh - moved)[:, :2])["back"]
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        _fill(back, moved, region.mesh - moved, rim)
    outline = region.outline()
    planes = cv2.split(np.asarray(back / scale[:2], np.float32))
    x, y = (enlarge(np.asarray(plane, np.float32), region.size) * outline for plane in planes)
    x += np.arange(region.size[1], dtype=np.float32)
    y += np.arange(region.size[0], dtype=np.float32)[:, None]
    warped = cv2.remap(view, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), replace(region, mesh=moved), raster


def _within(mesh: Points) -> Points:
    """Return how far each vertex may move, float32 (468,): what bounds the face in the picture stays."""
    hull = cv2.convexHull(np.ascontiguousarray(mesh[:, :2]))[:, 0].astype(np.float64)
    along = np.roll(hull, -1, axis=0) - hull
    across = np.column_stack([along[:, 1], -along[:, 0]]) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    # Within a convex outline the nearest point of it lies on the nearest of the lines that its sides are on.
    depths = np.abs(mesh[:, :2] @ across.T - (across * hull).sum(1)).min(1)
    eyes = max(float(np.linalg.norm(mesh[263] - mesh[33])), 1e-3)
    return smoothstep(depths / eyes, *_RIM)


def _fill(back: Field, mesh: Points, by: Points, rim: Sequence[int]) -> None:
    """Continue a displacement into an opening, as the affine map that its rim follows best."""
    corners = mesh[list(rim), :2].astype(np.float64)
    basis = np.column_stack([corners, np.ones(len(corners))])
    solution = np.linalg.lstsq(basis, by[list(rim), :2].astype(np.float64), rcond=None)[0]
    inside = np.zeros(back.shape[:2], np.uint8)
    cv2.fillPoly(inside, [to_subpixels(corners)], 1, cv2.LINE_8, SUBPIXEL_BITS)
    y, x = np.nonzero(inside)
    back[y, x] = np.column_stack([x, y, np.ones(len(x))]) @ solution
