"""Film grain, measured before the restoration and laid on again after it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.noise import (
    LAG,
    TO_LUMA,
    Floats,
    Grain,
    GrainMeter,
    deviations,
    spectrum,
)
from facefusion.processors.film_restorer.step import Moment, Reach, Window
from facefusion.state import State

_LEAST: Final = 0.3
"""Standard deviation, of 255, of what lacks, below which nothing is laid on."""
_LOOK: Final = 5
"""Side of the square whose mean is a pixel's brightness."""


class Regrain:
    """Lays on what lacks of the grain that the film had when it came; see `Step`.

    What is laid on is made anew from the measures: by the seed and the frame's number it is the same every time.

    Args:
        strength: 1 to 100; how much of the grain there is in the end, in percent of its standard deviation.
        seed: another seed, another grain.
    """

    name = "grain"
    reach = Reach(0, 1)
    needs_motion = False
    moves = False

    def __init__(self, strength: int, seed: int = 0) -> None:
        self._strength = strength
        self._seed = seed
        self._came, self._is = GrainMeter(), GrainMeter()

    @property
    def strength(self) -> int:
        """1 to 100."""
        return self._strength

    def apply(self, window: Window) -> Image:
        """Return the frame with its grain; the very same object where none lacks, or none can be measured."""
        if window.begins:
            self._came.forget()
            self._is.forget()
        now = window.moments[window.at]
        if window.after:
            after = window.moments[window.at + 1]
            self._came.add(_as_it_came(now), _as_it_came(after))
            self._is.add(now.image, after.image)
        came, left = self._came.grain, self._is.grain
        if came is None or left is None:
            return now.image
        lacking, alike = _lack(came, left, self._strength / 100)
        if np.sqrt(lacking[:, 0].max()) < _LEAST:
            return now.image
        number = 0 if now.item is None else now.item.frame.index
        return laid_on(now.image, lacking, alike, (self._seed, number))

    def state(self) -> State:
        """Return what was measured."""
        return {"came": self._came.state(), "is": self._is.state()}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._came.restore(state["came"])
        self._is.restore(state["is"])


def _as_it_came(moment: Moment) -> Image:
    return moment.image if moment.item is None else moment.item.frame.image


def _lack(came: Grain, left: Grain, share: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the variances that lack in each band, and what the pixels of the lacking grain share; see `Grain`."""
    lacking = np.maximum(share**2 * came.filled() - left.filled(), 0)
    wanted, there = share**2 * came.mean, left.mean
    powers = [(wanted[:1].sum(), there[:1].sum()), (wanted[1:].sum(), there[1:].sum())]
    alike = [much * one - less * two for (much, less), one, two in zip(powers, came.alike, left.alike, strict=True)]
    return lacking, np.stack(alike)


def laid_on(
    image: Image, variances: npt.NDArray[np.float64], alike: npt.NDArray[np.float64], key: tuple[int, int]
) -> Image:
    """Return a picture with grain laid on.

    Args:
        image: RGB uint8 (H, W, 3).
        variances: of the grain's Y, Cr and Cb in each band of brightness, float64 (bands, 3).
        alike: what pixels share of their brightness, and of their colour, in any unit, float64 (2, 15, 15).
        key: seed and number of the frame; the same key and size give the same grain.
    """
    height, width = image.shape[:2]
    random = np.random.Generator(np.random.Philox(key=list(key)))
    brightness = cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (_LOOK, _LOOK))
    layer = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        spots = _spots(alike[min(channel, 1)])
        white = random.standard_normal((height + 2 * LAG, width + 2 * LAG), np.float32)
        plane = cv2.filter2D(white, cv2.CV_32F, spots)[LAG:-LAG, LAG:-LAG]
        layer[:, :, channel] = plane * deviations(variances[:, channel], np.asarray(brightness, np.uint8))
    colours = cv2.transform(layer, np.linalg.inv(np.array(TO_LUMA)).astype(np.float32))
    return np.asarray(np.clip(np.rint(image + colours), 0, 255), np.uint8)


def _spots(alike: npt.NDArray[np.float64]) -> Floats:
    """Return the filter that makes white noise alike, of energy 1, float32 (15, 15)."""
    shape = np.fft.ifft2(np.sqrt(spectrum(alike))).real
    lags = np.arange(-LAG, LAG + 1)
    spots = shape[np.ix_(lags, lags)]
    energy = np.sqrt(np.square(spots).sum())
    if energy <= 0:
        spots, energy = np.outer(*[lags == 0] * 2).astype(np.float64), 1.0
    return np.asarray(spots / energy, np.float32)
