"""Frames in tiles: enlarged piece by piece, and put together without a seam.

The pieces overlap. Where they do, one gives way to the next over the whole overlap; and what lies so near a piece's
edge that the network had to guess what is beyond is not used at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image

_PIXELS_AT_ONCE = 1 << 18
"""Of tiles that go through the network together: what it needs beside grows with them."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How frames are cut.

    Attributes:
        size: side of what the network is given, in pixels.
        pad: pixels at each side that are not used.
        overlap: least pixels over which neighbours give way to each other.
    """

    size: int
    pad: int
    overlap: int

    @property
    def core(self) -> int:
        """Side of what is used."""
        return self.size - 2 * self.pad


class Enlarger(Protocol):
    """A network that enlarges pictures.

    Attributes:
        scale: how many times.
        tiling: how frames are cut for it.
    """

    scale: int
    tiling: Tiling

    def enlarge(self, tiles: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return pictures, RGB uint8 (N, S, S, 3), enlarged, float32 (N, scale · S, scale · S, 3), 0 to 255."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one side of the frame.

    Attributes:
        start: its first pixel that is used.
        size: pixels that are used.
        overlap: how many of the first the tile before has too.
    """

    start: int
    size: int
    overlap: int


def spans(length: int, tiling: Tiling) -> list[Span]:
    """Return evenly spread tiles that cover a side of so many pixels."""
    core = min(tiling.core, length)
    count = max(1, -(-(length - tiling.overlap) // (tiling.core - tiling.overlap)))
    starts = np.rint(np.linspace(0, length - core, count)).astype(int).tolist() if length > core else [0]
    ends = [0, *(start + core for start in starts)]
    return [Span(start, core, end - start) for start, end in zip(starts, ends[:-1], strict=True)]


def enlarged(images: Sequence[Image], enlarger: Enlarger, blend: float = 1.0) -> list[Image]:
    """Return pictures of one size, enlarged; beside them no more than a row of tiles is in memory.

    Args:
        images: RGB uint8 (H, W, 3).
        enlarger: the network.
        blend: its share in the result, 0 to 1; the rest is the picture itself, enlarged smoothly.
    """
    (height, width), scale, tiling = images[0].shape[:2], enlarger.scale, enlarger.tiling
    padded = [_padded(image, tiling) for image in images]
    results = [np.empty((height * scale, width * scale, 3), np.uint8) for _ in images]
    columns = spans(width, tiling)
    for row in spans(height, tiling):
        bands = [np.empty((row.size * scale, width * scale, 3), np.uint8) for _ in images]
        for number, column, pixels in _tiles(padded, row, columns, enlarger, blend):
            _lay(bands[number].swapaxes(0, 1), pixels.swapaxes(0, 1), column, scale)
        for result, band in zip(results, bands, strict=True):
            _lay(result, band, row, scale)
    return results


def _padded(image: Image, tiling: Tiling) -> Image:
    """Return a picture with its mirror image around it, at least as large as a tile."""
    height, width = image.shape[:2]
    below, right = (max(0, tiling.core - side) + tiling.pad for side in (height, width))
    bordered = cv2.copyMakeBorder(image, tiling.pad, below, tiling.pad, right, cv2.BORDER_REFLECT_101)
    return np.asarray(bordered, np.uint8)


def _tiles(
    padded: Sequence[Image], row: Span, columns: Sequence[Span], enlarger: Enlarger, blend: float
) -> Iterator[tuple[int, Span, npt.NDArray[np.float32]]]:
    """Yield what is used of each tile of a row, enlarged, with the number of its picture; from the left."""
    size, count = enlarger.tiling.size, max(1, _PIXELS_AT_ONCE // enlarger.tiling.size**2)
    places = list(product(range(len(padded)), columns))
    rows = slice(row.start, row.start + size)
    for first in range(0, len(places), count):
        chunk = places[first : first + count]
        tiles = np.stack([padded[number][rows, column.start : column.start + size] for number, column in chunk])
        for (number, column), tile, pixels in zip(chunk, tiles, enlarger.enlarge(tiles), strict=True):
            yield number, column, _used(_mixed(tile, pixels, blend), row, column, enlarger)


def _mixed(tile: Image, pixels: npt.NDArray[np.float32], blend: float) -> npt.NDArray[np.float32]:
    """Mix the network's result with the tile itself."""
    if blend == 1:
        return pixels
    side = pixels.shape[0]
    plain = np.asarray(cv2.resize(tile, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    return plain + np.float32(blend) * (pixels - plain)


def _used(pixels: npt.NDArray[np.float32], row: Span, column: Span, enlarger: Enlarger) -> npt.NDArray[np.float32]:
    scale, pad = enlarger.scale, enlarger.tiling.pad * enlarger.scale
    return pixels[pad : pad + row.size * scale, pad : pad + column.size * scale]


def _lay(whole: Image, part: npt.NDArray[Any], span: Span, scale: int) -> None:
    """Lay pixels into a picture along its first axis, over those of the part before, which give way to them."""
    start, shared = span.start * scale, span.overlap * scale
    region = whole[start : start + len(part)]
    if shared:
        share = ((np.arange(shared, dtype=np.float32) + np.float32(0.5)) / shared)[:, None, None]
        before = region[:shared].astype(np.float32)
        region[:shared] = _rounded(before + share * (part[:shared] - before))
    region[shared:] = _rounded(part[shared:])


def _rounded(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return values if values.dtype == np.uint8 else np.clip(np.rint(values), 0, 255).astype(np.uint8)
