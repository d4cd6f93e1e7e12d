"""Options of reading and writing."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from facefusion.options.base import Names, OptionGroup
from facefusion.options.moments import MOMENT

VideoEncoder = Literal[
    "auto",
    "libx264",
    "libx265",
    "libsvtav1",
    "libvpx-vp9",
    "prores",
    "ffv1",
    "h264_nvenc",
    "hevc_nvenc",
    "av1_nvenc",
    "h264_qsv",
    "hevc_qsv",
    "av1_qsv",
]
VideoPreset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]

_MOST_RATE = 1000  # more is a slip of the hand, and would write each frame over and over


def _rectangles(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(numbers) % 4 or any(number < 0 for number in numbers) or 0 in (*numbers[2::4], *numbers[3::4]):
        raise ValueError("a rectangle is x,y,width,height in pixels, with a size above 0")
    return numbers


def _rectangle(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(numbers) > 4:
        raise ValueError("one rectangle is wanted: x,y,width,height")
    return _rectangles(numbers)


def matching(pattern: str, example: str) -> AfterValidator:
    """Return a check of a text's form; its error shows how it should look."""

    def check(text: str | None) -> str | None:
        if text is not None and not re.fullmatch(pattern, text):
            raise ValueError(f"should look like {example}")
        return text

    return AfterValidator(check)


def _as_text(value: object) -> object:
    """Take numbers as they may stand in a call or in TOML: `trim_start = 12.5`."""
    return str(value) if isinstance(value, int | float | Fraction) and not isinstance(value, bool) else value


def _possible_rate(text: str | None) -> str | None:
    if text is not None and Fraction(text) > _MOST_RATE:
        raise ValueError(f"should be at most {_MOST_RATE} frames a second")
    return text


Moment = Annotated[
    str | None,
    BeforeValidator(_as_text),
    matching(MOMENT, "12.5 (seconds), 00:01:02.5, or 250f (a frame's number, from 0)"),
]
Rate = Annotated[
    str | None,
    BeforeValidator(_as_text),
    matching(r"0*[1-9]\d*(\.\d+)?|0?\.\d*[1-9]\d*|[1-9]\d*/[1-9]\d*", "25, 29.97 or 30000/1001"),
    AfterValidator(_possible_rate),
]
BitRate = Annotated[
    str | None, BeforeValidator(_as_text), matching(r"[1-9]\d*(\.\d+)?[kKmM]?", "800k or 5M (bits a second)")
]
Size = Annotated[str | None, matching(r"[1-9]\d*x[1-9]\d*|[1-9]\d*p|[1-9]\d*(\.\d+)?%", "1280x720, 720p or 50%")]


class InputOptions(OptionGroup):
    """What of the target is worked on."""

    trim_start: Moment = Field(
        default=None, description="begin here: seconds, h:m:s, or the number of a frame such as 250f"
    )
    trim_end: Moment = Field(default=None, description="end before this moment, given in the same ways")
    crop: Annotated[tuple[int, ...], AfterValidator(_rectangle)] = Field(
        default=(), description="part of the upright picture to keep: x,y,width,height in pixels"
    )
    deinterlace: bool = Field(default=False, description="make interlaced video progressive")
    sequence_rate: Rate = Field(
        default="25", description="frames a second of a sequence of pictures, as in output-video-fps"
    )


class OutputOptions(OptionGroup):
    """How the result is written."""

    output_video_encoder: VideoEncoder = Field(
        default="auto", description="encoder of the pictures; 'auto' goes by the output's ending and the target's depth"
    )
    output_video_preset: VideoPreset = Field(default="veryfast", description="speed of the encoder against file size")
    output_video_quality: int | None = Field(
        default=None,
        ge=0,
        le=51,
        description="constant quality on the scale of x264; lower is better; 18 when nothing is given",
    )
    output_video_bitrate: BitRate = Field(default=None, description="bits a second to aim at, instead of a quality")
    output_video_passes: int = Field(
        default=1, ge=1, le=2, description="with a bitrate: 2 looks at the whole video before it divides the bits"
    )
    output_video_size: Size = Field(default=None, description="size of the output: 1280x720, 720p or 50%")
    output_video_fps: Rate = Field(
        default=None,
        description="frames a second of the output; frames are chosen, the speed stays; 23.976, 29.97, 47.952, 59.94"
        " and 119.88 mean 24000/1001, 30000/1001 and so on",
    )
    sequence_start: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        description="first number of an output sequence; when not given, that of the target's first picture written"
        " where the target is a sequence, else 1",
    )
    renditions: Annotated[tuple[str, ...], Names(also=("rendition",))] = Field(
        default=(),
        description="further outputs of the same job, each as one text such as"
        " 'small.mp4 size=720p bitrate=3M' (also encoder=, quality=, preset=, passes=, sound=no);"
        " of the output's own encoding only the preset holds for them",
    )
    output_image_quality: int = Field(default=95, ge=1, le=100, description="quality of JPEG, WebP and AVIF pictures")
    keep_audio: bool = Field(default=True, description="copy the sound of the target, or that of --source-audio")
    keep_subtitles: bool = Field(default=True, description="copy the subtitles of the target")
    keep_metadata: bool = Field(default=True, description="copy tags, chapters, timecode and cover art of the target")
    fill_region: Annotated[tuple[int, ...], AfterValidator(_rectangles)] = Field(
        default=(),
        description="fill burnt-in logos that are your own from their surroundings: x,y,width,height for each,"
        " counted in the picture that is left after cropping",
    )
    thumbnail: Path | None = Field(default=None, description="picture to write of the best frame")
    contact_sheet: Path | None = Field(default=None, description="picture to write of frames from the whole video")
    overwrite: bool = Field(default=True, description="replace an output that is there already")
    resume: bool = Field(
        default=False, description="go on with the same job where it was interrupted; begins anew if anything changed"
    )


class LimitOptions(OptionGroup):
    """What is refused before work begins, and how far a file is trusted."""

    max_pixels: int = Field(
        default=64_000_000, ge=4096, description="largest picture or video frame that is read or made, in pixels"
    )
    max_frames: int | None = Field(default=None, ge=1, description="most frames of a video that are read")
    max_duration: float | None = Field(default=None, gt=0, description="longest video that is read, in seconds")
    max_streams: int = Field(default=64, ge=1, description="most streams that a video may have")
    isolate: bool = Field(
        default=False,
        description="decode in child processes that may open no file, no network and no program (Linux)",
    )
    isolate_memory: float = Field(default=4.0, gt=0, le=65536, description="memory in GiB that such a process may take")
    isolate_timeout: float = Field(
        default=30.0, gt=0, le=86400, description="seconds for which such a process may work without reading on"
    )
