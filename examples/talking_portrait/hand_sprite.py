"""Draws a hand seen from its back, with forearm and sleeve, as rounded limbs under one light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep

Array = npt.NDArray[np.float64]
Limb = tuple[tuple[float, float, float], ...]
_BARE_TO, _SLEEVE_FROM = 3.3, 1.9  # where skin and cloth can be seen along the arm
_WIDTH, _ABOVE, _BELOW = 3.4, 1.75, 7.0  # extent of the drawing in palm widths; 0 is the middle of the knuckles

# Limbs as (x, y, radius) along their length in palm widths, y down; the palm is one wide.
_FINGERS = (
    ((-0.36, 0.04, 0.150), (-0.44, -0.46, 0.133), (-0.48, -0.78, 0.119), (-0.49, -0.99, 0.100)),
    ((-0.12, -0.03, 0.155), (-0.15, -0.60, 0.137), (-0.165, -0.98, 0.123), (-0.175, -1.22, 0.102)),
    ((0.13, -0.01, 0.150), (0.145, -0.55, 0.133), (0.15, -0.91, 0.120), (0.15, -1.14, 0.100)),
    ((0.36, 0.08, 0.133), (0.42, -0.32, 0.116), (0.45, -0.57, 0.105), (0.46, -0.76, 0.088)),
)
_THUMB = ((-0.30, 0.85, 0.20), (-0.60, 0.52, 0.165), (-0.82, 0.22, 0.135), (-0.93, -0.06, 0.105))
_PALM = (
    ((-0.30, 0.05, 0.18), (-0.20, 0.95, 0.24)),
    ((-0.10, 0.00, 0.19), (-0.08, 0.95, 0.26)),
    ((0.12, 0.02, 0.18), (0.06, 0.95, 0.26)),
    ((0.33, 0.10, 0.16), (0.18, 0.95, 0.24)),
)
_ARM = ((0.0, 0.80, 0.30), (0.0, 1.25, 0.285), (0.03, 2.2, 0.36), (0.05, 3.4, 0.43))
_SLEEVE = ((0.04, 2.55, 0.50), (0.07, 3.6, 0.58), (0.10, 7.5, 0.78))
_LIGHT = np.array([-0.45, -0.55, 0.70])
_CLOTH = np.array([52.0, 60.0, 82.0])


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A drawing with transparency.

    Attributes:
        rgba: uint8 (height, width, 4).
        unit: pixels of a palm's width.
        knuckles: place of the middle of the knuckles, (x, y) pixels.
    """

    rgba: npt.NDArray[np.uint8]
    unit: float
    knuckles: Array

    def mirrored(self) -> Sprite:
        """Return the other hand."""
        place = np.array([self.rgba.shape[1] - 1 - self.knuckles[0], self.knuckles[1]])
        return Sprite(np.ascontiguousarray(self.rgba[:, ::-1]), self.unit, place)


def draw_sprite(skin: Array, unit: int) -> Sprite:
    """Draw a hand in the colour `skin` (RGB 0..255) with a palm of `unit` pixels."""
    x = (np.arange(round(_WIDTH * unit), dtype=np.float32) + 0.5) / unit - _WIDTH / 2
    y = (np.arange(round((_ABOVE + _BELOW) * unit), dtype=np.float32) + 0.5) / unit - _ABOVE
    grid = np.meshgrid(x, y)
    soft = 1.2 / unit
    bare, cuff = np.searchsorted(y, [_BARE_TO, _SLEEVE_FROM])
    colour, inside = np.zeros((*grid[0].shape, 3)), np.full(grid[0].shape, -9.0)
    hand = _Relief(grid[0][:bare], grid[1][:bare], (*_PALM, _ARM, _THUMB, *_FINGERS))
    colour[:bare], inside[:bare] = _skin_colour(hand, skin, unit), hand.inside
    sleeve = _Relief(grid[0][cuff:], grid[1][cuff:], (_SLEEVE,))
    worn = smoothstep(-soft, soft, sleeve.inside)[..., None]
    colour[cuff:] += worn * (_cloth_colour(sleeve, unit) - colour[cuff:])
    inside[cuff:] = np.maximum(inside[cuff:], sleeve.inside)
    rgba = np.dstack([colour, smoothstep(-soft, soft, inside) * 255])
    knuckles = np.array([_WIDTH / 2, _ABOVE]) * unit - 0.5
    return Sprite(np.rint(np.clip(rgba, 0, 255)).astype(np.uint8), float(unit), knuckles)


