"""Between decoded RGB frames and arrays, sample for sample."""

from __future__ import annotations

import sys
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.unsignedinteger[Any]]
"""RGB, or RGB and opacity: uint8 or uint16, shape (height, width, 3 or 4)."""

_END = "le" if sys.byteorder == "little" else "be"
_FORMATS = {(1, 3): "rgb24", (1, 4): "rgba", (2, 3): f"rgb48{_END}", (2, 4): f"rgba64{_END}"}
# How libav lays packed samples out: type, samples of a pixel, and which of them are red, green, blue and opacity.
_LAYOUTS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "gray": ("u1", 1, (0, 0, 0)),
    "ya8": ("u1", 2, (0, 0, 0, 1)),
    "rgb24": ("u1", 3, (0, 1, 2)),
    "rgba": ("u1", 4, (0, 1, 2, 3)),
    "bgra": ("u1", 4, (2, 1, 0, 3)),
    "gray16be": (">u2", 1, (0, 0, 0)),
    "ya16be": (">u2", 2, (0, 0, 0, 1)),
    "rgb48be": (">u2", 3, (0, 1, 2)),
    "rgb48le": ("<u2", 3, (0, 1, 2)),
    "rgba64be": (">u2", 4, (0, 1, 2, 3)),
    "rgba64le": ("<u2", 4, (0, 1, 2, 3)),
}
_PLANAR: dict[str, tuple[str, tuple[int, ...]]] = {
    "gbrp": ("u1", (2, 0, 1)),
    "gbrap": ("u1", (2, 0, 1, 3)),
    "gbrp16le": ("<u2", (2, 0, 1)),
    "gbrap16le": ("<u2", (2, 0, 1, 3)),
}


def array_of(frame: av.VideoFrame) -> Pixels:
    """Return the samples of a decoded frame of RGB, grey or palette colours."""
    if frame.format.name in _PLANAR:
        kind, order = _PLANAR[frame.format.name]
        return np.dstack([_lines(frame, index, kind)[:, : frame.width] for index in order])
    if frame.format.name not in _LAYOUTS:
        frame = frame.reformat(format="rgba")  # a palette, or one bit: exact
    kind, samples, order = _LAYOUTS[frame.format.name]
    lines = _lines(frame, 0, kind)[:, : frame.width * samples]
    ordered = lines.reshape(frame.height, frame.width, samples)[..., order]
    return np.ascontiguousarray(ordered, dtype=ordered.dtype.newbyteorder("="))


def _lines(frame: av.VideoFrame, index: int, kind: str) -> npt.NDArray[Any]:
    """Return a view of a plane, with the padding at the end of its lines."""
    plane = frame.planes[index]
    values: npt.NDArray[Any] = np.frombuffer(memoryview(plane), kind)
    return values.reshape(-1, plane.line_size // values.itemsize)[: plane.height]


def frame_of(pixels: Pixels) -> av.VideoFrame:
    """Return a frame that holds these samples."""
    values: npt.NDArray[Any] = np.ascontiguousarray(pixels)
    return av.VideoFrame.from_ndarray(values, format=format_of(pixels))


def format_of(pixels: Pixels) -> str:
    """Return libav's name for samples of this type and number."""
    return _FORMATS[pixels.itemsize, pixels.shape[2]]
