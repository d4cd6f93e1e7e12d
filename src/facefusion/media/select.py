"""What of a video is worked on: from when to when, which part of the picture, how many frames a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Self

from facefusion.errors import OptionsError
from facefusion.media.rates import frame_rate
from facefusion.media.region import Rectangle
from facefusion.options.moments import Moment, Stretch

if TYPE_CHECKING:
    from facefusion.options import Options


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a video is given out.

    Attributes:
        start: frames before it are left out, and it becomes time 0 with the first frame that is not.
        end: frames from it on are left out.
        crop: part of the upright picture that is kept.
        rate: frames a second that are given out; those of the video itself where None.
        deinterlace: whether interlaced frames are made progressive.
        sequence_rate: frames a second of a sequence of pictures, which has no times of its own.
    """

    start: Moment | None = None
    end: Moment | None = None
    crop: Rectangle | None = None
    rate: Fraction | None = None
    deinterlace: bool = False
    sequence_rate: Fraction = Fraction(25)

    @property
    def is_trimmed(self) -> bool:
        """Whether frames are left out at the beginning or the end."""
        return self.start is not None or self.end is not None

    def check_crop(self, width: int, height: int) -> None:
        """Make sure that what is kept lies in an upright picture of this size.

        Raises:
            OptionsError: it does not.
        """
        if self.crop is not None and not self.crop.fits(width, height):
            raise OptionsError(
                f"Option crop: {self.crop} reaches out of the picture of {width}x{height}",
                "Give x,y,width,height inside it",
            )

    @classmethod
    def of(cls, options: Options) -> Self:
        """Read the options of input and output.

        Raises:
            OptionsError: the end is not after the start.
        """
        given, rate = options.input, options.output.output_video_fps
        start, end = (None if text is None else Moment.parse(text) for text in (given.trim_start, given.trim_end))
        if not Stretch(start, end).has_length:
            raise OptionsError(
                f"Option trim-end: nothing is left before {given.trim_end}", "Give a moment after trim-start"
            )
        return cls(
            start=start,
            end=end,
            crop=Rectangle.several(given.crop)[0] if given.crop else None,
            rate=None if rate is None else frame_rate(rate),
            deinterlace=given.deinterlace,
            sequence_rate=frame_rate(given.sequence_rate or "25"),
        )


EVERYTHING = Selection()
"""All of a video, as it is."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The part of a source that sound and subtitles are cut to; its start becomes time 0.

    Attributes:
        start: in seconds on the source's own clock: presentation time of the first frame that is given out.
        end: in seconds on the source's own clock; None where nothing is cut off, or, with an end given as the number
            of a frame, as long as that has not been reached.
    """

    start: Fraction
    end: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on reading.

    Attributes:
        index: of the frame to begin with, as it is given out by an uninterrupted reader.
        pts: of the same frame, as it is given out.
    """

    index: int
    pts: int


def ticks_until(seconds: Fraction, time_base: Fraction) -> int:
    """Return the first tick at or after a moment."""
    return math.ceil(seconds / time_base)
