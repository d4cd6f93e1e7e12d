"""Marks that lie in the pixels: put into what an encoder takes, as the last thing before it."""

from __future__ import annotations

from typing import Any, Protocol

import av
import numpy as np
import numpy.typing as npt

from facefusion.media.planes.layout import Layout, samples

_PACKED = {"rgb24": 3, "rgba": 4, "rgb48le": 3, "rgba64le": 4, "bgr0": 4, "bgra": 4}
"""Samples of a pixel. A change of lightness is the same in all colours, so their order makes no difference to it."""
_HALF_PLANAR = {"nv12": 8, "p010le": 16}
"""Bits of a sample of luma; those of P010 are the upper ten of sixteen."""


class Mark(Protocol):
    """A mark in the lightness of frames. May be called from several threads."""

    def mark_luma(self, luma: npt.NDArray[Any], bits: int) -> None:
        """Mark a plane in place.

        Args:
            luma: uint8 or uint16 (height, width).
            bits: of a sample.
        """

    def mark_rgb(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return RGB, uint8 or uint16 (height, width, 3), with the mark in it."""


def put_mark(mark: Mark, frame: av.VideoFrame) -> av.VideoFrame:
    """Put a mark into a frame that an encoder takes; samples that it shares with others are copied first.

    Raises:
        ValueError: it has a format that no encoder is given.
    """
    name = frame.format.name
    frame.make_writable()
    if name in _PACKED:
        _mark_pixels(mark, frame, _PACKED[name], is_bgr=name.startswith("bgr"))
    elif name in _HALF_PLANAR:
        mark.mark_luma(samples(frame, 0), _HALF_PLANAR[name])
    elif (layout := Layout.of(name)).name != name:
        raise ValueError(f"nothing is written as {name}")
    elif layout.kind == "rgb":
        _mark_colours(mark, frame, layout)
    else:
        mark.mark_luma(samples(frame, 0), layout.depth)
    return frame


def _mark_pixels(mark: Mark, frame: av.VideoFrame, count: int, *, is_bgr: bool) -> None:
    """Mark pixels whose samples lie side by side."""
    plane = frame.planes[0]
    kind = np.uint8 if frame.format.components[0].bits <= 8 else np.uint16
    lines = np.frombuffer(memoryview(plane), kind).reshape(frame.height, -1)[:, : count * frame.width]
    pixels = lines.reshape(frame.height, frame.width, count)
    colours = pixels[:, :, 2::-1] if is_bgr else pixels[:, :, :3]
    colours[:] = mark.mark_rgb(np.ascontiguousarray(colours))


def _mark_colours(mark: Mark, frame: av.VideoFrame, layout: Layout) -> None:
    """Mark colours that have planes of their own, of which libav's first is green."""
    planes = [samples(frame, index) for index in (2, 0, 1)]
    scale = (8 if layout.depth == 8 else 16) - layout.depth
    marked = mark.mark_rgb(np.dstack(planes) << scale)
    for index, plane in enumerate(planes):
        plane[:] = marked[:, :, index] >> scale
