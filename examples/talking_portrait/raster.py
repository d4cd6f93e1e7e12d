"""From moved triangles to a dense inverse map: for each pixel of the result, where to look in the portrait."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Planes = npt.NDArray[np.float32]


def grid_triangles(rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Cut a grid of points into triangles, (2 (rows - 1) (columns - 1), 3), with diagonals in turn."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    even = (np.add.outer(np.arange(rows - 1), np.arange(columns - 1)) % 2 == 0)[..., None]
    first = np.where(even, np.stack([a, b, d], -1), np.stack([a, b, c], -1))
    second = np.where(even, np.stack([a, d, c], -1), np.stack([b, d, c], -1))
    return np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


def inverse_map(
    moved: Array, depth: Array, source: Array, triangles: npt.NDArray[np.int64], size: tuple[int, int]
) -> tuple[Planes, Planes]:
    """Draw triangles with a depth buffer and return the source place of every pixel.

    Drawn at every second pixel and enlarged; where one part of the surface passes in front of another, drawn again at
    every pixel, so that the edge is neither a smear nor a staircase.

    Args:
        moved: (N, 2) places in the result, pixels.
        depth: (N,), smaller is nearer.
        source: (N, 2) places in the portrait.
        triangles: (M, 3) point numbers; together they cover the whole result.
        size: width and height of the result.

    Returns:
        x and y of the source, float32 (height, width, 2), and where the edges are, float32 (height, width) 0..1.
    """
    # one pixel more on each side, so that enlarging never has to guess
    small_size = -(-size[0] // 2) + 2, -(-size[1] // 2) + 2
    small = _draw((moved - 0.5) / 2 + 1, depth, source, triangles, small_size)
    planes = _enlarge(small, size)
    seams = _jumps(small, limit=8.0)
    if not seams.any():
        return planes, np.zeros((size[1], size[0]), np.float32)
    around = cv2.dilate(seams, np.ones((5, 5), np.uint8))
    wide = cv2.dilate(around, np.ones((15, 15), np.uint8))
    column, row = np.clip(np.rint(moved / 2 + 1).astype(int), 0, np.array(small_size) - 1).T
    near = wide[row, column].astype(bool)[triangles].any(axis=1)
    sharp = _draw(moved, depth, source, triangles[near], size)
    redo = np.repeat(np.repeat(around[1:-1, 1:-1], 2, axis=0), 2, axis=1)[: size[1], : size[0]].astype(bool)
    redo &= sharp.any(axis=2)
    planes[redo] = sharp[redo]
    edges = _jumps(planes, limit=5.0).astype(np.float32) * redo
    soft = cv2.GaussianBlur(cv2.dilate(edges, np.ones((2, 2), np.uint8)), (0, 0), 0.7)
    return planes, np.asarray(soft, dtype=np.float32)


def _enlarge(small: Planes, size: tuple[int, int]) -> Planes:
    """Double the size and drop the rim."""
    enlarged = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(enlarged[2 : 2 + size[1], 2 : 2 + size[0]], dtype=np.float32)


def _jumps(planes: Planes, *, limit: float) -> npt.NDArray[np.uint8]:
    """Mark the pixels whose neighbour to the left or above comes from further away than `limit` pixels."""
    marks = np.zeros(planes.shape[:2], np.uint8)
    marks[:, 1:] |= (np.abs(np.diff(planes, axis=1)) > limit).any(axis=2)
    marks[1:] |= (np.abs(np.diff(planes, axis=0)) > limit).any(axis=2)
    return marks


def _draw(moved: Array, depth: Array, source: Array, triangles: npt.NDArray[np.int64], size: tuple[int, int]) -> Planes:
    """Draw with a depth buffer at every pixel; pixels that no triangle covers are 0."""
    width, height = size
    corners = moved[triangles]
    values = np.concatenate([depth[:, None], source], axis=1)[triangles]
    hits = [_cover(corners[part], values[part], width, height, reach) for part, reach in _by_size(corners)]
    pixel = np.concatenate([hit[0] for hit in hits])
    value = np.concatenate([hit[1] for hit in hits])
    nearest = np.full(width * height, np.inf)
    np.minimum.at(nearest, pixel, value[:, 0])
    front = value[:, 0] <= nearest[pixel]
    found = np.zeros((width * height, 2), np.float32)
    found[pixel[front]] = value[front, 1:]
    return found.reshape(height, width, 2)


def _by_size(corners: Array) -> list[tuple[npt.NDArray[np.bool_], int]]:
    """Sort triangles into groups that fit into squares of the same side, so that each group is one array."""
    low, high = _bounds(corners)
    side = np.maximum(high[:, 0] - low[:, 0], high[:, 1] - low[:, 1]) + 1
    groups, below = [], 0
    for reach in (1, 2, 3, 4, 5, 6, 8, 11, 16, 24, 48, 96):
        part = (side > below) & (side <= reach)
        if part.any():
            groups.append((part, reach))
        below = reach
    return groups


def _bounds(corners: Array) -> tuple[Array, Array]:
    """Return the first and the last pixel, (M, 2) each, that triangles can cover."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    return np.ceil(np.minimum(np.minimum(a, b), c)), np.floor(np.maximum(np.maximum(a, b), c))


def _cover(corners: Array, values: Array, width: int, height: int, reach: int) -> tuple[npt.NDArray[np.int64], Array]:
    """Find the pixels that each triangle covers and interpolate its values there, by barycentric coordinates."""
    low, _ = _bounds(corners)
    step_y, step_x = (steps.ravel() for steps in np.mgrid[:reach, :reach])
    x, y = low[:, :1] + step_x, low[:, 1:] + step_y
    (ax, ay), (bx, by), (cx, cy) = (corners[:, i].T[..., None] for i in range(3))
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    area = 1 / np.where(np.abs(area) < 1e-9, np.inf, area)
    v = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) * area
    w = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) * area
    edge = -1e-6
    inside = (v >= edge) & (w >= edge) & (v + w <= 1 - edge) & (area != 0)
    inside &= (x >= 0) & (y >= 0) & (x < width) & (y < height)
    triangle, offset = np.nonzero(inside)
    v, w = v[triangle, offset][:, None], w[triangle, offset][:, None]
    corner = values[triangle]
    value = corner[:, 0] + v * (corner[:, 1] - corner[:, 0]) + w * (corner[:, 2] - corner[:, 0])
    return (y[triangle, offset] * width + x[triangle, offset]).astype(np.int64), value
