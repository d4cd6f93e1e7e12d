"""From packets to decoded frames, with a clear verdict on damage."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError
from facefusion.media import forms
from facefusion.media.source import VideoSource, explain

_MOST_THREADS = 4  # every further thread of a decoder holds further frames in memory


def decode(source: VideoSource, stream: VideoStream, *, max_pixels: int) -> Generator[av.VideoFrame]:
    """Yield the frames of `stream` in presentation order.

    A frame that does not decode cleanly is an error. There are two exceptions. What comes before the first frame that
    can be decoded (a recording that began in mid-stream) is passed over, as players do. And where a container does not
    say how long it is, a stream may end in mid-frame (a recording that broke off): what is unclean in the last few
    packets is left out.

    Raises:
        InputDamagedError: the stream breaks; the message says at what time.
    """
    context = stream.codec_context
    context.thread_type = "AUTO"
    context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
    context.options = {"max_pixels": str(max_pixels)}
    source.keep_only(stream)
    seen: Fraction | None = None
    fault: _Fault | None = None
    for outcome in _outcomes(source, stream):
        if isinstance(outcome, _Fault):
            if seen is not None and fault is None:
                fault = outcome
        elif isinstance(outcome, int):
            delay = context.thread_count + context.reorder_depth + 1
            if fault and outcome > fault.packet + delay:
                raise _damage(source, seen, fault)
        else:
            if outcome.pts is not None and not fault:
                seen = outcome.pts * (stream.time_base or Fraction(1))
            yield outcome
    if fault and source.is_complete:
        raise _damage(source, seen, fault)


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something that could not be decoded, found after so many packets had been read."""

    packet: int
    reason: str


def _damage(source: VideoSource, seen: Fraction | None, fault: _Fault) -> InputDamagedError:
    """Say when a video breaks."""
    return InputDamagedError(
        f"The video {source.path} is damaged at {float(seen or 0):.3f} s: {fault.reason}",
        "Copy it again, or cut it before that time",
    )


def _outcomes(source: VideoSource, stream: VideoStream) -> Generator[av.VideoFrame | _Fault | int]:
    """Yield the number of each packet that is read, and what decoding it gives: clean frames and faults."""
    packets = source.container.demux(stream)
    # AVI has no presentation times, only the order of its packets, one for each frame period. Frames leave the decoder
    # in the order in which they are shown, so the n-th frame is due at the time of the n-th packet.
    periods: deque[int] | None = deque() if source.form is forms.AVI else None
    number = 0
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError) as error:
            yield _Fault(number, explain(error))
            return
        if packet is None:
            return
        if packet.dts is not None or packet.size:
            if packet.size == 0:  # "show the last frame again"; to a decoder it would mean the end
                continue
            number += 1
            yield number
            if periods is not None and packet.dts is not None:
                periods.append(packet.dts)
        try:
            frames = packet.decode()
        except av.FFmpegError as error:
            yield _Fault(number, explain(error))
            continue
        for frame in frames:
            if periods is not None:
                frame.pts = periods.popleft() if periods else None
            yield _Fault(number, "a frame is damaged") if frame.is_corrupt else frame
