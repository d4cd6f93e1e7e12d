"""Moments of a clip, and stretches between them, as people give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

MOMENT: Final = r"\d+f|(\d+:){0,2}\d+(\.\d*)?"
"""What the text of a moment looks like."""
_STRETCH: Final = re.compile(rf"(?P<first>{MOMENT})?\s*-\s*(?P<last>{MOMENT})?")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of a clip, counted from its first frame.

    Exactly one of the two is given.

    Attributes:
        seconds: after the first frame's presentation time.
        frame: number of a frame, from 0.
    """

    seconds: Fraction | None = None
    frame: int | None = None

    def __str__(self) -> str:
        """Show it as it may be typed."""
        return f"{self.frame}f" if self.seconds is None else f"{float(self.seconds):g} s"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `12.5` or `00:01:02.5` (seconds; minutes and hours before them) or `250f` (a frame's number).

        Raises:
            ValueError: it is none of these.
        """
        if text.endswith("f"):
            return cls(frame=int(text[:-1]))
        seconds = Fraction(0)
        for part in text.split(":"):
            seconds = seconds * 60 + Fraction(part)
        return cls(seconds=seconds)

    def is_past(self, frame: int, seconds: Fraction) -> bool:
        """Whether a frame is this moment's, or comes after it.

        Args:
            frame: its number, from 0.
            seconds: when it is shown, counted from the first.
        """
        return frame >= self.frame if self.frame is not None else seconds >= (self.seconds or 0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The frames from one moment on, and before another.

    Attributes:
        start: the first; the beginning of the clip when None.
        end: the first that does not belong to it; none when None.
    """

    start: Moment | None = None
    end: Moment | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `00:10-00:20`, `00:40-`, `-00:05` or `250f-400f`; moments as of `Moment.parse`.

        Raises:
            ValueError: it is none of these, or ends before it begins.
        """
        read = _STRETCH.fullmatch(text.strip())
        if read is None or not (read["first"] or read["last"]):
            raise ValueError(f"{text!r} should look like 00:10-00:20, 00:40- or 250f-400f")
        found = cls(*(Moment.parse(part) if part else None for part in (read["first"], read["last"])))
        if not found.has_length:
            raise ValueError(f"{text!r} ends before it begins")
        return found

    @property
    def has_length(self) -> bool:
        """Whether anything lies in it, as far as can be told without the clip."""
        if self.end is None:
            return True
        last = self.end.frame if self.end.seconds is None else self.end.seconds
        first: Fraction | int | None = Fraction(0)
        if self.start is not None:
            first = self.start.frame if self.end.seconds is None else self.start.seconds
        return last is not None and (first is None or first < last)

    def holds(self, frame: int, seconds: Fraction) -> bool:
        """Whether a frame lies in it; arguments as of `Moment.is_past`."""
        is_begun = self.start is None or self.start.is_past(frame, seconds)
        return is_begun and not (self.end is not None and self.end.is_past(frame, seconds))
