"""The frames of an open video with their times, from its first or from any later one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Protocol

import av
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError
from facefusion.media import forms
from facefusion.media.decoding import PictureDecoder
from facefusion.media.deinterlace import deinterlaced
from facefusion.media.describe import describe
from facefusion.media.info import VideoInfo, check_pixels
from facefusion.media.source import VideoSource
from facefusion.media.timing import timed
from facefusion.options import LimitOptions

Timed = tuple[av.VideoFrame, int, int]
"""A decoded frame, its presentation time and its duration in ticks."""

# Forms whose header states a length; of the others libav makes a guess by looking at the end of the file.
_STATING_DURATION = (forms.FLV, forms.ASF, forms.MATROSKA, forms.AVI, forms.MXF)
_TOLERATED = Fraction(1)  # seconds by which sound may be longer than the pictures
_FRAMES_BEFORE = 3  # with which the deinterlacer has settled


class DecodedClip(Protocol):
    """What a reader needs of the moving pictures of a file; see `Clip`."""

    @property
    def info(self) -> VideoInfo:
        """What is known of the whole video."""
        ...

    @property
    def origin(self) -> int:
        """Presentation time of the first frame, in ticks."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, or is not there."""
        ...

    @property
    def stated_frames(self) -> int | None:
        """How many frames the file states that there are."""
        ...

    def frames(self) -> Iterator[Timed]:
        """Yield all frames."""
        ...

    def restart(self) -> None:
        """Go back to the first frame."""
        ...

    def after(self, tick: int) -> Iterator[Timed] | None:
        """Go to the first frame shown at or after `tick`; yield it and those that follow."""
        ...

    def close(self) -> None:
        """Let go of the file, as often as one likes."""
        ...


class ClipOpener(Protocol):
    """Opens the moving pictures of a file."""

    def __call__(self, path: Path, limits: LimitOptions, *, deinterlace: bool, file: FileIO) -> DecodedClip:
        """See `open_clip`."""
        ...


def open_clip(path: Path, limits: LimitOptions, *, deinterlace: bool, file: FileIO) -> Clip:
    """Open the moving pictures of a file.

    Args:
        path: its name, for messages.
        limits: what is refused.
        deinterlace: whether interlaced frames are made progressive.
        file: the file; closed with the clip, or when there is none.

    Raises:
        InputTypeError: it holds no moving pictures that are read.
        InputDamagedError: it is damaged, or none of them can be decoded.
        InputLimitError: it has too many streams, or its pictures are larger than the limit.
    """
    source = VideoSource(path, max_pixels=limits.max_pixels, max_streams=limits.max_streams, file=file)
    try:
        return Clip(source, limits, deinterlace=deinterlace)
    except BaseException:
        source.close()
        raise


class Clip:
    """The moving pictures of a file.

    Args:
        source: the file, at its beginning; closed with this.
        limits: what is refused.
        deinterlace: whether interlaced frames are made progressive.

    Attributes:
        info: what is known of the whole video.
        origin: presentation time of the first frame, in ticks.

    Raises:
        InputTypeError: the file holds no moving pictures that are read.
        InputDamagedError: none can be decoded.
        InputLimitError: they are larger than the limit.
    """

    def __init__(self, source: VideoSource, limits: LimitOptions, *, deinterlace: bool) -> None:
        self._source = source
        self._limits = limits
        self._deinterlace = deinterlace
        self._early = ""
        self._stream: VideoStream
        self._decoder: PictureDecoder
        self._decoded: Generator[av.VideoFrame]
        self._first: av.VideoFrame
        first = self._begin()
        self.info: VideoInfo = describe(source, self._stream, first)
        self.origin = first.pts or 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of what has been decoded, or is not there; one sentence each."""
        return (*self._decoder.notes, *([self._early] if self._early else []))

    @property
    def stated_frames(self) -> int | None:
        """How many frames the file states that there are; None where that would be a guess."""
        return self.info.frames if self._stream.frames else None

    def frames(self) -> Iterator[Timed]:
        """Yield all frames; to be called once after opening and after each `restart`.

        Raises:
            InputDamagedError: the stream breaks.
        """
        return self._timed(chain([self._first], self._decoded))

    def restart(self) -> None:
        """Go back to the first frame."""
        self._decoded.close()
        self._source.reopen()
        self._begin()

    def after(self, tick: int) -> Iterator[Timed] | None:
        """Go to the first frame shown at or after `tick`; yield it and those that follow.

        Returns:
            the frames, each as it is in an uninterrupted reading; None where that is not certain, in which case
            nothing but `restart` is of use.
        """
        self._decoded.close()
        lead = self._lead() if self._deinterlace else 0
        if not self._decoder.seek(tick - lead):
            return None
        self._decoded = self._decoder.frames()
        frames = self._timed(self._decoded)
        for before, frame in enumerate(frames):
            if frame[1] >= tick:
                return None if self._deinterlace and before < _FRAMES_BEFORE else chain([frame], frames)
        return iter(())

    def close(self) -> None:
        """Let go of the decoder and the file, as often as one likes."""
        self._decoded.close()
        self._source.close()

    def _begin(self) -> av.VideoFrame:
        """Set up the decoder, and decode the first frame."""
        path = self._source.path
        self._stream = self._source.picture_stream()
        check_pixels(path, self._stream.width, self._stream.height, self._limits)
        self._decoder = PictureDecoder(self._source, self._stream, max_pixels=self._limits.max_pixels)
        self._decoded = self._decoder.frames()
        first = next(self._decoded, None)
        if first is None:
            raise InputDamagedError(f"The video {path} holds no frame that can be decoded", "Copy it again")
        self._first = first
        return first

    def _timed(self, frames: Iterator[av.VideoFrame]) -> Iterator[Timed]:
        info = self.info
        if self._deinterlace:
            frames = deinterlaced(frames, field_order=info.field_order, time_base=info.time_base)
        return self._told_of_end(
            timed(
                frames,
                time_base=info.time_base,
                frame_rate=info.frame_rate,
                path=info.path,
                origin=self.origin,
                end=self._stated_end(),
            )
        )

    def _stated_end(self) -> int | None:
        """Return where the last frame ends, if the container says so of the pictures alone."""
        stream = self._stream
        if self._source.form not in (forms.MP4, forms.MOV) or stream.start_time is None or stream.duration is None:
            return None
        return stream.start_time + stream.duration

    def _told_of_end(self, frames: Iterator[Timed]) -> Iterator[Timed]:
        """Pass all frames on, and take note if they end before the time that the header states."""
        end = None
        for frame in frames:
            end = frame[1] + frame[2]
            yield frame
        stated = self.info.duration
        if end is None or stated is None or self._source.is_complete or self._source.form not in _STATING_DURATION:
            return
        length = (end - self.origin) * self.info.time_base
        if stated - length > max(_TOLERATED, stated / 20):
            self._early = f"It ends after {float(length):.3f} s, though its header states {float(stated):.3f} s"

    def _lead(self) -> int:
        """Return how far before a frame the deinterlacer has to begin, in ticks."""
        return round(2 * _FRAMES_BEFORE / (self.info.frame_rate * self.info.time_base))