class _Relief:
    """Union of rounded limbs: their height over the picture plane and their signed distance to the outline."""

    def __init__(self, x: Array, y: Array, limbs: Sequence[Limb]) -> None:
        self.x, self.y = x, y
        self.height = np.zeros_like(x)
        self.inside = np.full_like(x, -9.0)
        for limb in limbs:
            self._add(limb)

    def _add(self, limb: Limb) -> None:
        height, inside = np.zeros_like(self.x), np.full_like(self.x, -9.0)
        for start, end in pairwise(limb):
            distance, radius = self._measure(start, end)
            inside = np.maximum(inside, radius - distance)
            height = np.maximum(height, np.sqrt(np.maximum(radius**2 - distance**2, 0)))
        self.height = _blend(self.height, height, 0.045)
        self.inside = np.maximum(self.inside, inside)

    def normals(self, unit: int) -> Array:
        smooth = cv2.GaussianBlur(self.height, (0, 0), 0.018 * unit)
        slope_y, slope_x = np.gradient(smooth, 1 / unit)
        normals = np.dstack([-slope_x, -slope_y, np.ones_like(slope_x)])
        return np.asarray(normals / np.linalg.norm(normals, axis=-1, keepdims=True))

    def _measure(self, start: tuple[float, float, float], end: tuple[float, float, float]) -> tuple[Array, Array]:
        """Return the distance to a piece of limb's axis and its radius there."""
        (ax, ay, ar), (bx, by, br) = start, end
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((self.x - ax) * (bx - ax) + (self.y - ay) * (by - ay)) / length, 0, 1)
        distance = np.hypot(self.x - ax - along * (bx - ax), self.y - ay - along * (by - ay))
        return distance, ar + along * (br - ar)


def _blend(a: Array, b: Array, width: float) -> Array:
    """Return the larger of two heights, rounded where they meet and both are above the plane."""
    both = np.minimum(a, b) > 0
    mix = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    smooth = a + (b - a) * mix + width * mix * (1 - mix)
    return np.where(both, smooth, np.maximum(a, b))


def _skin_colour(hand: _Relief, skin: Array, unit: int) -> Array:
    lit = np.clip(hand.normals(unit) @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, None)
    mottle = np.random.default_rng(5).standard_normal(hand.x.shape)
    coarse = cv2.GaussianBlur(mottle, (0, 0), 0.04 * unit)
    fine = cv2.GaussianBlur(mottle, (0, 0), 0.010 * unit)
    shade = 0.50 + 0.68 * lit + 0.025 * coarse / coarse.std() + 0.020 * fine / fine.std()
    # light that comes through and around flesh makes its shadows redder, not grey
    tint = np.array([1.0, 0.965, 0.95]) ** (3.0 * np.clip(1.1 - shade, 0, 1)[..., None])
    colour = skin * 0.95 * shade[..., None] * tint
    details = int(np.searchsorted(hand.y[:, 0], 0.7))
    x, y, fingers = hand.x[:details], hand.y[:details], colour[:details]
    for finger in _FINGERS:
        fingers[:] = _joints(x, y, fingers, finger)
    for finger in (*_FINGERS, _THUMB):
        fingers[:] = _nail(x, y, fingers, finger)
    return np.asarray(colour)


def _joints(grid_x: Array, grid_y: Array, colour: Array, finger: Limb) -> Array:
    """Redden the knuckles and draw the creases over the joints."""
    for index, strength in ((0, 0.35), (1, 1.0), (2, 0.8)):
        x, y, radius = finger[index]
        near = np.exp(-((grid_x - x) ** 2 + (grid_y - y) ** 2) / (0.9 * radius) ** 2)[..., None]
        colour = colour * (1 - near * strength * np.array([0.02, 0.10, 0.10]))
        if index:
            for offset in (-0.035, 0.0, 0.035):
                line = np.exp(-(((grid_y - y - offset) / 0.009) ** 2) - ((grid_x - x) / (0.62 * radius)) ** 2)
                colour = colour * (1 - 0.16 * strength * line[..., None])
    return np.asarray(colour)


def _nail(grid_x: Array, grid_y: Array, colour: Array, finger: Limb) -> Array:
    """Put a nail near the tip, along the last bone."""
    (bx, by, _), (x, y, radius) = finger[-2], finger[-1]
    along = np.array([x - bx, y - by]) / np.hypot(x - bx, y - by)
    u = (grid_x - x) * along[0] + (grid_y - y) * along[1] - 0.15 * radius
    v = (grid_x - x) * -along[1] + (grid_y - y) * along[0]
    form = (np.abs(u) / (0.85 * radius)) ** 3 + (np.abs(v) / (0.62 * radius)) ** 3
    cover = (1 - smoothstep(0.75, 1.05, form))[..., None]
    gloss = np.exp(-((v / radius + 0.2) ** 2) / 0.05)[..., None]
    nail = colour * np.array([1.02, 0.97, 0.98]) + 16 * gloss
    rim = (smoothstep(0.6, 0.95, form) * (1 - smoothstep(0.95, 1.25, form)))[..., None]
    return np.asarray((colour + cover * (nail - colour)) * (1 - 0.16 * rim))


def _cloth_colour(sleeve: _Relief, unit: int) -> Array:
    lit = np.clip(sleeve.normals(unit) @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, None)
    folds = 0.05 * np.sin(9 * sleeve.y + 2.2 * np.sin(3.1 * sleeve.x + 1.3 * sleeve.y))
    cuff = 1 - 0.25 * np.exp(-(((sleeve.y - 2.42) / 0.03) ** 2)) - 0.12 * np.exp(-(((sleeve.y - 2.75) / 0.02) ** 2))
    return np.asarray(_CLOTH * ((0.45 + 0.75 * lit + folds) * cuff)[..., None])
