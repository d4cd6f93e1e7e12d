"""When the pictures of an animation are shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from facefusion.media.encoding.segment import Segment


@dataclass(frozen=True, slots=True)
class Showing:
    """One picture of an animation.

    Attributes:
        place: of its frame among all frames of the job.
        start: in ticks from the beginning of the animation.
        length: in ticks, until the next.
    """

    place: int
    start: int
    length: int


def schedule(segments: Sequence[Segment], time_base: Fraction, clock: Fraction, least: Fraction) -> list[Showing]:
    """Return which frames are shown, and when, from 0 on.

    Times are rounded to ticks one by one, so that errors do not add up. Frames that would be shown shorter than
    `least`, which browsers take for a mistake and make longer, give their time to the frame before them.

    Args:
        segments: with the times of all frames.
        time_base: seconds per tick of these.
        clock: seconds per tick of the animation.
        least: seconds that a picture must be shown.
    """
    times = [time for segment in segments for time in segment.times]
    starts = [round((time - times[0]) * time_base / clock) for time in (*times, segments[-1].end)]
    shortest = math.ceil(least / clock)
    kept = list(_kept(starts[:-1], shortest))
    ends = [*(starts[place] for place in kept[1:]), max(starts[-1], starts[kept[-1]] + shortest)]
    return [Showing(place, starts[place], end - starts[place]) for place, end in zip(kept, ends, strict=True)]


def _kept(starts: Sequence[int], shortest: int) -> Iterator[int]:
    """Yield the places of the frames that begin long enough after the one before them."""
    last = None
    for place, start in enumerate(starts):
        if last is None or start - last >= shortest:
            last = start
            yield place
