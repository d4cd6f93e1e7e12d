"""The head as a surface: depth for every place of the canvas, from the mesh outwards to hair and neck."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.indices import CHIN, OVAL
from talking_portrait.portrait import Portrait

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Depth and mobility on a regular grid around the head; whatever lies outside stays where it is.

    Attributes:
        points: grid places, float64 (rows, columns, 2), pixels of the canvas; may reach beyond its edges.
        spacing: pixels from place to place.
        depth: float64 (rows, columns), pixels, smaller is nearer; 0 is the depth of the neck's axis.
        turning: share of the head's turn and nod that a place follows, 0 to 1.
        carried: share of the head's tilt and shift that a place follows, 0 to 1.
        pivot: place of the axis on the canvas, (x, y).
    """

    points: Array
    spacing: float
    depth: Array
    turning: Array
    carried: Array
    pivot: Array

    def sample(self, grid: Array, places: Array) -> Array:
        """Read `grid` (rows, columns, ...) at `places` (N, 2) of the canvas, between the grid's places linearly."""
        return read_grid(grid, (places - self.points[0, 0]) / self.spacing)


def build_surface(portrait: Portrait, spacing: float) -> Surface:
    """Continue the mesh of `portrait` smoothly to the whole head.

    Args:
        portrait: the person at rest.
        spacing: distance of grid places in pixels.
    """
    axis = _axis_depth(portrait)
    centres = portrait.mesh.copy()
    centres[:, 2] -= axis
    centres[list(OVAL), 2] *= _outline_share(portrait)
    spline = _Spline(np.vstack([centres, _anchors(portrait, axis)]))
    points = _grid(portrait, spacing)
    radius = _head_radius(portrait, points)
    near = radius < 1.6
    depth = np.zeros(points.shape[:2])
    depth[near] = np.minimum(spline(points[near]), 0) * (1 - smoothstep(1.15, 1.6, radius[near]))
    depth = _relaxed(portrait, points, depth, spacing)
    # places at the depth of the axis are where the head curves out of sight: its outline must not shrink as it turns
    turning = (1 - smoothstep(0.9, 1.3, radius)) * (1 - np.exp(depth / (0.11 * portrait.face_width)))
    return Surface(
        points=points,
        spacing=spacing,
        depth=depth,
        turning=turning,
        carried=_carried(portrait, points, radius),
        pivot=np.array([portrait.centre[0], portrait.centre[1] + 0.1 * portrait.face_height]),
    )


def read_grid(grid: Array, places: Array) -> Array:
    """Read `grid` (rows, columns, ...) between its places linearly; `places` (N, 2) as column and row."""
    rows, columns = grid.shape[:2]
    x = np.clip(places[:, 0], 0, columns - 1.001)
    y = np.clip(places[:, 1], 0, rows - 1.001)
    i, j = y.astype(int), x.astype(int)
    shape = (-1,) + (1,) * (grid.ndim - 2)
    u, v = (x - j).reshape(shape), (y - i).reshape(shape)
    top = grid[i, j] * (1 - u) + grid[i, j + 1] * u
    low = grid[i + 1, j] * (1 - u) + grid[i + 1, j + 1] * u
    return np.asarray(top * (1 - v) + low * v)


def _grid(portrait: Portrait, spacing: float) -> Array:
    """Lay the grid so that its rim stands still, or lies outside the canvas."""
    height, width = portrait.image.shape[:2]
    margin = 0.5 * portrait.face_width
    reach = 2.35 * np.array([0.66 * portrait.face_width, 0.80 * portrait.face_height])
    low = np.maximum(portrait.centre - reach, -margin)
    high = np.minimum(portrait.centre + reach, [width + margin, height + margin])
    x, y = (np.arange(low[axis], high[axis] + spacing, spacing) for axis in (0, 1))
    return np.stack(np.meshgrid(x, y), axis=-1)


