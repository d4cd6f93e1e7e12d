"""From the frames that a file holds to those that are given out: trimmed, or chosen for another rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Generic, TypeVar

from facefusion.media.select import Selection, Trimmed, ticks_until
from facefusion.options.moments import Moment

T = TypeVar("T")

# Containers round times, to milliseconds at worst: a frame that is late by so many seconds, or by so much of an output
# frame if that is less, is still shown at the tick.
_GRACE, _GRACE_OF_FRAME = Fraction(2, 1000), Fraction(1, 8)
_WHOLE = Fraction(3, 2)  # frames on average that one may last to be left whole at the end
_LEAST_ERROR = Fraction(1, 20_000)  # seconds by which a clip may be moved for the sake of a simple clock


@dataclass(frozen=True, slots=True)
class Selected(Generic[T]):
    """A frame that is given out.

    Attributes:
        picture: whatever stands for the frame; passed through.
        pts: presentation time in ticks of the timeline.
        duration: in ticks of the timeline.
        copies: how many times it is shown, at equal distance within `duration`.
    """

    picture: T
    pts: int
    duration: int
    copies: int


class Timeline:
    """What a selection makes of the times of a clip's frames.

    Without trimming, times stay as they are. Trimmed, the first frame that is given out is at 0, exactly. With a rate,
    frames lie on a regular grid that begins with the first of them: at each tick the frame is shown that the clip shows
    then. A frame that spans several ticks is given out once, with `copies`; one that spans none is left out. The clip
    never becomes faster or slower: it ends within one tick of where it ended.

    A frame that is on the screen when the end comes stays whole, so that a constant rate stays constant. One that lasts
    longer than frames usually do ends there, and so does every one where a rate is chosen, which is constant anyway.

    What becomes of a frame depends on its own times alone, so that reading may begin anywhere.

    Args:
        selection: what is wanted.
        time_base: seconds per tick of the frames that are put in.
        origin: pts of the clip's first frame.
        frame_rate: frames a second on average of the frames that are put in.

    Attributes:
        time_base: seconds per tick of the frames that come out.
        first: pts put in of the first frame given out; None until it is known.
        read: frames put in so far, those that are left out as well.
    """

    def __init__(self, selection: Selection, *, time_base: Fraction, origin: int, frame_rate: Fraction) -> None:
        self.first = None if selection.is_trimmed else origin
        self.read = 0
        self._selection = selection
        self._source = time_base
        self._start = self._ticks(selection.start, origin)
        self._end = self._ticks(selection.end, origin)
        self._ended: int | None = None
        self._longest_whole = 0 if selection.rate is not None else math.ceil(_WHOLE / (frame_rate * time_base))
        offset = Fraction(0)
        if selection.rate is not None and not selection.is_trimmed:
            offset = _roughly(origin * time_base * selection.rate, _LEAST_ERROR * selection.rate)
        self._per_frame = offset.denominator
        self._offset = offset.numerator
        self.time_base = time_base if selection.rate is None else 1 / (selection.rate * self._per_frame)

    @property
    def begins_at(self) -> int | None:
        """The tick from which on frames are wanted; None where they are from the first on, or by number."""
        return self._start

    @property
    def needs_numbers(self) -> bool:
        """Whether frames have to be counted from the clip's first."""
        moments = (self._selection.start, self._selection.end)
        return any(moment is not None and moment.frame is not None for moment in moments)

    def number_of(self, index: int) -> int | None:
        """Return which frame of the clip was given out as number `index`; None where that takes counting.

        Where the end is not told by the number of a frame, any number will do.
        """
        start, end = self._selection.start, self._selection.end
        if end is None or end.frame is None:
            return index
        if self._selection.rate is not None or (start is not None and start.frame is None):
            return None
        return index + (0 if start is None or start.frame is None else start.frame)

    @property
    def range(self) -> Trimmed | None:
        """What sound and subtitles are cut to; None where nothing is trimmed, or no frame was put in yet."""
        if not self._selection.is_trimmed or self.first is None:
            return None
        end = self._end if self._end is not None else self._ended
        return Trimmed(self.first * self._source, None if end is None else end * self._source)

    def source_tick(self, pts: int) -> int | None:
        """Return when, put in, a frame is shown that comes out at `pts`; with a rate, a little before that."""
        if self.first is None:
            return None
        if self._selection.rate is None:
            return pts + self.first if self._selection.is_trimmed else pts
        seconds = (pts - self._offset - self._per_frame) * self.time_base
        return self.first + math.floor(seconds / self._source)

    def select(
        self, frames: Iterable[tuple[T, int, int]], *, number: int = 0, is_begun: bool = False
    ) -> Iterator[Selected[T]]:
        """Choose among frames and give them their times.

        Args:
            frames: in presentation order, each with its pts and duration.
            number: of the first of them, counted from the clip's first frame.
            is_begun: whether frames before these were given out already.
        """
        unseen: Selected[T] | None = None
        self.read = number
        for picture, pts, duration in frames:
            place, self.read = self.read, self.read + 1
            if self._is_early(place, pts, is_begun=is_begun):
                continue
            if _is_past(self._selection.end, place) or (self._end is not None and pts >= self._end):
                break
            lasting = self._lasting(pts, duration)
            self._ended = pts + lasting if self._selection.end is not None else None
            selected = self._placed(picture, pts, lasting)
            if selected.copies:
                is_begun = True
                yield selected
            else:
                unseen = selected
        if unseen is not None and not is_begun:  # a clip shorter than one tick
            yield replace(unseen, duration=self._per_frame, copies=1)

    def _lasting(self, pts: int, duration: int) -> int:
        """Return how long a frame is shown that begins before the end."""
        if self._end is None or duration <= self._longest_whole:
            return duration
        return min(duration, self._end - pts)

    def _is_early(self, number: int, pts: int, *, is_begun: bool) -> bool:
        """Whether a frame comes before the first that is given out."""
        start = self._selection.start
        if is_begun and self.first is not None:
            return pts < self.first
        if start is not None and start.frame is not None:
            return number < start.frame
        return self._start is not None and pts < self._start

    def _placed(self, picture: T, pts: int, duration: int) -> Selected[T]:
        """Give a frame its times; without copies where it is not shown."""
        if self.first is None:
            self.first = pts
        if self._selection.rate is None:
            return Selected(picture, pts - self.first if self._selection.is_trimmed else pts, duration, 1)
        tick, following = self._tick(pts), self._tick(pts + duration)
        copies = max(0, following - tick)
        return Selected(picture, self._offset + tick * self._per_frame, copies * self._per_frame, copies)

    def _tick(self, pts: int) -> int:
        """Return the first tick of the output at which a frame may be shown."""
        rate = self._selection.rate or Fraction(1)
        grace = min(_GRACE * rate, _GRACE_OF_FRAME)
        return max(0, math.ceil((pts - (self.first or 0)) * self._source * rate - grace))

    def _ticks(self, moment: Moment | None, origin: int) -> int | None:
        """Return the tick of a moment that is given as a time."""
        if moment is None or moment.seconds is None:
            return None
        return origin + ticks_until(moment.seconds, self._source)


def _is_past(moment: Moment | None, number: int) -> bool:
    return moment is not None and moment.frame is not None and number >= moment.frame


def _roughly(value: Fraction, error: Fraction) -> Fraction:
    """Return the simplest fraction that is no further than `error` from `value`."""
    denominator = 1
    while abs(Fraction(round(value * denominator), denominator) - value) > error:
        denominator += 1
    return Fraction(round(value * denominator), denominator)
