"""Reading a video as upright RGB frames in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError, InputTypeError
from facefusion.media.colour import UNSPECIFIED, ColourTags, RgbConverter
from facefusion.media.decoding import decode
from facefusion.media.frame import Frame
from facefusion.media.info import AudioTrack, VideoInfo, check_pixels
from facefusion.media.orientation import Orientation
from facefusion.media.source import VideoSource
from facefusion.media.timing import timed
from facefusion.options import LimitOptions

_USUAL_RATE = Fraction(25)


class VideoReader:
    """Yields the frames of a video, once, upright, in presentation order.

    A frame that does not decode cleanly is an error; the two exceptions, a recording that began in mid-stream and one
    that broke off, are described at `decode`. An MP4, QuickTime or Matroska file that holds fewer bytes than it
    declares is refused on opening.

    Args:
        path: the file.
        limits: what is refused.

    Attributes:
        info: what is known of the video; found with the first frame, which is decoded on opening.

    Raises:
        InputMissingError: there is no such file.
        InputTypeError: it is no video of a kind that is read.
        InputDamagedError: it cannot be decoded; on opening or, with the time at which it broke, while iterating.
        InputLimitError: its frames exceed `limits.max_pixels`.
    """

    def __init__(self, path: Path, limits: LimitOptions) -> None:
        self._source = VideoSource(path, max_pixels=limits.max_pixels)
        try:
            stream = self._source.picture_stream()
            check_pixels(path, stream.width, stream.height, limits)
            self._decoded = decode(self._source, stream, max_pixels=limits.max_pixels)
            self._first = next(self._decoded, None)
            if self._first is None:
                raise InputDamagedError(f"The video {path} holds no frame that can be decoded", "Copy it again")
            self.info = _describe(self._source, stream, self._first)
        except BaseException:
            self._source.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that have not been read yet.

        Raises:
            InputDamagedError: the stream breaks; the message says at what time.
        """
        info, first = self.info, self._first
        if first is None:
            return
        self._first = None
        size = (first.width, first.height)
        convert = RgbConverter(info.colour, *size).convert
        frames = timed(
            chain([first], self._decoded), time_base=info.time_base, frame_rate=info.frame_rate, path=info.path
        )
        for index, (frame, pts, duration) in enumerate(frames):
            if (frame.width, frame.height) != size:
                raise InputDamagedError(
                    f"The frames of {info.path} change their size from {size[0]}x{size[1]} to "
                    f"{frame.width}x{frame.height} at {float(pts * info.time_base):.3f} s",
                    "Convert it to one size first",
                )
            yield Frame(index, pts, duration, info.time_base, info.orientation.upright(convert(frame)))

    def close(self) -> None:
        """Close the file; frames that were read stay valid."""
        self._first = None
        self._decoded.close()
        self._source.close()


def _describe(source: VideoSource, stream: VideoStream, first: av.VideoFrame) -> VideoInfo:
    """Gather what the container and the first frame say.

    Raises:
        InputTypeError: the colours are coded in a way that is not converted.
    """
    colour = ColourTags.of(first)
    if not colour.is_known and not first.format.is_rgb:
        raise InputTypeError(
            f"The colours of {source.path} use matrix {colour.matrix} of ITU-T H.273, which is not read",
            "Convert it to BT.709 first",
        )
    if first.format.is_rgb:
        # RGB has no matrix to carry over; what is written is YUV, with a matrix of its own.
        colour = replace(colour, matrix=UNSPECIFIED, full_range=None)
    orientation = Orientation.of(first)
    width, height = (first.height, first.width) if orientation.swaps_sides else (first.width, first.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    time_base = stream.time_base or 1 / _USUAL_RATE
    rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
    duration = _duration(source, stream)
    return VideoInfo(
        path=source.path,
        container=source.form.name,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        frame_rate=rate,
        time_base=time_base,
        start=(first.pts or 0) * time_base,
        frames=stream.frames or (None if duration is None else round(duration * rate)),
        duration=duration,
        orientation=orientation,
        pixel_aspect=1 / aspect if orientation.swaps_sides else aspect,
        colour=colour,
        pixel_format=first.format.name,
        audio=tuple(_track(sound) for sound in source.container.streams.audio),
    )


def _duration(source: VideoSource, stream: VideoStream) -> Fraction | None:
    """Return the length that the stream or else the container states, in seconds."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    whole = source.container.duration
    return None if whole is None else Fraction(whole, av.time_base)


def _track(stream: AudioStream) -> AudioTrack:
    """Describe one stream of sound."""
    context = stream.codec_context
    if context is None:
        return AudioTrack("unknown", 0, 0, stream.language or "")
    return AudioTrack(context.name, context.sample_rate, context.channels, stream.language or "")
