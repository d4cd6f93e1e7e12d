"""What live frames come from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError, InputTypeError
from facefusion.media.colour import UNSPECIFIED, ColourTags
from facefusion.media.info import VideoInfo, check_pixels
from facefusion.media.orientation import Orientation
from facefusion.media.source import explain
from facefusion.options import LimitOptions

LIVE_TIME_BASE = Fraction(1, 90_000)
"""Seconds per tick of live frames."""
_USUAL_RATE = Fraction(25)
_FASTEST = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A frame as it came.

    Attributes:
        picture: as it was decoded.
        time: when it was shown, in seconds of the input's own clock; None where that says nothing.
        came: when it was there, in seconds of `time.perf_counter`.
    """

    picture: av.VideoFrame
    time: float | None
    came: float


class LiveSource(Protocol):
    """Gives frames as they come."""

    @property
    def info(self) -> VideoInfo:
        """What is known of the frames."""
        ...

    @property
    def is_paced(self) -> bool:
        """Whether frames come at their own times by themselves."""
        ...

    def frames(self) -> Iterator[Captured]:
        """Yield the frames, once.

        Raises:
            InputError: they cannot be read any more.
        """
        ...

    def stop(self) -> None:
        """Let whoever waits for a frame wait no longer; may be called from another thread."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class LibavSource:
    """Frames of one of libav's demuxers, of a stream or of a device.

    Args:
        name: how messages call it.
        container: the open demuxer; closed with this.
        limits: what is refused.
        is_paced: whether frames come at their own times by themselves.
        stop: makes reading end.
        close: lets go of what the demuxer reads.

    Raises:
        InputTypeError: it holds no moving pictures that are read.
        InputDamagedError: none can be decoded.
        InputLimitError: they are larger than allowed.
    """

    def __init__(
        self,
        name: str,
        container: InputContainer,
        limits: LimitOptions,
        *,
        is_paced: bool,
        stop: Callable[[], None] = lambda: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._name, self._container, self._limits = name, container, limits
        self._stop, self._close, self.is_paced = stop, close, is_paced
        try:
            self._stream = self._opened()
            self._decoded = self._decode()
            self._first = next(self._decoded, None)
            if self._first is None:
                raise InputDamagedError(
                    f"{name} ended before a frame was there", "See whether whoever sends is at work"
                )
            self.info = _describe(name, container, self._stream, self._first.picture)
        except BaseException:
            self.close()
            raise

    def frames(self) -> Iterator[Captured]:
        """Yield the frames; see `LiveSource.frames`."""
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._decoded

    def stop(self) -> None:
        """Make reading end."""
        self._stop()

    def close(self) -> None:
        """Let go of the demuxer and of what it reads."""
        self._container.close()
        self._close()

    def _opened(self) -> VideoStream:
        """Set up the decoder so that it holds no frame back that it could give."""
        streams = self._container.streams.video
        if not streams or streams[0].codec_context is None:
            raise InputTypeError(f"{self._name} brings no moving pictures that are read", "Send a video")
        stream = streams[0]
        check_pixels(Path(self._name), stream.width, stream.height, self._limits)
        stream.thread_type = "SLICE"  # threads over frames hold back as many frames
        stream.codec_context.options = {"max_pixels": str(self._limits.max_pixels)}
        return stream

    def _decode(self) -> Iterator[Captured]:
        try:
            for packet in self._container.demux(self._stream):
                came = time.perf_counter()
                for frame in packet.decode():
                    seconds = None if frame.pts is None else float(frame.pts * (frame.time_base or LIVE_TIME_BASE))
                    yield Captured(frame, seconds, came)
        except av.FFmpegError as error:
            raise InputDamagedError(
                f"{self._name} cannot be read any more: {explain(error)}", "Start it again"
            ) from error


def _describe(name: str, container: InputContainer, stream: VideoStream, first: av.VideoFrame) -> VideoInfo:
    """Return what is known of live frames.

    Raises:
        InputTypeError: their colours are coded in a way that is not converted.
    """
    orientation, colour = Orientation.of(first), ColourTags.of(first)
    if first.format.is_rgb:
        colour = ColourTags(UNSPECIFIED, colour.primaries, colour.transfer)
    if not colour.is_known:
        raise InputTypeError(f"The colours of {name} use matrix {colour.matrix} of ITU-T H.273", "Send BT.709")
    aspect = stream.sample_aspect_ratio or Fraction(1)
    rates = (rate for rate in (stream.average_rate, stream.guessed_rate) if rate and rate <= _FASTEST)
    size = (first.width, first.height)
    width, height = size[::-1] if orientation.swaps_sides else size
    return VideoInfo(
        path=Path(name),
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        width=width,
        height=height,
        frame_rate=next(rates, _USUAL_RATE),
        time_base=LIVE_TIME_BASE,
        orientation=orientation,
        pixel_aspect=1 / aspect if orientation.swaps_sides else aspect,
        colour=colour,
        pixel_format=first.format.name,
        bit_depth=max(component.bits for component in first.format.components),
        has_alpha=any(component.is_alpha for component in first.format.components),
    )
