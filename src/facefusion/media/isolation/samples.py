"""Decoded frames on their way through shared memory, sample for sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import av
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.media.isolation.arena import Bytes
from facefusion.media.isolation.channel import ChannelError
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.layout import Layout
from facefusion.media.planes.siting import siting_of

_TICKS: Final = 1 << 62  # far from where sums would leave 64 bits
_COLOURS: Final = 255  # of H.273, all of one byte
_UNSAID: Final = ("unspecified", "center")  # which libav treats alike

_Colour = Annotated[int, Field(ge=0, le=_COLOURS)]
_Ticks = Annotated[int, Field(ge=-_TICKS, le=_TICKS)]
Kind = tuple[int, int, str]
"""Width, height and pixel format."""


@dataclass(frozen=True, slots=True)
class Told:
    """What goes beside the samples of a frame.

    Attributes:
        width: in samples of luma.
        height: in samples of luma.
        pixel_format: libav's name.
        colours: matrix, range, primaries and transfer, in libav's numbers.
        chroma: where subsampled chroma lies, in libav's words.
        is_interlaced: whether it is two fields, of which libav converts each by itself.
        lines: bytes of a line, for each plane.
        pts: presentation time in ticks.
        duration: in ticks.
    """

    width: int
    height: int
    pixel_format: str
    colours: tuple[_Colour, _Colour, _Colour, _Colour]
    chroma: str
    is_interlaced: bool
    lines: tuple[int, ...]
    pts: _Ticks
    duration: Annotated[int, Field(ge=0, le=_TICKS)]


class Sender:
    """Puts frames into shared memory."""

    def __init__(self) -> None:
        self._chroma: dict[Kind, str] = {}

    def put(self, frame: av.VideoFrame, pts: int, duration: int, slot: Bytes) -> Told:
        """Write the samples of a frame into a slot, and return all else.

        Raises:
            ValueError: they do not fit.
        """
        colours = (int(frame.colorspace), int(frame.color_range), int(frame.color_primaries), int(frame.color_trc))
        if frame.format.has_palette:
            frame = frame.reformat(format=Layout.of(frame.format.name).name)
        kind, is_interlaced = (frame.width, frame.height, frame.format.name), frame.interlaced_frame
        if kind not in self._chroma:
            self._chroma[kind] = _chroma(frame)
        position, lines = 0, []
        for index in range(len(frame.planes)):
            plane = _lines(frame, index)
            end = position + plane.size
            if end > slot.size:
                raise ValueError("the samples of a frame are too many")
            slot[position:end].reshape(plane.shape)[:] = plane
            lines.append(plane.shape[1])
            position = end
        return Told(*kind, colours, self._chroma[kind], is_interlaced, tuple(lines), pts, duration)


class Receiver:
    """Takes frames out of shared memory.

    Args:
        max_pixels: largest frame that is believed.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._tags: dict[tuple[Kind, bool], Chain | None] = {}

    def take(self, told: Told, slot: Bytes) -> av.VideoFrame:
        """Return the frame that lies in a slot, with samples of its own.

        Raises:
            ChannelError: there can be no such frame.
            Exception: nor one of what libav says no to.
        """
        frame = self._empty(told)
        position = 0
        for index, line in enumerate(told.lines):
            plane = _lines(frame, index)
            end = position + plane.shape[0] * line
            if line < 1 or end > slot.size:
                raise ChannelError("no frame")
            kept = min(line, plane.shape[1])
            plane[:, :kept] = slot[position:end].reshape(-1, line)[:, :kept]
            position = end
        frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = told.colours
        frame.pts = told.pts
        tag = self._tag(frame, told)
        return frame if tag is None else tag(frame)

    def _empty(self, told: Told) -> av.VideoFrame:
        """Return a frame without samples, if there can be one."""
        if min(told.width, told.height) < 1 or told.width * told.height > self._max_pixels:
            raise ChannelError("no frame")
        try:
            Layout.of(told.pixel_format)
            frame = av.VideoFrame(told.width, told.height, told.pixel_format)
        except (ValueError, av.FFmpegError) as error:
            raise ChannelError("no frame") from error
        if len(frame.planes) != len(told.lines):
            raise ChannelError("no frame")
        return frame

    def _tag(self, frame: av.VideoFrame, told: Told) -> Chain | None:
        """Return what tells a frame where its chroma lies, and whether it is interlaced."""
        kind = ((told.width, told.height, told.pixel_format), told.is_interlaced)
        if kind not in self._tags:
            if not told.chroma.isalpha():
                raise ChannelError("no frame")
            said = [] if told.chroma in _UNSAID else [f"chroma_location={told.chroma}"]
            said += ["field_mode=tff"] if told.is_interlaced else []
            self._tags[kind] = Chain(frame, f"setparams={':'.join(said)}") if said else None
        return self._tags[kind]


def _chroma(frame: av.VideoFrame) -> str:
    """Return where chroma lies as far as libav is told."""
    layout = Layout.of(frame.format.name)
    return siting_of(frame, layout, full_range=True).location(layout) if layout.is_subsampled else "unspecified"


def _lines(frame: av.VideoFrame, index: int) -> npt.NDArray[Any]:
    """Return the lines of a plane with their padding, writable, the first on top."""
    plane = frame.planes[index]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, abs(plane.line_size))[: plane.height]
    return lines[::-1] if plane.line_size < 0 else lines
