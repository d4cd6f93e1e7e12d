"""Grain and noise, measured: how strong in which brightness, and how large its spots are.

Two frames that follow each other show the same in even places, so that their difference there is grain alone. Even
places are looked for in their sum, which of Gaussian noise knows nothing of the difference: so choosing does not
change what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.state import State

Floats = npt.NDArray[np.float32]

BANDS: Final = 8
"""Bands of brightness, equally wide, from black to white."""
LAG: Final = 7
"""Pixels over which spots of grain are told, to each side."""
TO_LUMA: Final[tuple[tuple[float, ...], ...]] = (
    (0.299, 0.587, 0.114),
    (0.5, -0.418688, -0.081312),
    (-0.168736, -0.331264, 0.5),
)
"""From RGB to Y, Cr and Cb of ITU-R BT.601, without offset."""
_BLOCK: Final = 16
_CELL: Final = 4
_MOST: Final = 24
"""Blocks of a band that are measured, at most, the most even ones."""
_SHARE: Final = 0.25
"""Share of a band's blocks that are taken for even, at most."""
_DETAIL: Final = 64.0
"""Variance between the cells of a block, in squares of 1/255, above which it is not even."""
_FEW: Final = 0.05
"""Share of blocks that are taken for even in a frame that is full of detail."""
_CLIPPED: Final = 0.02
"""Share of black or white samples above which a block's grain is cut off."""
_OUTLIER: Final = 3.0
"""Times the usual variance above which a block shows something else, such as dust or what moves."""
_FLAT_LAG: Final = 4
_MEMORY: Final = 24
"""Frames over which measures are averaged."""
_GROWTH: Final = 2.0
"""Times the known variance that a frame is believed, at most."""
_LEAST: Final = 0.02
"""Variance below which there is no grain: that of rounding is 0.08."""


@dataclass(frozen=True, slots=True, eq=False)
class Grain:
    """What grain is like.

    Attributes:
        variances: of Y, Cr and Cb in each band of brightness, in squares of 1/255, float64 (bands, 3).
        weights: how many blocks each band is known from, float64 (bands,).
        alike: how much of a spot's brightness, and of its colour, pixels share that lie so far apart, 1 in the middle;
            float64 (2, 15, 15).
    """

    variances: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    alike: npt.NDArray[np.float64]

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """Variance of Y, Cr and Cb over all that was measured, float64 (3,)."""
        return np.asarray(np.average(self.variances, axis=0, weights=self.weights), np.float64)

    @property
    def deviation(self) -> float:
        """Standard deviation of Y, over all."""
        return float(np.sqrt(self.mean[0]))

    def filled(self) -> npt.NDArray[np.float64]:
        """Return the variances with those of bands that were not seen from their neighbours, float64 (bands, 3)."""
        seen = np.flatnonzero(self.weights)
        columns = [np.interp(np.arange(BANDS), seen, self.variances[seen, channel]) for channel in range(3)]
        return np.stack(columns, 1)


def luma_chroma(image: npt.NDArray[np.generic]) -> Floats:
    """Return Y, Cr and Cb of RGB (H, W, 3), float32, in the same unit."""
    return np.asarray(cv2.transform(image.astype(np.float32), np.array(TO_LUMA, np.float32)), np.float32)


