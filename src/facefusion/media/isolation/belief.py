"""What a child says of a file, as far as there can be such a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final, Protocol

from pydantic import Field

from facefusion.media.info import VideoInfo, check_pixels
from facefusion.media.isolation.channel import ChannelError
from facefusion.media.isolation.messages import Schema
from facefusion.options import LimitOptions

Notes = Annotated[tuple[str, ...], Field(max_length=1000)]
"""Sentences for the user."""
NOTES: Final[Schema[tuple[str, ...]]] = Schema(Notes)

_MOST: Final = 1 << 62  # libav counts in 64 bits
_MOST_OF_A_RATIO: Final = (1 << 31) - 1  # it keeps numerator and denominator in 32 bits
_MOST_SIDE: Final = 1 << 24
_MOST_SQUASHED: Final = 10_000
_DEPTHS: Final = range(1, 17)


class Opened(Protocol):
    """What an opened file says of itself, as a dataclass."""

    @property
    def info(self) -> VideoInfo:
        """What is known of the video."""
        ...


def believed(opened: Opened, path: Path, limits: LimitOptions) -> VideoInfo:
    """Return what a child says of a video, with the path that it was opened under, if all of it can be.

    Raises:
        ChannelError: there can be no such clip.
        InputLimitError: it is larger than it may be.
    """
    info = opened.info
    if not (1 <= info.width <= _MOST_SIDE and 1 <= info.height <= _MOST_SIDE and info.bit_depth in _DEPTHS):
        raise ChannelError("no clip")
    for ratio in (info.time_base, info.frame_rate, info.pixel_aspect):
        if ratio <= 0 or max(ratio.numerator, ratio.denominator) > _MOST_OF_A_RATIO:
            raise ChannelError("no clip")
    if not 1 <= info.pixel_aspect * _MOST_SQUASHED <= _MOST_SQUASHED**2:
        raise ChannelError("no clip")
    if any(length is not None and length < 0 for length in (info.frames, info.duration)) or not _is_sane(opened):
        raise ChannelError("no clip")
    check_pixels(path, info.width, info.height, limits)
    return replace(info, path=path)


def _is_sane(value: object) -> bool:
    """Whether all numbers are such as libav could count up to."""
    if isinstance(value, int):
        return -_MOST <= value <= _MOST
    if isinstance(value, Fraction):
        return _is_sane(value.numerator) and _is_sane(value.denominator)
    if isinstance(value, Mapping):
        return all(map(_is_sane, value.values()))
    if isinstance(value, tuple):
        return all(map(_is_sane, value))
    if is_dataclass(value):
        return all(_is_sane(getattr(value, field.name)) for field in fields(value))
    return True
