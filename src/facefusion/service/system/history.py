"""What was seen of machine and queue in the last hours, in the memory of one process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from facefusion.service.system.load import Load
from facefusion.telemetry.cards import CardUse
from facefusion.telemetry.machine import MachineUse

SECONDS: Final = 15.0
"""Between two samples."""
MOST_MINUTES: Final = 360
_MOST: Final = round(MOST_MINUTES * 60 / SECONDS)
_MOST_TENANTS: Final = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one time.

    Attributes:
        at: when.
        seconds: since the look before, for which what was done stands.
        machine: of the process that looked.
        cards: of that machine.
        loads: of the tenants that had the most to do.
        total: of all tenants.
        is_whole: whether all tenants that had anything to do are in `loads`.
    """

    at: datetime
    seconds: float
    machine: MachineUse
    cards: tuple[CardUse, ...]
    loads: Mapping[str, Load]
    total: Load
    is_whole: bool

    @classmethod
    def of(
        cls, at: datetime, seconds: float, machine: MachineUse, cards: tuple[CardUse, ...], loads: Mapping[str, Load]
    ) -> Sample:
        """Return a sample that keeps the largest loads alone, so that its size is bounded."""
        largest = sorted(loads, key=lambda tenant: -loads[tenant].waiting - loads[tenant].running)[:_MOST_TENANTS]
        kept = {tenant: loads[tenant] for tenant in largest}
        return cls(at, seconds, machine, cards, kept, added(loads.values()), len(kept) == len(loads))

    def load(self, tenant: str | None) -> Load | None:
        """Return the load of a tenant, or of all where it is None; None where that was not kept."""
        if tenant is None:
            return self.total
        return self.loads.get(tenant, Load() if self.is_whole else None)


class History:
    """Keeps samples, the oldest first; no more than those of some hours. Safe to use from several threads."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=_MOST)
        self._lock = threading.Lock()

    def add(self, sample: Sample) -> None:
        """Keep a sample; the oldest goes where there are enough."""
        with self._lock:
            self._samples.append(sample)

    @property
    def last(self) -> Sample | None:
        """The newest; None where there is none yet."""
        with self._lock:
            return self._samples[-1] if self._samples else None

    def since(self, minutes: int) -> Sequence[Sample]:
        """Return the samples of the last minutes, counted back from the newest."""
        with self._lock:
            samples = list(self._samples)
        if not samples:
            return ()
        begin = samples[-1].at - timedelta(minutes=minutes)
        return [each for each in samples if each.at > begin]


def added(loads: Iterable[Load]) -> Load:
    """Return all loads together."""
    return sum(loads, Load())
