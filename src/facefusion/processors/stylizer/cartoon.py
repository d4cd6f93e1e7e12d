"""The cartoon: flat colours in soft steps of lightness, and lines.

After Winnemöller, Olsen and Gooch, "Real-Time Video Abstraction", 2006: the steps are the softer the flatter the
picture is, so that a slow change of light does not make borders jump about.
"""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.media.frame import Image
from facefusion.processors.stylizer.canvas import as_image, at_size, grey, unit_of
from facefusion.processors.stylizer.flow import Flow, Plane, ridges, smooth

_PASSES = 3
"""Of the filter that flattens colours between edges."""
_RANGE = 20.0
"""Difference in a channel, 0 to 255, that is an edge."""
_REACH = 3.0
"""Reach of that filter in pixels of the canvas."""
_STEPS = 8
"""Of lightness, from black to white."""
_LINE = 0.9
"""Width of lines in pixels of the canvas."""
_FAINTEST, _BLACKEST = 1.2, 4.8
"""Strength of a ridge, 0 to 255, from which a line is seen, and at which it is black."""
_SOFTEST, _SHARPEST = 2.0, 9.0
"""Steepness of a step where the picture is flat and where it has an edge."""
_STEEP = 4.0
"""Change in lightness from pixel to pixel of the canvas at which a step is as sharp as it gets."""
_SATURATION = np.float32(1.18)


class Cartoon:
    """Draws frames as cartoons.

    Args:
        stroke: width of lines and size of patches; 1 is as usual.
    """

    def __init__(self, stroke: float) -> None:
        self._stroke = stroke

    def paint(self, canvas: Image, size: tuple[int, int]) -> Image:
        """Return the look of a frame; see `Look`."""
        unit = unit_of(canvas) * self._stroke
        flat = _flattened(canvas, unit)
        lines = _lines(canvas, unit)
        light = grey(flat)
        steepness = at_size(_steepness(light, unit), size)
        colours, lines = at_size(np.asarray(flat, np.float32), size), at_size(lines, size)
        return _drawn(colours, _stepped(grey(colours), steepness), _ink(lines))


def _flattened(canvas: Image, unit: float) -> Image:
    """Return the canvas with even colours between edges."""
    side = max(3, 2 * round(_REACH * unit) + 1)
    for _ in range(_PASSES):
        canvas = np.asarray(cv2.bilateralFilter(canvas, side, _RANGE, _REACH * unit), np.uint8)
    return canvas


def _lines(canvas: Image, unit: float) -> Plane:
    """Return where lines are, float32 (H, W); see `ridges`."""
    calm = cv2.bilateralFilter(canvas, max(3, 2 * round(2 * unit) + 1), _RANGE, 2 * unit)
    light = grey(np.asarray(calm))
    flow = Flow.of(smooth(light, unit), 3 * unit)
    return ridges(light, flow, _LINE * unit)


def _ink(lines: Plane) -> Plane:
    """Return what lines leave of the light, 0 to 1, float32 (H, W)."""
    share = np.clip((lines - np.float32(_FAINTEST)) * np.float32(1 / (_BLACKEST - _FAINTEST)), 0, 1)
    return np.asarray(1 - share * share * (3 - 2 * share), np.float32)


def _steepness(light: Plane, unit: float) -> Plane:
    soft = smooth(light, 2 * unit)
    slope = cv2.magnitude(
        cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    )
    share = np.minimum(np.asarray(slope, np.float32) * np.float32(unit / _STEEP), 1)
    return np.asarray(_SOFTEST + (_SHARPEST - _SOFTEST) * share, np.float32)


def _stepped(light: Plane, steepness: Plane) -> Plane:
    """Return the lightness in soft steps, 0 to 255, float32 (H, W)."""
    step = np.float32(255 / _STEPS)
    level = light / step
    border = np.rint(level)
    risen = np.tanh(steepness * (level - border)) / np.tanh(np.float32(0.5) * steepness)
    return np.asarray((border + np.float32(0.5) * risen) * step, np.float32)


def _drawn(colours: Plane, light: Plane, ink: Plane) -> Image:
    """Return the colours, RGB float32, 0 to 255, in another lightness, with lines over them."""
    before = grey(colours)
    shift = light - before * _SATURATION
    coloured = colours * _SATURATION + shift[:, :, None]
    return as_image(np.clip(coloured, 0, 255) * ink[:, :, None])
