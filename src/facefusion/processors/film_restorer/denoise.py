"""Grain and noise: averaged away over frames that show the same, and, where none does, within the frame.

The frames around are brought to where things are in this one. Each counts by how well it shows the same: where it is
off by more than noise explains, as around lips that move or hands that uncover something, it counts for nothing, so
that nothing is smeared. What noise is left depends on how many counted, and is taken away within the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.motion import Field
from facefusion.processors.film_restorer.noise import (
    LAG,
    TO_LUMA,
    Floats,
    Grain,
    GrainMeter,
    deviations,
    luma_chroma,
)
from facefusion.processors.film_restorer.shrink import REACH, Fineness, shrunk
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

_BEFORE, _AFTER = 3, 1
_LEAST: Final = 0.5
"""Standard deviation of Y, of 255, below which a film counts as clean."""
_ROWS: Final = 256
"""Rows that are worked on at a time."""
_LINES: Final = 540
"""Lines up to which the surroundings of a pixel are those given here; in larger frames they grow."""
_SQUARE: Final = 5
_BLUR: Final = 1.2
_SURE: Final = 2.0
"""Standard deviations by which two frames may differ and show the same."""
_STRICT: Final = 4.0
"""How much a difference counts beside the noise that is saved."""
_COLOUR_FLOOR: Final = 1.0
"""Of 255: noise of colour that is taken for granted when frames are compared."""


class Denoise:
    """Takes grain and noise away; see `Step`.

    Args:
        strength: 1 to 100; the share of the noise that goes, in percent.
    """

    name = "noise"
    reach = Reach(_BEFORE, _AFTER)
    needs_motion = True
    moves = False

    def __init__(self, strength: int) -> None:
        self._strength = strength
        self._meter = GrainMeter()

    @property
    def strength(self) -> int:
        """1 to 100."""
        return self._strength

    def apply(self, window: Window) -> Image:
        """Return the frame with less noise; the very same object where there is none, or none can be measured."""
        if window.begins:
            self._meter.forget()
        if window.after:
            self._meter.add(window.image, window.neighbour(1))
        grain = self._meter.grain
        if grain is None or grain.deviation < _LEAST:
            return window.image
        return denoised(window, grain, self._strength / 100)

    def state(self) -> State:
        """Return what is known of the noise."""
        return {"meter": self._meter.state()}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._meter.restore(state["meter"])


def denoised(window: Window, grain: Grain, share: float) -> Image:
    """Return a frame with less noise, a new array.

    Args:
        window: the frame and those around it.
        grain: what noise there is.
        share: of the noise that goes, 0 to 1.
    """
    image = window.image
    height, fineness, variances = image.shape[0], Fineness.of(grain), grain.filled()
    likeness = _Likeness(grain, max(1.0, min(image.shape[:2]) / _LINES))
    fields = {offset: window.motion(offset) for offset in range(-_BEFORE, _AFTER + 1) if offset and window.has(offset)}
    made = np.empty_like(image)
    for start in range(0, height, _ROWS):
        end = min(start + _ROWS, height)
        rows = slice(max(0, start - REACH), min(height, end + REACH))
        others = [_brought(window.neighbour(offset), field, rows) for offset, field in fields.items()]
        clean = _cleaned(image[rows], others, likeness, variances, fineness)
        own = slice(start - rows.start, end - rows.start)
        before = image[start:end].astype(np.float32)
        made[start:end] = np.clip(np.rint(before + np.float32(share) * (clean[own] - before)), 0, 255)
    return made


def _brought(image: Image, field: Field, rows: slice) -> Image:
    """Return rows of a frame brought to where things are in another; see `Window.motion`."""
    height, width = image.shape[:2]
    down, across = field.shape[0] / height, field.shape[1] / width
    places = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2 + rows.start * down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    full = cv2.warpAffine(field, places, (width, rows.stop - rows.start), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    x = full[:, :, 0] + np.arange(width, dtype=np.float32)
    y = full[:, :, 1] + np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _cleaned(
    image: Image,
    others: Sequence[Image],
    likeness: _Likeness,
    variances: npt.NDArray[np.float64],
    fineness: Fineness,
) -> Floats:
    """Return a part of a frame without noise, RGB float32 (H, W, 3)."""
    planes = luma_chroma(image)
    brightness = np.asarray(cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (_SQUARE, _SQUARE)), np.uint8)
    noise: Floats = np.dstack([deviations(variances[:, channel], brightness) for channel in range(3)])
    total, weight, squares = planes.copy(), np.ones_like(noise[:, :, 0]), np.ones_like(noise[:, :, 0])
    for other in others:
        its = luma_chroma(other)
        alike = likeness.of(planes, its, noise)
        total += its * alike[:, :, None]
        weight += alike
        squares += alike * alike
    left = np.asarray(noise * (np.sqrt(squares) / weight)[:, :, None], np.float32)
    clean = shrunk(np.asarray(total / weight[:, :, None], np.float32), left, fineness)
    return np.asarray(cv2.transform(clean, np.linalg.inv(np.array(TO_LUMA)).astype(np.float32)), np.float32)


class _Likeness:
    """Tells where two frames show the same.

    Args:
        grain: their noise.
        unit: by how many times surroundings are larger than usual.
    """

    def __init__(self, grain: Grain, unit: float) -> None:
        self._side = 2 * round((_SQUARE - 1) / 2 * unit) + 1
        self._blur = _BLUR * unit
        self._kept = [_kept_of(alike, self._blur) for alike in grain.alike]
        pixels = self._side**2 / max(1.0, float(np.square(grain.alike[0]).sum()))
        self._most = 1 + _SURE * float(np.sqrt(2 / max(pixels, 1)))

    def of(self, planes: Floats, others: Floats, noise: Floats) -> Floats:
        """Return how much the other frame counts beside the frame itself, 0 to 1, float32 (H, W).

        Args:
            planes: Y, Cr and Cb of the frame.
            others: the same of the other.
            noise: standard deviation of the noise in each of the planes.
        """
        apart = (others - planes) * np.float32(np.sqrt(0.5))
        luma = np.maximum(noise[:, :, 0], np.float32(_LEAST))
        colour = np.maximum(noise[:, :, 1:], np.float32(_COLOUR_FLOOR))
        energy = cv2.blur(np.square(apart[:, :, 0] / luma), (self._side, self._side))
        even = np.abs(cv2.GaussianBlur(apart, (0, 0), self._blur))
        off = np.maximum(even[:, :, 0] / luma - np.float32(_SURE * self._kept[0]), 0) ** 2
        off += (np.maximum(even[:, :, 1:] / colour - np.float32(_SURE * self._kept[1]), 0) ** 2).sum(2)
        off = np.maximum(off, energy - np.float32(self._most))
        return np.asarray(1 / (1 + np.float32(2 * _STRICT) * np.maximum(off, 0)), np.float32)


def _kept_of(alike: npt.NDArray[np.float64], blur: float) -> float:
    """Return which share of its standard deviation noise keeps under a Gaussian blur."""
    lags = np.arange(-LAG, LAG + 1, dtype=np.float64)
    one = np.exp(-(lags**2) / (4 * blur**2)) / (2 * blur * np.sqrt(np.pi))
    return float(np.sqrt(max(0.0, (alike * np.outer(one, one)).sum())))
