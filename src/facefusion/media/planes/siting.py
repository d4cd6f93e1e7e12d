"""Where chroma samples lie among the luma samples (H.273, ChromaLocType)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

from facefusion.media.orientation import Orientation
from facefusion.media.planes.layout import Layout, samples

Floats = npt.NDArray[np.float32]

_NAMES = {(0, 0.5): "left", (0.5, 0.5): "center", (0, 0): "topleft", (0.5, 0): "top", (0, 1): "bottomleft"}
_NAMES[0.5, 1] = "bottom"
_PROBE = 32
_HALF_SAMPLE = np.array([[1, -5, 20, 20, -5, 1]], np.float32) / 32  # the half-sample filter of H.264


@dataclass(frozen=True, slots=True)
class Siting:
    """Place of the first chroma sample, in luma samples right of and below the first luma sample."""

    x: float = 0
    y: float = 0.5

    def location(self, layout: Layout) -> str:
        """Return what libav calls it; `unspecified` where chroma is not subsampled or has a place without a name."""
        if not layout.is_subsampled:
            return "unspecified"
        return _NAMES.get((self.x, self.y if layout.sub_y else 0.5), "unspecified")

    def turned(self, orientation: Orientation, layout: Layout, width: int, height: int) -> Siting:
        """Return where chroma lies when planes of a stored size have been brought upright, sample by sample."""
        transpose, left_right, top_bottom = orientation.value
        x, y, sub_x, sub_y = self.x, self.y, layout.sub_x, layout.sub_y
        if transpose:
            x, y, sub_x, sub_y, width, height = y, x, sub_y, sub_x, height, width
        return Siting(_mirrored(x, sub_x, width) if left_right else x, _mirrored(y, sub_y, height) if top_bottom else y)


class ChromaFilter:
    """Brings what is known for each luma sample to the places of the chroma samples.

    Args:
        siting: where they lie.
        layout: how many there are.
    """

    def __init__(self, siting: Siting, layout: Layout) -> None:
        self._row, at_x = _kernel(siting.x, layout.sub_x)
        self._column, at_y = _kernel(siting.y, layout.sub_y)
        self._anchor = (at_x, at_y)
        self._steps = (slice(None, None, 1 << layout.sub_y), slice(None, None, 1 << layout.sub_x))

    def reduced(self, values: Floats) -> Floats:
        """Return one value for each chroma sample.

        Args:
            values: float32 (height, width), beginning at the first luma sample of a chroma sample.
        """
        smooth = cv2.sepFilter2D(
            values, -1, self._row, self._column, anchor=self._anchor, borderType=cv2.BORDER_REPLICATE
        )
        return np.asarray(smooth, np.float32)[self._steps]


def _mirrored(place: float, sub: int, side: int) -> float:
    """Return the place of the first sample along a side that is mirrored."""
    if not sub:
        return place
    step = 1 << sub
    count = -(-side // step)
    return side - 1 - place - step * (count - 1)


def _kernel(place: float, sub: int) -> tuple[Floats, int]:
    """Return weights that average around a place, and which of them belongs to the luma sample at the grid point."""
    step = 1 << sub
    if step == 1:
        return np.ones(1, np.float32), 0
    if place % 1:
        first = round(place - (step - 1) / 2)
        return np.full(step, 1 / step, np.float32), -first
    triangle = np.bartlett(2 * step + 1)[1:-1] / step
    return triangle.astype(np.float32), step - 1 - int(place)


def siting_of(frame: av.VideoFrame, layout: Layout, *, full_range: bool) -> Siting:
    """Return where chroma lies in a decoded frame.

    libav keeps that to itself but for what swscale does with it, so a small ramp with the frame's properties is sent
    through swscale. Frames that do not say are converted as if chroma lay in the middle, which is so in JPEG (full
    range) alone; in all else it lies to the left.
    """
    coarse = Layout.of(f"yuv{'420' if layout.sub_x and layout.sub_y else '422' if layout.sub_x else '440'}p")
    probe = frame.reformat(width=_PROBE, height=_PROBE, format=coarse.name, threads=1)
    for index, values in enumerate(samples(probe, index) for index in range(3)):
        values[:] = 128 if not index else 0
    horizontal, vertical = samples(probe, 1), samples(probe, 2)
    horizontal[:] = 8 * np.arange(horizontal.shape[1])
    vertical[:] = 8 * np.arange(vertical.shape[0])[:, None]
    fine = probe.reformat(
        format="yuv444p", interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND, threads=1
    )
    middle = _PROBE // 2
    x = _place(float(samples(fine, 1)[middle, middle])) if layout.sub_x else 0.0
    y = _place(float(samples(fine, 2)[middle, middle])) if layout.sub_y else 0.0
    if layout.sub_y == 2:
        return Siting(1.5, 1.5)  # 4:1:0, which swscale always takes for that
    if layout.sub_x and not full_range and (x, y) == (0.5, 0.5 if layout.sub_y else 0):
        x = 0
    return Siting(x * 3 if layout.sub_x == 2 else x, y)  # the middle of four lies at 1.5, that of two at 0.5


def _place(value: float) -> float:
    """Return the place of the first of half as many samples, from what a ramp of 8 per sample shows in the middle."""
    return round(2 * (_PROBE / 2 - value / 4)) / 2


def shifted_by_half(values: npt.NDArray[Any], direction: int, axis: int, top: int) -> npt.NDArray[Any]:
    """Move samples by half their distance: each becomes what lies between it and its neighbour.

    Args:
        values: uint8 or uint16 (height, width).
        direction: -1 where the neighbour comes before, 1 where it comes after.
        axis: 0 down, 1 along lines.
        top: largest value of a sample.
    """
    kernel = _HALF_SAMPLE if axis else _HALF_SAMPLE.T
    at = 3 if direction < 0 else 2
    anchor = (at, 0) if axis else (0, at)
    moved = cv2.filter2D(values, cv2.CV_32F, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return np.rint(moved).clip(0, top).astype(values.dtype)
