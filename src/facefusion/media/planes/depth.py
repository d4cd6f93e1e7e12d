"""From one depth to another, rounded; swscale shifts."""

from __future__ import annotations

import av
import cv2
import numpy as np

from facefusion.media.planes.layout import Layout, Samples, samples


def white(depth: int, *, limited: bool) -> int:
    """Return what swscale takes for 1 in deep RGB, or makes of it.

    Towards and from limited-range YUV it counts 255 steps of 8 bits and no more, so that 16 bits end at 65280.
    """
    return 255 << (depth - 8) if limited else (1 << depth) - 1


def scaled(values: Samples, ends: tuple[int, int], top: int, depth: int) -> Samples:
    """Bring what lies between two ends to 0 to `top`, in so many bits; beyond the ends is clipped."""
    if ends == (0, top):
        return values
    scale = top / (ends[1] - ends[0])
    if depth == 8:
        return cv2.convertScaleAbs(np.maximum(values, ends[0]), alpha=scale, beta=-ends[0] * scale)
    return np.minimum(cv2.addWeighted(values, scale, values, 0, -ends[0] * scale, dtype=cv2.CV_16U), top)


def rescaled(frame: av.VideoFrame, layout: Layout, source_top: int, top: int) -> av.VideoFrame:
    """Return planar RGB in another depth.

    Args:
        frame: with or without alpha.
        layout: of the result; it has alpha where `frame` has.
        source_top: what is 1 in `frame`; alpha there has all codes.
        top: what is 1 in the result.
    """
    result = av.VideoFrame(frame.width, frame.height, layout.name)
    full = (1 << Layout.of(frame.format.name).depth) - 1
    for index in range(4 if layout.has_alpha else 3):
        ends, end = ((0, full), (1 << layout.depth) - 1) if index == 3 else ((0, source_top), top)
        samples(result, index)[:] = scaled(samples(frame, index), ends, end, layout.depth)
    return result


def stretched(deep: av.VideoFrame, layout: Layout) -> av.VideoFrame:
    """Turn 16-bit limited-range YUV into full range of a layout's depth.

    Args:
        deep: YUV of 16 bits, luma 16 to 235 and chroma 128 ± 112, times 256.
        layout: of the result; it has the planes of `deep`.
    """
    frame = av.VideoFrame(deep.width, deep.height, layout.name)
    top, zero = (1 << layout.depth) - 1, 1 << (layout.depth - 1)
    for index in range(len(frame.planes)):
        low, span, target = {0: (4096, 56064, 0), 3: (0, 65535, 0)}.get(index, (32768, 57344, zero))
        _map(samples(deep, index), top / span, target - low * top / span, samples(frame, index))
    _tag(frame, deep, full=True)
    return frame


def squeezed(frame: av.VideoFrame, layout: Layout) -> av.VideoFrame:
    """Turn full-range YUV of a layout into 16-bit limited range; the inverse of `stretched`."""
    deep = av.VideoFrame(frame.width, frame.height, layout.deepest().name)
    top, zero = (1 << layout.depth) - 1, 1 << (layout.depth - 1)
    for index in range(len(frame.planes)):
        low, span, source = {0: (4096, 56064, 0), 3: (0, 65535, 0)}.get(index, (32768, 57344, zero))
        _map(samples(frame, index), span / top, low - source * span / top, samples(deep, index))
    _tag(deep, frame, full=False)
    return deep


def _map(values: Samples, scale: float, offset: float, into: Samples) -> None:
    """Write scale · values + offset, rounded and clipped, into another plane."""
    kind = cv2.CV_8U if into.dtype.itemsize == 1 else cv2.CV_16U
    into[:] = cv2.addWeighted(values, scale, values, 0, offset, dtype=kind)


def _tag(frame: av.VideoFrame, like: av.VideoFrame, *, full: bool) -> None:
    frame.colorspace, frame.color_range = like.colorspace, 2 if full else 1
    frame.color_primaries, frame.color_trc = like.color_primaries, like.color_trc
