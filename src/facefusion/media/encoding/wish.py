"""What people ask of a video that is written."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from facefusion.errors import OptionsError
from facefusion.options.media import OutputOptions, VideoPreset

_UNITS = {"k": 1_000, "m": 1_000_000}
_KEYS = {
    "encoder": "output_video_encoder",
    "preset": "output_video_preset",
    "quality": "output_video_quality",
    "bitrate": "output_video_bitrate",
    "passes": "output_video_passes",
    "size": "output_video_size",
}
_SOUND, _SAID = "sound", {"yes": True, "no": False}
_EXAMPLE = "Write it like 'small.mp4 size=720p bitrate=3M', with spaces between; a name with spaces goes in quotes"


@dataclass(frozen=True, slots=True)
class VideoWish:
    """What is asked of one output.

    Attributes:
        encoder: name of the encoder; `auto` leaves it to the output's form and the video.
        preset: speed against size, in the words of x264.
        quality: constant quality on the scale of x264; None where nothing is asked.
        bit_rate: bits a second to aim at; None where a quality is meant.
        passes: 1 or 2.
        size: text such as `1280x720`, `720p` or `50%`; None for that of the video.
        picture_quality: of JPEG, WebP and AVIF pictures, 1 to 100.
        sound: whether the target's is copied.
        quality_is_asked: whether the quality is asked of this very output; one of a preset, a file or the environment
            is meant where there is one to set.
    """

    encoder: str = "auto"
    preset: VideoPreset = "veryfast"
    quality: int | None = None
    bit_rate: int | None = None
    passes: int = 1
    size: str | None = None
    picture_quality: int = 95
    sound: bool = True
    quality_is_asked: bool = True

    @classmethod
    def of(cls, options: OutputOptions) -> Self:
        """Read the options of the output.

        Raises:
            OptionsError: they contradict each other.
        """
        if options.output_video_bitrate is not None and options.output_video_quality is not None:
            raise OptionsError("Both a quality and a bitrate are given", "Leave out one of them")
        if options.output_video_passes > 1 and options.output_video_bitrate is None:
            raise OptionsError("Two passes need a bitrate to aim at", "Add --output-video-bitrate")
        return cls(
            encoder=options.output_video_encoder,
            preset=options.output_video_preset,
            quality=options.output_video_quality,
            bit_rate=_bits(options.output_video_bitrate),
            passes=options.output_video_passes,
            size=options.output_video_size,
            picture_quality=options.output_image_quality,
            sound=options.keep_audio,
            quality_is_asked=options.asks_for("output_video_quality"),
        )

    @property
    def needs_quality(self) -> bool:
        """Whether only what has a quality to set will do."""
        return self.quality is not None and self.quality_is_asked

    @classmethod
    def parse_rendition(cls, text: str, options: OutputOptions) -> tuple[Path, Self]:
        """Read a further output: its path, and what is asked of it in words such as `size=720p`.

        What is not said is as it is when nobody says anything, but for the preset and the sound, which are those of the
        main output; `sound=no` leaves it out.

        Raises:
            OptionsError: the text says something impossible.
        """
        path, given = _words(text)
        sound = _SAID.get(given.pop(_SOUND, "yes"))
        if sound is None:
            raise OptionsError(f"The rendition {text!r}: sound is yes or no", _EXAMPLE)
        if given.get("passes", "1") != "1" and "bitrate" not in given:
            raise OptionsError(f"The rendition {text!r}: two passes need a bitrate to aim at", "Add bitrate=")
        try:
            values = {_KEYS[key]: value for key, value in given.items()}
        except KeyError as error:
            known = ", ".join([*_KEYS, _SOUND])
            raise OptionsError(f"A rendition has no {error.args[0]!r}", f"There are {known}") from None
        try:
            wanted = OutputOptions.model_validate({"output_video_preset": options.output_video_preset} | values)
        except ValidationError as error:
            first = error.errors()[0]
            raise OptionsError(
                f"The rendition {text!r}: {first['msg'].removeprefix('Value error, ')}, got {first['input']!r}",
                _EXAMPLE,
            ) from None
        return path, replace(cls.of(wanted), sound=sound and options.keep_audio)

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Return the size asked for, given that of the frames.

        `720p` means the shorter side; the other follows. Sides that follow are even, unless nothing is asked.
        """
        if self.size is None:
            return width, height
        if "x" in self.size:
            wide, high = self.size.split("x")
            return int(wide), int(high)
        factor = Fraction(self.size[:-1])
        factor = factor / 100 if self.size.endswith("%") else factor / min(width, height)
        return _even(width * factor), _even(height * factor)


def _words(text: str) -> tuple[Path, dict[str, str]]:
    """Take a rendition apart: its path, and what is asked of it by name.

    Raises:
        OptionsError: it is not made of such words.
    """
    try:
        name, *words = shlex.split(text)
        given = dict(word.split("=", 1) for word in words)
    except ValueError:
        raise OptionsError(f"The rendition {text!r} is not understood", _EXAMPLE) from None
    if name.split("=")[0] in {*_KEYS, _SOUND} and "=" in name:
        raise OptionsError(f"The rendition {text!r} has no file", _EXAMPLE)
    if len(given) < len(words):
        raise OptionsError(f"The rendition {text!r} says something twice", "Say each once")
    return Path(name), given


def _bits(text: str | None) -> int | None:
    if text is None:
        return None
    unit = _UNITS.get(text[-1].lower(), 1)
    return round(Fraction(text[:-1] if unit > 1 else text) * unit)


def _even(value: Fraction) -> int:
    return max(2, round(value / 2) * 2)
