"""How much of a clip may be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from facefusion.errors import InputLimitError
from facefusion.media.timeline import Selected, Timeline
from facefusion.options import LimitOptions

T = TypeVar("T")


class Allowance:
    """Counts what is read of a clip against the limits.

    Args:
        path: of the clip, for messages.
        limits: what is refused.
    """

    def __init__(self, path: Path, limits: LimitOptions) -> None:
        self._path = path
        self._frames = limits.max_frames
        self._seconds = None if limits.max_duration is None else Fraction(str(limits.max_duration))

    def check_frames(self, count: int | None) -> None:
        """Refuse a clip of more frames than are allowed; None where their number is not known.

        Raises:
            InputLimitError: it has more.
        """
        if self._frames is not None and count is not None and count > self._frames:
            raise InputLimitError(
                f"{self._path} has more frames than the limit of {self._frames}",
                "Trim it with --trim-end, or raise --max-frames",
            )

    def check_duration(self, seconds: Fraction | None) -> None:
        """Refuse a clip that is longer than is allowed; None where its length is not known.

        Raises:
            InputLimitError: it is longer.
        """
        if self._seconds is not None and seconds is not None and seconds > self._seconds:
            raise InputLimitError(
                f"{self._path} is longer than the limit of {float(self._seconds):g} s",
                "Trim it with --trim-end, or raise --max-duration",
            )

    def watched(self, frames: Iterable[Selected[T]], timeline: Timeline) -> Iterator[Selected[T]]:
        """Pass frames on as long as they are within the limits.

        Raises:
            InputLimitError: they are too many, or last too long.
        """
        begin, shown = None, 0
        for frame in frames:
            begin = frame.pts if begin is None else begin
            shown += frame.copies
            self.check_frames(max(timeline.read, shown))
            self.check_duration((frame.pts + frame.duration - begin) * timeline.time_base)
            yield frame
