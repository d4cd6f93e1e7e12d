"""When each encoded frame is decoded and shown, over the seams of segments."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

_LONGEST = 8
"""Usual frames for each frame of delay that decoding may at most run ahead."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The times of one packet, in ticks.

    Attributes:
        pts: when its frame is shown.
        dts: when it is decoded; rises strictly from packet to packet and is never after `pts`.
        duration: how long its frame is shown.
    """

    pts: int
    dts: int
    duration: int


class Stamps:
    """Gives packets their times: those that their frames had in the source, whatever the encoder made of them.

    The n-th packet is decoded when the frame `delay` places before the n-th is shown; so decoding runs ahead of showing
    by as little as the order of the packets allows. What is decoded before the first frame is shown is spread over as
    much time before it as the last such frames are shown: then decoding takes, from first to last, as long as showing,
    which is the length that MP4 states. Where that would be long before, as when a screen recording ends with a still,
    they are put at the distance of the usual frame.

    Args:
        times: pts of all frames in presentation order.
        end: when the last frame ends.
        delay: the most places by which a packet comes later than its frame's turn to be shown.
        usual: ticks that a frame usually lasts, at least 1.
        is_summed: whether the container adds up how long decoding takes, as MP4 does: the packet that is decoded last
            then lasts as long as the frame that is shown last.

    Raises:
        ValueError: times do not rise, or the last frame ends before it begins.
    """

    def __init__(self, times: Sequence[int], end: int, *, delay: int, usual: int, is_summed: bool = False) -> None:
        if not times or any(later <= earlier for earlier, later in pairwise(times)) or end < times[-1]:
            raise ValueError("times of frames must rise")
        self._times = times
        self._end = end
        self._delay = delay
        self._count = 0
        self._is_summed = is_summed
        tail = times[-1] - times[-1 - delay] if delay < len(times) else 0
        self._ahead = tail if delay <= tail <= _LONGEST * delay * usual else delay * usual

    def next(self, pts: int | None) -> Stamp:
        """Return the times of the next packet in the order of decoding.

        Args:
            pts: of its frame.

        Raises:
            ValueError: no frame is shown then, or the delay is not enough for it.
        """
        place = -1 if pts is None else bisect_left(self._times, pts)
        if pts is None or place == len(self._times) or self._times[place] != pts:
            raise ValueError(f"no frame is shown at {pts}")
        dts = self._decoded(self._count)
        if dts > pts:
            raise ValueError(f"the frame shown at {pts} is decoded only at {dts}")
        self._count += 1
        if self._is_summed and self._count == len(self._times):
            return Stamp(pts, dts, self._end - self._times[-1])
        following = self._times[place + 1] if place + 1 < len(self._times) else self._end
        return Stamp(pts, dts, following - pts)

    def check_end(self) -> None:
        """Make sure that there was a packet for each frame.

        Raises:
            ValueError: there was not.
        """
        if self._count != len(self._times):
            raise ValueError(f"there are {self._count} packets for {len(self._times)} frames")

    def _decoded(self, number: int) -> int:
        place = number - self._delay
        return self._times[place] if place >= 0 else self._times[0] + place * self._ahead // self._delay


def usual_ticks(frame_rate: Fraction, time_base: Fraction) -> int:
    """Return how many ticks a frame lasts on average, at least 1."""
    return max(1, round(1 / (frame_rate * time_base)))
