"""Planes of samples as frames hold them."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

from benchmarks.matrix.drawing import Signals

Plane = npt.NDArray[np.uint8 | np.uint16]


def depth(name: str) -> int:
    """Return the bits of a sample."""
    return max(8, *(part.bits for part in av.VideoFormat(name).components))


def largest(name: str) -> int:
    """Return the largest value of a sample."""
    return (1 << depth(name)) - 1


def alpha_of(frame: av.VideoFrame) -> Signals | None:
    """Return the opacity that a frame holds."""
    name = frame.format.name
    if name == "pal8":
        return np.asarray(frame.to_ndarray(format="rgba"))[..., 3] / 255.0
    if not any(part.is_alpha for part in frame.format.components):
        return None
    if len(frame.planes) == 4:
        return plane_of(frame, 3) / largest(name)
    deep = depth(name) > 8
    packed = frame.to_ndarray(format="rgba64le" if deep else "rgba")
    return np.asarray(packed[..., 3] / (65535.0 if deep else 255.0))


def planes_of(frame: av.VideoFrame) -> list[Plane]:
    """Return copies of all planes; of packed RGB and palettes one array."""
    if not frame.format.is_planar or frame.format.name == "pal8":
        return [np.asarray(frame.to_ndarray(format="rgba64le" if depth(frame.format.name) > 8 else "rgba"))]
    return [plane_of(frame, index).copy() for index in range(len(frame.planes))]


def plane_of(frame: av.VideoFrame, index: int) -> Plane:
    """Return one plane of a planar frame, without padding; it may be written to."""
    part = frame.planes[index]
    kind = np.uint16 if depth(frame.format.name) > 8 else np.uint8
    values = np.frombuffer(memoryview(part), kind).reshape(-1, part.line_size // kind().itemsize)
    return values[: part.height, : part.width]