def _relaxed(portrait: Portrait, points: Array, depth: Array, spacing: float) -> Array:
    """Round the sides of the face: what comes into view there as the head turns is stretched, so let it be evenly."""
    width = portrait.face_width
    round_depth = cv2.GaussianBlur(depth, (0, 0), 0.10 * width / spacing, borderType=cv2.BORDER_REPLICATE)
    share = smoothstep(0.55, 0.95, np.abs(points[..., 0] - portrait.centre[0]) / (0.5 * width))
    return np.asarray(depth + share * (round_depth - depth))


def _axis_depth(portrait: Portrait) -> float:
    """Depth at which the outline of the face meets the ears."""
    return float(np.percentile(portrait.mesh[list(OVAL), 2], 80))


def _outline_share(portrait: Portrait) -> Array:
    """Lay the jaw's outline back at its sides, as much as the surface behind it that the portrait does not show."""
    away = portrait.mesh[list(OVAL), :2] - portrait.centre
    sideways = np.abs(away[:, 0]) / np.linalg.norm(away, axis=1)
    return np.asarray(1 - 0.5 * smoothstep(0.1, 0.7, sideways))


def _head_radius(portrait: Portrait, points: Array) -> Array:
    """Measure how far out a place is: 1 on an egg around the head, less inside."""
    middle = portrait.centre - [0, 0.12 * portrait.face_height]
    x = (points[..., 0] - middle[0]) / (0.66 * portrait.face_width)
    y = (points[..., 1] - middle[1]) / (0.80 * portrait.face_height)
    return np.asarray(np.hypot(x, y))


def _carried(portrait: Portrait, points: Array, radius: Array) -> Array:
    """Follow the head up to the hair's edge and down the neck ever less."""
    chin, height = portrait.mesh[CHIN, 1], portrait.face_height
    neck = smoothstep(chin - 0.1 * height, chin + 0.55 * height, points[..., 1])
    return np.asarray((1 - smoothstep(1.35, 2.3, radius)) * (1 - neck))


def _anchors(portrait: Portrait, axis: float) -> Array:
    """Tell the spline where head and neck go outside the mesh: back to the axis, over the skull more slowly."""
    outline = portrait.mesh[list(OVAL)]
    away = outline[:, :2] - portrait.centre
    size = portrait.face_height
    direction = away / np.linalg.norm(away, axis=1, keepdims=True)
    up = np.clip(-direction[:, 1], 0, 1)
    depth = (outline[:, 2] - axis) * _outline_share(portrait)
    rings = []
    for distance, keep_up in ((0.10, 0.85), (0.22, 0.6), (0.36, 0.3), (0.55, 0.0)):
        ring = np.empty_like(outline)
        ring[:, :2] = outline[:, :2] + direction * distance * size
        ring[:, 2] = depth * keep_up * smoothstep(0.3, 0.9, up)
        rings.append(ring)
    return np.vstack(rings)


class _Spline:
    """Thin plate spline z(x, y) (Duchon 1977) with a little smoothing against the jitter of the mesh."""

    def __init__(self, control: Array, stiffness: float = 1e-4) -> None:
        self._shift = control[:, :2].mean(0)
        self._scale = float(np.ptp(control[:, 0]))
        self._places = (control[:, :2] - self._shift) / self._scale
        count = len(control)
        linear = np.c_[np.ones(count), self._places]
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _kernel(self._places, self._places) + stiffness * np.eye(count)
        system[:count, count:] = linear
        system[count:, :count] = linear.T
        self._weights = np.linalg.solve(system, np.r_[control[:, 2], np.zeros(3)])

    def __call__(self, points: Array) -> Array:
        """Return z at `points` (..., 2)."""
        flat = (points.reshape(-1, 2) - self._shift) / self._scale
        value = _kernel(flat, self._places) @ self._weights[:-3] + np.c_[np.ones(len(flat)), flat] @ self._weights[-3:]
        return np.asarray(value.reshape(points.shape[:-1]))


def _kernel(a: Array, b: Array) -> Array:
    square = np.maximum(((a[:, None] - b[None]) ** 2).sum(-1), 1e-12)
    return np.asarray(0.5 * square * np.log(square))
