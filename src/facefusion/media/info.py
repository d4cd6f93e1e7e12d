"""What is known of a picture or video before its pixels are worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from facefusion.errors import InputLimitError
from facefusion.media.colour import ColourTags
from facefusion.media.hdr import HdrMetadata
from facefusion.media.orientation import Orientation
from facefusion.options import LimitOptions

FieldOrder = Literal["progressive", "top", "bottom"]
"""Whether frames are whole pictures, or two fields of which the top or the bottom one is shown first."""


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """A picture file.

    Attributes:
        path: where it is.
        form: name of its form, such as `JPEG`.
        width: in pixels, upright.
        height: in pixels, upright.
        bit_depth: bits of a sample, as far as they are read.
        has_alpha: whether it may be transparent in parts.
    """

    path: Path
    form: str
    width: int
    height: int
    bit_depth: int = 8
    has_alpha: bool = False


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One stream of sound.

    Attributes:
        codec: libav's name, such as `aac`.
        sample_rate: in Hz.
        channels: how many.
        language: three letters as tagged; empty where not.
    """

    codec: str
    sample_rate: int
    channels: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One stream of subtitles.

    Attributes:
        codec: libav's name, such as `subrip`.
        language: three letters as tagged; empty where not.
    """

    codec: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A video file, a moving picture or a sequence of pictures.

    Size, rates, times and field order are those of the frames that a reader gives out, after trimming, cropping and
    whatever else a selection asks for; all else is as the file has it.

    Attributes:
        path: where it is.
        container: name of its form, such as `MP4`.
        codec: libav's name of the picture codec.
        width: in pixels, upright.
        height: in pixels, upright.
        frame_rate: frames per second on average.
        time_base: seconds per tick of the frames' timestamps.
        start: presentation time of the first frame in seconds.
        frames: how many, where the container says or lets one guess.
        duration: in seconds, where the container says.
        orientation: what brings stored frames upright.
        pixel_aspect: width of an upright pixel over its height.
        colour: how its numbers are to be read as colours.
        pixel_format: libav's name of the planes that frames bring along.
        stored_format: libav's name of the format that they were stored in; empty where nothing is known of it.
        chroma_location: where subsampled chroma lies in these planes, in libav's words, such as `left`.
        bit_depth: bits of a sample.
        has_alpha: whether the frames are transparent in parts.
        field_order: whether frames are interlaced, and which field comes first.
        hdr: the display that the colours were mastered on and their light levels, where the file says.
        audio: its streams of sound.
        subtitles: its streams of subtitles.
        chapters: how many.
        timecode: of the first frame, such as `01:00:00:00`; empty where there is none.
        extra_video: further streams of moving pictures.
        attachments: files attached to it, such as fonts.
        metadata: tags of the whole file.
        first_number: of a sequence of pictures, the number in the name of the first that is given out.
        notes: what is there but not carried on; one sentence each.
    """

    path: Path
    container: str
    codec: str
    width: int
    height: int
    frame_rate: Fraction
    time_base: Fraction
    start: Fraction = Fraction(0)
    frames: int | None = None
    duration: Fraction | None = None
    orientation: Orientation = Orientation.UPRIGHT
    pixel_aspect: Fraction = Fraction(1)
    colour: ColourTags = field(default_factory=ColourTags)
    pixel_format: str = "yuv420p"
    stored_format: str = ""
    chroma_location: str = "unspecified"
    bit_depth: int = 8
    has_alpha: bool = False
    field_order: FieldOrder = "progressive"
    hdr: HdrMetadata | None = None
    audio: tuple[AudioTrack, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()
    chapters: int = 0
    timecode: str = ""
    extra_video: int = 0
    attachments: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    first_number: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def has_audio(self) -> bool:
        """Whether there is any sound."""
        return bool(self.audio)

    @property
    def shown_width(self) -> int:
        """How wide it is at its height, in square pixels."""
        return max(1, round(self.width * self.pixel_aspect))

    @property
    def rotation(self) -> int:
        """Clockwise degrees by which stored frames are turned to stand upright."""
        return self.orientation.rotation


def check_pixels(path: Path, width: int, height: int, limits: LimitOptions) -> None:
    """Refuse what is larger than the limit; to be called with the size a header states, before decoding.

    Raises:
        InputLimitError: more pixels than `limits.max_pixels`.
    """
    if width * height > limits.max_pixels:
        raise InputLimitError(
            f"{path} has {width}x{height} = {width * height} pixels, above the limit of {limits.max_pixels}",
            "Make it smaller, or raise --max-pixels",
        )
