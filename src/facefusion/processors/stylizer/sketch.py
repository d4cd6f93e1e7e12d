"""The pencil sketch: lines, hatching that grows denser where the picture is darker, and a little tone.

The hatching is that of the paper: it lies still in the frame, and what moves uncovers more or less of it. It is made
of noise drawn out in one direction, the same for every frame and every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.stylizer.canvas import LINES, at_size, grey, unit_of
from facefusion.processors.stylizer.flow import Flow, Plane, ridges, smooth

_LINE = 0.9
"""Width of lines in pixels of the canvas."""
_FAINTEST, _BLACKEST = np.float32(0.7), np.float32(6.0)
"""Strength of a ridge, 0 to 255, from which a line is seen, and at which it is as dark as it gets."""
_LINE_DARKNESS = np.float32(0.82)
_TONE = np.float32(0.2)
"""How dark the smudged pencil is on black."""
_PAPER = np.float32(250)
_GRAIN = np.float32(0.035)


@dataclass(frozen=True, slots=True)
class Hatch:
    """One layer of hatching.

    Attributes:
        angle: of its strokes in radians, clockwise from the right.
        dark: lightness below which all strokes are drawn, 0 to 1.
        light: above which none is.
        seed: of its noise.
    """

    angle: float
    dark: float
    light: float
    seed: int


_HATCHES: Final = (
    Hatch(-0.80, 0.30, 0.92, 1),
    Hatch(-0.62, 0.12, 0.66, 2),
    Hatch(0.72, 0.04, 0.46, 3),
    Hatch(-1.15, -0.05, 0.28, 4),
)
_STROKE, _THICKNESS = 11.0, 0.62
"""Half the length of a stroke, and its thickness, in pixels of the canvas."""
_HARDNESS = np.float32(2.2)
_HATCH_DARKNESS = np.float32(0.4)


class Sketch:
    """Draws frames in pencil.

    Args:
        stroke: width of lines and size of hatching; 1 is as usual.
    """

    def __init__(self, stroke: float) -> None:
        self._stroke = stroke
        self._papers: dict[tuple[int, int], tuple[npt.NDArray[np.uint8], ...]] = {}

    def paint(self, canvas: Image, size: tuple[int, int]) -> Image:
        """Return the look of a frame; see `Look`."""
        unit = unit_of(canvas) * self._stroke
        calm = np.asarray(cv2.bilateralFilter(canvas, max(3, 2 * round(2 * unit) + 1), 16.0, 2 * unit), np.uint8)
        light = grey(calm)
        lines = at_size(ridges(light, Flow.of(smooth(light, unit), 2.5 * unit), _LINE * unit), size)
        tone = at_size(smooth(light, 1.5 * unit), size) * np.float32(1 / 255)
        left = _PAPER * (1 - _LINE_DARKNESS * _share(lines, _FAINTEST, _BLACKEST))
        left *= 1 - _TONE * (1 - tone)
        *hatches, grain = self._paper(size)
        for hatch, strokes in zip(_HATCHES, hatches, strict=True):
            left *= 1 - _HATCH_DARKNESS * _drawn(hatch, strokes, tone)
        left *= 1 - _GRAIN * np.asarray(grain, np.float32) * np.float32(1 / 255)
        return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(left), cv2.COLOR_GRAY2RGB), np.uint8)

    def _paper(self, size: tuple[int, int]) -> tuple[npt.NDArray[np.uint8], ...]:
        """Return the hatching of a size, 0 where strokes come first, 255 where last, and the grain, uint8 (H, W)."""
        if size not in self._papers:
            unit = min(size) / LINES * self._stroke
            hatches = tuple(_strokes(size, hatch, unit) for hatch in _HATCHES)
            self._papers = {size: (*hatches, _even(_noise(size, 0, 0.6 * unit)))}
        return self._papers[size]


def _share(values: Plane, low: np.float32, high: np.float32) -> Plane:
    return np.asarray(np.clip((values - low) * np.float32(1 / (high - low)), 0, 1), np.float32)


def _drawn(hatch: Hatch, strokes: npt.NDArray[np.uint8], tone: Plane) -> Plane:
    """Return how dark a layer of hatching is on each pixel, 0 to 1, float32 (H, W)."""
    density = 1 - _share(tone, np.float32(hatch.dark), np.float32(hatch.light))
    over = density * np.float32(1.15) - strokes * np.float32(1 / 255)
    return np.asarray(np.clip(over * _HARDNESS, 0, 1) * (np.float32(0.55) + np.float32(0.45) * density), np.float32)


def _strokes(size: tuple[int, int], hatch: Hatch, unit: float) -> npt.NDArray[np.uint8]:
    """Return strokes of one direction, each at its own height between 0 and 255, all heights as frequent."""
    half = max(1.0, _STROKE * unit)
    side = 2 * int(np.ceil(half)) + 1
    kernel, middle = np.zeros((side, side), np.float32), side // 2
    end = (round(half * np.cos(hatch.angle)), round(half * np.sin(hatch.angle)))
    cv2.line(kernel, (middle - end[0], middle - end[1]), (middle + end[0], middle + end[1]), 1.0)
    noise = _noise(size, hatch.seed, _THICKNESS * unit)
    return _even(np.asarray(cv2.filter2D(noise, -1, kernel / kernel.sum()), np.float32))


def _noise(size: tuple[int, int], seed: int, sigma: float) -> Plane:
    noise = np.random.default_rng(seed).standard_normal(size, np.float32)
    return smooth(noise, sigma)


def _even(field: Plane) -> npt.NDArray[np.uint8]:
    """Return a field with its values as ranks, 0 to 255: each is as frequent as any other."""
    scaled = np.asarray(cv2.normalize(field, np.empty_like(field), 0, 255, cv2.NORM_MINMAX), np.float32)
    return np.asarray(cv2.equalizeHist(scaled.astype(np.uint8)), np.uint8)
