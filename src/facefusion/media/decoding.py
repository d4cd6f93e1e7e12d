"""From packets to decoded frames, with a clear verdict on damage."""

from __future__ import annotations

import os
from collections.abc import Generator
from fractions import Fraction

import av
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError
from facefusion.media.source import VideoSource, explain

_MOST_THREADS = 4  # every further thread of a decoder holds further frames in memory


def decode(source: VideoSource, stream: VideoStream, *, max_pixels: int) -> Generator[av.VideoFrame]:
    """Yield the frames of `stream` in presentation order.

    A frame that does not decode cleanly is an error if good frames follow it. If the stream ends with it (a recording
    that broke off in mid-frame), it is left out. What comes before the first frame that can be decoded (a recording
    that began in mid-stream) is passed over, as players do.

    Raises:
        InputDamagedError: the stream breaks; the message says at what time.
    """
    context = stream.codec_context
    context.thread_type = "AUTO"
    context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
    context.options = {"max_pixels": str(max_pixels)}
    source.keep_only(stream)
    time_base = stream.time_base or Fraction(1)
    seen: Fraction | None = None
    fault = ""
    for outcome in _outcomes(source, stream):
        if isinstance(outcome, str):
            fault = fault or outcome
            continue
        if outcome.is_corrupt:
            fault = fault or "a frame is damaged"
            continue
        if fault and seen is not None:
            raise InputDamagedError(
                f"The video {source.path} is damaged at {float(seen):.3f} s: {fault}",
                "Copy it again, or cut it before that time",
            )
        fault = ""
        seen = seen if outcome.pts is None else outcome.pts * time_base
        yield outcome


def _outcomes(source: VideoSource, stream: VideoStream) -> Generator[av.VideoFrame | str]:
    """Yield what decoding gives: frames, and in between the reasons why some could not be decoded."""
    packets = source.container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as error:
            yield explain(error)
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            yield explain(error)
            continue
        yield from frames
