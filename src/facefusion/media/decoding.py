"""From packets to decoded frames, with a clear verdict on damage."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError
from facefusion.inference.machine import usable_cores
from facefusion.media import forms
from facefusion.media.access import random_access
from facefusion.media.source import VideoSource, explain

_MOST_THREADS = 4  # every further thread of a decoder holds further frames in memory
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # libav's own decoders of these leave transparency out


class PictureDecoder:
    """Decodes the moving pictures of a file.

    A frame that does not decode cleanly is an error. There are two exceptions. What comes before the first frame that
    can be decoded (a recording that began in mid-stream) is passed over, as players do. And where a container does not
    say how long it is, a stream may end in mid-frame (a recording that broke off): what is unclean in the last few
    packets is left out. Both are told in `notes`.

    Args:
        source: the file.
        stream: its pictures.
        max_pixels: largest frame that may be set up.

    Attributes:
        notes: what was left out; one sentence each.
    """

    def __init__(self, source: VideoSource, stream: VideoStream, *, max_pixels: int) -> None:
        self.notes: list[str] = []
        self._source = source
        self._stream = stream
        self._context = _context(stream)
        # Decoders that work at several frames or slices at once tell of damage sooner or later, by chance, or never.
        # Where the end may be damaged and is left out, they would leave out more one time than another.
        self._context.thread_type = "AUTO"
        self._context.thread_count = min(_MOST_THREADS, usable_cores()) if source.is_complete else 1
        self._context.options = {"max_pixels": str(max_pixels)}
        self._size: tuple[int, int] | None = None
        self._origin: Fraction | None = None
        self._seen: Fraction | None = None
        self._opening: int | None = None
        self._is_cut = False
        source.keep_only(stream)
        self._packets: Iterator[Packet[VideoStream]] = source.packets(stream)
        self._since: int | None = None

    def seek(self, tick: int) -> bool:
        """Go to a place from which all frames shown at or after `tick` decode as if all before had been decoded.

        Returns:
            whether there is such a place; if not, nothing that is decoded from then on is of use.
        """
        entry = random_access(self._source, self._stream, tick)
        if entry is None:
            return False
        self._context.flush_buffers()
        self._packets = chain([entry], self._source.packets(self._stream))
        self._since = entry.pts
        self._seen = None
        return True

    def frames(self) -> Generator[av.VideoFrame]:
        """Yield the frames in presentation order, from the place that was gone to.

        Raises:
            InputDamagedError: the stream breaks, or its frames change their size; the message says at what time.
        """
        fault: _Fault | None = None
        for outcome in self._outcomes():
            if isinstance(outcome, _Fault):
                if self._seen is None:
                    self._is_cut = self._since is None
                elif fault is None:
                    fault = outcome
            elif isinstance(outcome, int):
                delay = self._context.thread_count + self._context.reorder_depth + 1
                if fault and outcome > fault.packet + delay:
                    raise self._damage(fault)
            elif not self._is_leading(outcome):
                if not fault:
                    self._remember(outcome)
                yield outcome
        if fault and self._source.is_complete:
            raise self._damage(fault)
        if fault:
            self.notes.append(f"It breaks off {self._moment(self._seen)}; what is damaged there was left out")

    def _is_leading(self, frame: av.VideoFrame) -> bool:
        """Whether a frame is shown before the one that was gone to, and so may lack what it is made from."""
        return self._since is not None and (frame.pts is None or frame.pts < self._since)

    def _remember(self, frame: av.VideoFrame) -> None:
        """Take note of a frame's time, and make sure of its size."""
        if frame.pts is not None:
            self._seen = frame.pts * (self._stream.time_base or Fraction(1))
        if self._origin is None:
            self._origin = self._seen
            self._note_beginning(frame)
        size = (frame.width, frame.height)
        self._size = self._size or size
        if size != self._size:
            raise InputDamagedError(
                f"The frames of {self._source.path} change their size from {self._size[0]}x{self._size[1]} to "
                f"{size[0]}x{size[1]} {self._moment(self._seen)}",
                "Convert it to one size first",
            )

    def _note_beginning(self, first: av.VideoFrame) -> None:
        """Take note if pictures before the first frame could not be decoded, or were passed over by the decoder."""
        is_late = self._opening is not None and first.pts is not None and first.pts > self._opening
        if self._is_cut or is_late:
            self.notes.append("It begins in mid-stream; what comes before its first whole picture was left out")

    def _damage(self, fault: _Fault) -> InputDamagedError:
        """Say when a video breaks."""
        return InputDamagedError(
            f"The video {self._source.path} is damaged {self._moment(self._seen)}: {fault.reason}",
            "Copy it again, or cut it before that time",
        )

    def _moment(self, time: Fraction | None) -> str:
        """Say when something is, counted from the first frame."""
        return f"at {float((time or 0) - (self._origin or 0)):.3f} s"

    def _outcomes(self) -> Generator[av.VideoFrame | _Fault | int]:
        """Yield the number of each packet that is read, and what decoding it gives: clean frames and faults."""
        # AVI has no presentation times, only the order of its packets, one for each frame period. Frames leave the
        # decoder in the order in which they are shown, so the n-th frame is due at the time of the n-th packet.
        periods: deque[int] | None = deque() if self._source.form is forms.AVI else None
        number = 0
        while True:
            try:
                packet = next(self._packets, None)
            except (av.FFmpegError, OSError) as error:
                yield _Fault(number, explain(error))
                return
            if packet is None:
                return
            if packet.dts is not None or packet.size:
                if packet.size == 0:  # "show the last frame again"; to a decoder it would mean the end
                    continue
                number += 1
                if number == 1 and self._since is None and not packet.is_keyframe:
                    self._opening = packet.pts
                yield number
                if periods is not None and packet.dts is not None:
                    periods.append(packet.dts)
            try:
                frames = self._context.decode(packet)
            except av.FFmpegError as error:
                yield _Fault(number, explain(error))
                continue
            for frame in frames:
                if periods is not None:
                    frame.pts = periods.popleft() if periods else None
                yield _Fault(number, "a frame is damaged") if frame.is_corrupt else frame


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something that could not be decoded, found after so many packets had been read."""

    packet: int
    reason: str


def _context(stream: VideoStream) -> VideoCodecContext:
    """Return the decoder of a stream; where libav's usual one would lose transparency, one that does not."""
    usual = stream.codec_context
    if stream.metadata.get("alpha_mode") != "1" or usual.name not in _WITH_ALPHA:
        return usual
    context = av.CodecContext.create(_WITH_ALPHA[usual.name], "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = usual.extradata
    context.color_range, context.colorspace = usual.color_range, usual.colorspace
    context.color_primaries, context.color_trc = usual.color_primaries, usual.color_trc
    return context
