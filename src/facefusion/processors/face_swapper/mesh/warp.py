"""Warping: the target's features are moved to where the new face has them, before that is laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, enlarge, smoothstep
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, MeshRaster, to_subpixels
from facefusion.processors.face_swapper.mesh.region import FaceRegion

_CONTINUED = 2
"""Pixels of the grid past the triangles' edges in which a displacement goes on."""
_RIM = (0.01, 0.16)
"""Depth within the outline in the picture, in eye distances: from where nothing moves to where all may."""
_FLAT = 1e-9
"""Share of the extent of an opening's rim, and of a pixel, that is taken for its height where it has none."""
_SHARP = 0.04
"""Margin around eyes and mouth within which the picture is read sharply, in eye distances."""


def reshaped(
    view: npt.NDArray[np.uint8], region: FaceRegion, outline: Field, by: Points
) -> tuple[npt.NDArray[np.uint8], FaceRegion, MeshRaster]:
    """Move the vertices of a face, and the picture with them.

    Args:
        view: pixels of the region, RGB uint8 (H, W, 3).
        region: where the face lies.
        outline: what lies within the face's, see `FaceRegion.outline`.
        by: how far each vertex moves, float32 (468, 3), in pixels of the frame.

    Returns:
        the pixels, where nothing changes outside of the face, the region with the face as it is then, and that face's
        triangles, drawn.
    """
    scale = np.array([region.grid[1] / region.size[1], region.grid[0] / region.size[0], 0], np.float32)
    scale[2] = scale[:2].mean()
    moved = region.mesh + by * scale * _within(region.mesh)[:, None]
    raster = MeshRaster.draw(moved, vertex_normals(moved), region.grid)
    by = ((region.mesh - moved) / scale)[:, :2]
    back = raster.growing(_CONTINUED).planes(by)
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        _fill(back, moved, by, rim)
    x, y = (enlarge(plane, region.size) * outline for plane in back)
    x += np.arange(region.size[1], dtype=np.float32)
    y += np.arange(region.size[0], dtype=np.float32)[:, None]
    return _read(view, x, y, _shown(moved, region)), replace(region, mesh=moved), raster


def _read(
    view: npt.NDArray[np.uint8], x: Field, y: Field, sharp: Sequence[tuple[slice, slice]]
) -> npt.NDArray[np.uint8]:
    """Return the picture read at other places, where it will be seen by a sharper filter at five times the cost."""
    # OpenCV reads four planes faster than three.
    four = cv2.cvtColor(view, cv2.COLOR_RGB2RGBA)
    plain = cv2.remap(four, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped = np.asarray(cv2.cvtColor(plain, cv2.COLOR_RGBA2RGB), np.uint8)
    for part in sharp:
        warped[part] = cv2.remap(view, x[part], y[part], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return warped


def _shown(mesh: Points, region: FaceRegion) -> list[tuple[slice, slice]]:
    """Return the parts of the region, rows and columns, where the target shows through: its eyes and its mouth."""
    full, margin = rescale(mesh[:, :2], region.grid, region.size), _SHARP * np.linalg.norm(mesh[263] - mesh[33])
    parts = []
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        points = full[list(rim)]
        left, top = np.maximum(np.floor(points.min(0) - margin), 0).astype(int).tolist()
        right, bottom = np.ceil(points.max(0) + margin).astype(int).tolist()
        if right > left and bottom > top and left < region.size[1] and top < region.size[0]:
            parts.append((slice(top, bottom), slice(left, right)))
    return parts


def _within(mesh: Points) -> Points:
    """Return how far each vertex may move, float32 (468,): what bounds the face in the picture stays."""
    hull = cv2.convexHull(np.ascontiguousarray(mesh[:, :2]))[:, 0].astype(np.float64)
    along = np.roll(hull, -1, axis=0) - hull
    across = np.column_stack([along[:, 1], -along[:, 0]]) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    # Within a convex outline the nearest point of it lies on the nearest of the lines that its sides are on.
    depths = np.abs(across @ mesh[:, :2].T - (across * hull).sum(1)[:, None]).min(0)
    eyes = max(float(np.linalg.norm(mesh[263] - mesh[33])), 1e-3)
    return smoothstep(depths / eyes, *_RIM)


def _affine(places: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the affine map that values, (N, K), at places, (N, 2), follow best: slopes and level, float32 (3, K)."""
    middles = places.mean(0), values.mean(0)
    spread, joint = places - middles[0], values - middles[1]
    (xx, xy), (_, yy) = spread.T @ spread
    # What lies on one line, like lids that have met, tells nothing across it.
    least = _FLAT * (xx + yy + 1)
    slopes = np.linalg.solve([[xx + least, xy], [xy, yy + least]], spread.T @ joint)
    return np.vstack([slopes, middles[1] - middles[0] @ slopes]).astype(np.float32)


def _fill(back: Field, mesh: Points, by: Points, rim: Sequence[int]) -> None:
    """Continue a displacement into an opening, as the affine map that its rim follows best, in place.

    Args:
        back: the displacement, across and down, float32 (2, H, W).
        mesh: float32 (468, 3), in its pixels.
        by: the displacement at the vertices, float32 (468, 2).
        rim: vertices of the opening's rim.
    """
    corners = mesh[list(rim), :2].astype(np.float64)
    solution = _affine(corners, by[list(rim)].astype(np.float64))
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, back.shape[:0:-1])
    if (high <= low).any():
        return
    inside = np.zeros((high - low)[::-1], np.uint8)
    cv2.fillPoly(inside, [to_subpixels(corners - low)], 1, cv2.LINE_8, SUBPIXEL_BITS)
    y, x = np.nonzero(inside)
    x, y = x + low[0], y + low[1]
    for plane, (across, down, level) in zip(back, solution.T, strict=True):
        plane[y, x] = x * across + y * down + level
