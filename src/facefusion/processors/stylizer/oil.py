"""The oil painting: brush strokes that lie along the edges.

After the anisotropic Kuwahara filter (Kyprianidis, Kang and Döllner, 2009): each pixel takes the colour of the evenest
of eight sectors around it, which are drawn out along the edges. A sector is the smooth picture at a place beside the
pixel, so that one smoothing does for all. The paint is lit from the upper left, as if it stood as high as it is light.
"""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.media.frame import Image
from facefusion.processors.stylizer.canvas import as_image, at_size, grey, unit_of
from facefusion.processors.stylizer.flow import Flow, Plane, along, places, smooth

_SECTORS = 8
_RADIUS, _SPREAD = 2.7, 1.35
"""Distance of sectors from the pixel, and their smoothing, in pixels of the canvas."""
_SQUARES = 3
"""How strongly an even sector is preferred: how often its weight is squared."""
_NOISE = np.float32(1.5)
"""Spread of lightness, 0 to 255, that is as good as none."""
_RELIEF, _MOST_RELIEF = np.float32(0.5), np.float32(14)
"""How far slopes of the paint catch light, and, 0 to 255, from which light on they are edges of things."""
_SHARPER = np.float32(0.35)
_BRISTLES, _MOST_BRISTLES = np.float32(2.2), np.float32(12)
"""How far the picture's fine detail, drawn out along the strokes, shows as marks of bristles, and up to which mark."""


class Oil:
    """Paints frames in oil.

    Args:
        stroke: size of brush strokes; 1 is as usual.
    """

    def __init__(self, stroke: float) -> None:
        self._stroke = stroke

    def paint(self, canvas: Image, size: tuple[int, int]) -> Image:
        """Return the look of a frame; see `Look`."""
        unit = unit_of(canvas) * self._stroke
        colours = np.asarray(canvas, np.float32)
        flow = Flow.of(smooth(grey(canvas), unit), 3 * unit)
        painted = along(_strokes(colours, flow, unit), flow, 1.6 * unit)
        painted = _sharpened(painted, unit)
        lit = painted + (_relief(grey(painted), unit) + _bristles(grey(canvas), flow, unit))[:, :, None]
        return as_image(np.clip(at_size(lit, size), 0, 255))


def _strokes(colours: Plane, flow: Flow, unit: float) -> Plane:
    """Return the mean of the even sectors around each pixel, RGB float32 (H, W, 3)."""
    light = grey(colours)
    mean, square, middle = (smooth(plane, _SPREAD * unit) for plane in (colours, light * light, light))
    told = np.asarray(cv2.merge([mean, np.sqrt(np.maximum(square - middle * middle, 0))]), np.float32)
    start_x, start_y = places(light.shape)
    longer = 1 + flow.sure
    ahead, aside = np.float32(_RADIUS * unit) * longer, np.float32(_RADIUS * unit) / longer
    total, weights = np.zeros_like(colours), np.zeros_like(light)
    for number in range(_SECTORS):
        angle = 2 * np.pi * number / _SECTORS
        far, near = ahead * np.float32(np.cos(angle)), aside * np.float32(np.sin(angle))
        x, y = start_x - far * flow.y + near * flow.x, start_y + far * flow.x + near * flow.y
        sector = np.asarray(cv2.remap(told, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
        weight = _NOISE / (sector[:, :, 3] + _NOISE)
        for _ in range(_SQUARES):
            weight *= weight  # a power of two: three products take a twentieth of the time of `**`
        total += np.asarray(sector[:, :, :3] * weight[:, :, None], np.float32)
        weights += weight
    return total / weights[:, :, None]


def _sharpened(painted: Plane, unit: float) -> Plane:
    """Return the paint sharper, and nowhere lighter or darker than near by: there are no seams beside its edges."""
    side = 2 * max(1, round(unit)) + 1
    near = np.ones((side, side), np.uint8)
    sharper = painted + _SHARPER * (painted - smooth(painted, 1.6 * unit))
    return np.asarray(np.clip(sharper, cv2.erode(painted, near), cv2.dilate(painted, near)), np.float32)


def _relief(light: Plane, unit: float) -> Plane:
    """Return the light that slopes of the paint catch, float32 (H, W)."""
    soft = smooth(light, 0.8 * unit)
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8) + cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    return _of_paint(slope * _RELIEF * np.float32(unit), _MOST_RELIEF)


def _bristles(light: Plane, flow: Flow, unit: float) -> Plane:
    """Return marks of bristles, float32 (H, W); they are of the picture, so that they move with it."""
    fine = along(light - smooth(light, 1.2 * unit), flow, 2.2 * unit)
    return _of_paint(fine * _BRISTLES, _MOST_BRISTLES)


def _of_paint(values: Plane, most: np.float32) -> Plane:
    """Return small values as they are, and less and less of larger ones, float32 (H, W).

    What is steeper than paint is the edge of a thing, along which there would be a bright seam.
    """
    steep = values / most
    return np.asarray(values / (1 + np.square(steep * steep)), np.float32)