def measured_grain(image: Image, other: Image) -> Grain | None:
    """Return the grain of a frame, told from another that shows nearly the same.

    Args:
        image: RGB uint8 (H, W, 3).
        other: the frame before or after, of the same size.

    Returns:
        The grain; None where a frame has no room for a block.
    """
    height, width = (side // _BLOCK * _BLOCK for side in image.shape[:2])
    if not height or not width:
        return None
    one, two = (each[:height, :width] for each in (image, other))
    places, bands = _even_places(one, two)
    cuts = [np.s_[y : y + _BLOCK, x : x + _BLOCK] for y, x in places]
    blocks = np.stack([luma_chroma(one[cut].astype(np.float32) - two[cut].astype(np.float32)) for cut in cuts])
    blocks = (blocks - blocks.mean((1, 2), keepdims=True)) / np.float32(np.sqrt(2))
    return _grain_of(blocks.astype(np.float64), bands)


def _even_places(one: Image, two: Image) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the upper left corners of the most even blocks, (blocks, 2), and the band of each."""
    height, width = one.shape[:2]
    size = (width // _CELL, height // _CELL)
    cells = sum(cv2.resize(each, size, interpolation=cv2.INTER_AREA).astype(np.float32) for each in (one, two))
    side = _BLOCK // _CELL
    rows, columns = height // _BLOCK, width // _BLOCK
    split = (luma_chroma(np.asarray(cells)) / 2).reshape(rows, side, columns, side, 3).swapaxes(1, 2)
    detail = split.var((2, 3)).sum(2).ravel()
    usable = _usable(detail, _clipped(one, rows, columns))
    bands = np.clip(split[..., 0].mean((2, 3)).ravel() * BANDS / 256, 0, BANDS - 1).astype(np.intp)
    chosen = [_lowest(detail, np.flatnonzero(usable & (bands == band))) for band in range(BANDS)]
    numbers = np.concatenate(chosen)
    return np.stack([numbers // columns * _BLOCK, numbers % columns * _BLOCK], 1), bands[numbers]


def _clipped(image: Image, rows: int, columns: int) -> Floats:
    """Return the share of each block's samples that are as dark or as bright as can be, float32 (blocks,)."""
    ends = ((image == 0) | (image == 255)).reshape(rows, _BLOCK, columns, _BLOCK * 3)
    return np.asarray(ends.mean((1, 3), dtype=np.float32).ravel(), np.float32)


def _usable(detail: Floats, clipped: Floats) -> npt.NDArray[np.bool_]:
    """Return which blocks tell of grain: even ones whose grain is not cut off, as far as there are any."""
    whole = clipped < _CLIPPED
    if not whole.any():
        return np.ones(len(detail), np.bool_)
    limit = max(_DETAIL, float(np.quantile(detail[whole], _FEW)))
    return np.asarray(whole & (detail <= limit), np.bool_)


def _lowest(detail: Floats, numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    count = min(_MOST, int(np.ceil(len(numbers) * _SHARE)))
    return numbers[np.argsort(detail[numbers], kind="stable")[:count]]


def _grain_of(blocks: npt.NDArray[np.float64], bands: npt.NDArray[np.intp]) -> Grain:
    """Return the grain that blocks of differences show, float64 (blocks, side, side, 3)."""
    powers = np.square(blocks).mean((1, 2))
    variances, weights = np.zeros((BANDS, 3)), np.zeros(BANDS)
    kept = np.zeros(len(blocks), bool)
    for band in np.unique(bands):
        own = np.flatnonzero(bands == band)
        usual = own[powers[own, 0] <= _OUTLIER * np.median(powers[own, 0]) + _LEAST]
        variances[band], weights[band] = powers[usual].mean(0), len(usual)
        kept[usual] = True
    whole = _products(blocks[kept])
    return Grain(variances, weights, np.stack([_shared(whole[..., :1]), _shared(whole[..., 1:])]))


def _products(blocks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean product of pixels that lie so far apart, for each channel, float64 (15, 15, 3)."""
    side = 2 * _BLOCK
    spectra = np.fft.rfft2(blocks, s=(side, side), axes=(1, 2))
    sums = np.fft.irfft2((np.abs(spectra) ** 2).mean(0), s=(side, side), axes=(0, 1))
    lags = np.arange(-LAG, LAG + 1)
    pairs = _BLOCK - np.abs(lags)
    return np.asarray(sums[np.ix_(lags, lags)] / (pairs[:, None] * pairs[None])[..., None], np.float64)


def _shared(products: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return products as a share of the one in the middle; those far out, which are uncertain, count ever less."""
    pooled = products.sum(2)
    power = pooled[LAG, LAG]
    if power < _LEAST:
        return np.asarray(np.outer(*[np.arange(-LAG, LAG + 1) == 0] * 2), np.float64)
    return np.asarray(pooled / power * _taper(), np.float64)


@lru_cache(maxsize=1)
def _taper() -> npt.NDArray[np.float64]:
    lags = np.abs(np.arange(-LAG, LAG + 1))
    fall = np.clip((lags - _FLAT_LAG) / (LAG + 1 - _FLAT_LAG), 0, 1)
    one = 0.5 + 0.5 * np.cos(np.pi * fall)
    return np.asarray(np.outer(one, one), np.float64)


class GrainMeter:
    """The grain of a shot, as the mean of what its latest frames show."""

    def __init__(self) -> None:
        self.grain: Grain | None = None
        self._count = 0

    def add(self, image: Image, other: Image) -> None:
        """Take a frame and one beside it into account; see `measured_grain`."""
        found = measured_grain(image, other)
        if found is None:
            return
        self._count = min(self._count + 1, _MEMORY)
        self.grain = found if self.grain is None else _mixed(self.grain, found, 1 / self._count)

    def forget(self) -> None:
        """Begin anew, for a shot begins."""
        self.grain, self._count = None, 0

    def state(self) -> State:
        """Return what is known, as copies; see `facefusion.state`."""
        grain = self.grain
        if grain is None:
            return {"count": 0, "grain": None}
        parts = {"variances": grain.variances, "weights": grain.weights, "alike": grain.alike}
        return {"count": self._count, "grain": {name: part.copy() for name, part in parts.items()}}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._count, parts = state["count"], state["grain"]
        self.grain = None if parts is None else Grain(**{name: part.copy() for name, part in parts.items()})


def _mixed(known: Grain, found: Grain, share: float) -> Grain:
    """Return what is known with a share of what was found; a band counts by the blocks that show it.

    Grain that is suddenly much stronger is something that moved into the even places.
    """
    old, new = known.weights * (1 - share), found.weights * share
    weights = old + new
    part = np.divide(new, weights, out=np.zeros(BANDS), where=weights > 0)[:, None]
    most = np.where(known.weights[:, None] > 0, known.variances, known.filled()) * _GROWTH + _LEAST
    variances = known.variances + part * (np.minimum(found.variances, most) - known.variances)
    is_usual = found.mean[0] <= _GROWTH * known.mean[0] + _LEAST
    alike = known.alike + share * (found.alike - known.alike) if is_usual else known.alike
    return Grain(variances, weights, alike)


def spectrum(alike: npt.NDArray[np.float64], side: int = 64) -> npt.NDArray[np.float64]:
    """Return the power of each frequency of grain, never negative, float64 (side, side); see `Grain.alike`."""
    room = np.zeros((side, side))
    lags = np.arange(-LAG, LAG + 1)
    room[np.ix_(lags, lags)] = alike
    return np.asarray(np.fft.fft2(room).real.clip(0), np.float64)


def deviations(variances: npt.NDArray[np.float64], brightness: npt.NDArray[np.uint8]) -> Floats:
    """Return the standard deviation of grain at each pixel.

    Args:
        variances: in each band of brightness, float64 (bands,).
        brightness: uint8 (H, W).

    Returns:
        float32 (H, W).
    """
    middles = (np.arange(BANDS) + 0.5) * 256 / BANDS
    table = np.interp(np.arange(256), middles, np.sqrt(variances)).astype(np.float32)
    return np.asarray(cv2.LUT(brightness, table), np.float32)
