"""Shares: how the frames that memory holds are divided among the stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

MOST_IN_BATCH: Final = 4
_PLACES: Final = 4
"""Frames outside batches and channels: decoder, analysis and encoder hold one each, and one is kept for the problem
picture until a face is edited."""

_CHANNELS: Final = 3


@dataclass(frozen=True, slots=True)
class Shares:
    """How many frames may be where at once.

    Attributes:
        batch: in a batch.
        at_once: how many batches may be at work.
        decoded: waiting to be analysed.
        analysed: waiting to be edited.
        edited: waiting to be encoded.
    """

    batch: int
    at_once: int
    decoded: int
    analysed: int
    edited: int

    @classmethod
    def of(cls, in_flight: int) -> Self:
        """Divide so many frames; at least as many as `facefusion.engine.plan.LEAST_IN_FLIGHT`."""
        batch = min(MOST_IN_BATCH, max(1, in_flight // 6))
        at_once = 2 if in_flight >= _PLACES + 2 * batch + _CHANNELS else 1
        waiting = in_flight - _PLACES - at_once * batch
        analysed = max(1, waiting // 3)
        edited = max(1, (waiting - analysed) // 2)
        return cls(batch, at_once, max(1, waiting - analysed - edited), analysed, edited)
