"""How far a job is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One report about a running stage.

    Attributes:
        stage: what is being done, in a word or two for people.
        done: frames finished in this stage.
        total: frames that the stage has; None when the container does not say. May be an estimate.
        seconds: since the stage began.
        before: frames of `done` that an earlier run of the same job had finished.
    """

    stage: str
    done: int
    total: int | None
    seconds: float
    before: int = 0

    @property
    def rate(self) -> float:
        """Frames a second since the stage began; 0 while nothing is finished."""
        return (self.done - self.before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds left if the rate stays as it is; None while that is unknown."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate


ProgressListener = Callable[[Progress], None]
