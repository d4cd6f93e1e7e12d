"""Shares: how the frames that memory holds are divided among the stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from facefusion.inference.execution import Execution
from facefusion.options import RuntimeOptions

_PLACES: Final = 4
"""Frames outside batches and channels: decoder, analysis and encoder hold one each, and one is kept for the problem
picture until a face is edited."""
_CHANNELS: Final = 3
_DECODED: Final = 4
"""Frames that are decoded ahead, at most: decoders are quick, and never wait for a whole batch."""


def in_flight_of(batch: int) -> int:
    """Return how many frames there are at one time where two batches are at work and no stage waits for another.

    Args:
        batch: frames in a batch.
    """
    return _PLACES + 2 * batch + 2 * batch + min(batch, _DECODED)


LEAST_IN_FLIGHT: Final = _PLACES + 1 + _CHANNELS
"""One frame at each place that a frame can be."""
DEFAULT_IN_FLIGHT: Final = in_flight_of(2)
"""As the CPU wants them."""


def wanted_batch(options: RuntimeOptions) -> int:
    """Return how many frames shall be in a batch, memory permitting.

    Raises:
        ProviderError: a provider is not there, or cannot compute in the precision asked for.
    """
    size = options.execution_batch_size
    return Execution.of(options).frames_at_once if size == "auto" else size


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
    def of(cls, in_flight: int, wanted: int) -> Self:
        """Divide frames.

        Args:
            in_flight: how many there may be; at least `LEAST_IN_FLIGHT`.
            wanted: how many shall be in a batch, where so many may be.
        """
        batch = next((size for size in range(wanted, 1, -1) if in_flight_of(size) <= in_flight), 1)
        at_once = 2 if in_flight >= _PLACES + 2 * batch + _CHANNELS else 1
        waiting = in_flight - _PLACES - at_once * batch
        analysed = max(1, min(waiting - 2, max(batch, waiting // 3)))
        edited = max(1, min(waiting - analysed - 1, max(batch, (waiting - analysed) // 2)))
        return cls(batch, at_once, waiting - analysed - edited, analysed, edited)
