"""What is known of a picture or video before its pixels are worked on."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from facefusion.errors import InputLimitError
from facefusion.media.colour import ColourTags
from facefusion.media.orientation import Orientation
from facefusion.options import LimitOptions


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """A picture file.

    Attributes:
        path: where it is.
        form: name of its form, such as `JPEG`.
        width: in pixels, upright.
        height: in pixels, upright.
    """

    path: Path
    form: str
    width: int
    height: int


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
class VideoInfo:
    """A video file.

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
        pixel_format: libav's name of the stored pixels.
        audio: its streams of sound.
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
    audio: tuple[AudioTrack, ...] = ()

    @property
    def has_audio(self) -> bool:
        """Whether there is any sound."""
        return bool(self.audio)

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
