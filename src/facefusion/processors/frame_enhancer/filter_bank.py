"""Enlarging by a bank of small linear filters, each for one kind of edge; learned, but no network.

How a pixel's surroundings look decides which filter makes the four pixels that take its place: how they are directed,
how strong their edge is, and how far they agree on one direction. What the filters add to smooth enlarging was learned
from pictures by least squares (`models/edge_filters.py`). Source: Romano et al., "RAISR: Rapid and Accurate Image Super
Resolution", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.frame_enhancer.luma import joined, luma_chroma
from facefusion.processors.frame_enhancer.tiles import Tiling

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.intp]

SCALE: Final = 2
FOUR: Final = SCALE * SCALE
"""Pixels that take the place of one."""
_BORDER: Final = cv2.BORDER_REFLECT_101
_WINDOW: Final = 5
_SIGMA: Final = 1.2
"""Side and spread, in pixels, of the surroundings whose gradients tell what kind of edge there is."""
_LEAST: Final = np.float32(1e-3)
_BEYOND: Final = np.float32(0.1)
"""How far a new pixel may lie beyond its neighbours of before, in parts of their range: more would be a halo."""
_SIDE: Final = 256
_PAD: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class FilterBank:
    """Filters by kind of edge.

    Attributes:
        filters: what is added to smooth enlarging, for the four new pixels in reading order, from the differences of
            the pixels around to the one in the middle, float32 (kinds, side · side, 4).
        angles: into how many sectors directions are sorted.
        strengths: borders between kinds of strength, in levels from pixel to pixel, float32 (S,).
        coherences: borders between kinds of agreement, 0 to 1, float32 (C,).
    """

    filters: Floats
    angles: int
    strengths: Floats
    coherences: Floats

    @classmethod
    def shipped(cls) -> Self:
        """Return the bank that comes with the package."""
        with resources.files(__package__).joinpath("data/edges_x2.npz").open("rb") as file, np.load(file) as held:
            return cls(
                held["filters"].astype(np.float32),
                int(held["angles"]),
                held["strengths"].astype(np.float32),
                held["coherences"].astype(np.float32),
            )

    @property
    def side(self) -> int:
        """Side of what a filter sees, in pixels."""
        return round(float(np.sqrt(self.filters.shape[1])))

    def enlarged(self, luma: Floats) -> Floats:
        """Return luma twice as large, float32 (2 · H, 2 · W), from float32 (H, W), 0 to 255."""
        height, width = luma.shape
        added = self._added(luma).reshape(height, width, SCALE, SCALE).transpose(0, 2, 1, 3)
        size = (width * SCALE, height * SCALE)
        smooth = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_CUBIC), np.float32)
        return _bounded(smooth + added.reshape(size[::-1]), luma)

    def _added(self, luma: Floats) -> Floats:
        """Return what comes to smooth enlarging, float32 (H · W, 4); pixels of one kind are worked out together."""
        kinds = kinds_of(luma, self.angles, self.strengths, self.coherences).ravel()
        around = surroundings(luma, self.side)
        order = np.argsort(kinds, kind="stable")
        starts = np.searchsorted(kinds[order], np.arange(len(self.filters) + 1))
        added = np.empty((len(kinds), FOUR), np.float32)
        for kind, (first, end) in enumerate(pairwise(starts.tolist())):
            if end > first:
                pixels = order[first:end]
                added[pixels] = differences(around, pixels) @ self.filters[kind]
        return added


def kinds_of(luma: Floats, angles: int, strengths: Floats, coherences: Floats) -> Numbers:
    """Return which filter each pixel takes, (H, W).

    Args:
        luma: float32 (H, W), 0 to 255.
        angles: as of `FilterBank`, like the other two.
        strengths: likewise.
        coherences: likewise.
    """
    x, y = (_gradient(luma, *direction) for direction in ((1, 0), (0, 1)))
    xx, yy, xy = _averaged(x * x), _averaged(y * y), _averaged(x * y)
    apart = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    along, across = (np.sqrt(np.maximum((xx + yy + sign * apart) / 2, 0)) for sign in (1, -1))
    turn = np.float32(0.5) * np.arctan2(2 * xy, xx - yy) / np.float32(np.pi) + np.float32(0.5)
    sector = np.floor(turn * angles).astype(np.intp) % angles
    strength = np.digitize(along, strengths)
    coherence = np.digitize((along - across) / (along + across + _LEAST), coherences)
    return np.asarray((strength * (len(coherences) + 1) + coherence) * angles + sector, np.intp)


def surroundings(luma: Floats, side: int) -> Floats:
    """Return the square around each pixel, float32 (H, W, side, side), without a copy of it; mirrored at the border."""
    reach = side // 2
    bordered = np.asarray(cv2.copyMakeBorder(luma, reach, reach, reach, reach, _BORDER), np.float32)
    return np.lib.stride_tricks.sliding_window_view(bordered, (side, side))


def differences(around: Floats, pixels: Numbers) -> Floats:
    """Return by how much what is around some pixels differs from them, float32 (N, side · side).

    Args:
        around: see `surroundings`.
        pixels: their places in reading order.
    """
    rows, columns = np.divmod(pixels, around.shape[1])
    taken = around[rows, columns].reshape(len(pixels), -1)
    taken -= taken[:, taken.shape[1] // 2, None]
    return taken


def _gradient(luma: Floats, x: int, y: int) -> Floats:
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, y, ksize=3, scale=1 / 8, borderType=_BORDER), np.float32)


def _averaged(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA, borderType=_BORDER), np.float32)


def _bounded(large: Floats, luma: Floats) -> Floats:
    """Keep new pixels within the range of those that are around them in the picture before, and a little more."""
    around = np.ones((3, 3), np.uint8)
    low, high = (np.asarray(find(luma, around), np.float32) for find in (cv2.erode, cv2.dilate))
    more = _BEYOND * (high - low)
    low, high = (np.repeat(np.repeat(each, SCALE, 0), SCALE, 1) for each in (low - more, high + more))
    return np.clip(large, low, high)


class EdgeEnlarger:
    """Doubles pictures by a bank of filters; see `Enlarger`. Colour is enlarged smoothly.

    Args:
        bank: the filters.
    """

    scale = SCALE
    tiling = Tiling(_SIDE, _PAD, _PAD)

    def __init__(self, bank: FilterBank) -> None:
        self._bank = bank

    def enlarge(self, tiles: npt.NDArray[np.uint8]) -> Floats:
        """Return pictures twice as large; see `Enlarger`."""
        colours = (luma_chroma(tile) for tile in tiles)
        levels = np.float32(255)
        return np.stack([joined(self._bank.enlarged(each[:, :, 0] * levels) / levels, each) for each in colours])
