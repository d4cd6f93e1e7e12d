"""Processor and memory of the machine that a process runs on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from facefusion.inference.machine import total_memory, usable_cores

_GROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class MachineUse:
    """How much of a machine is in use, by all programs on it.

    Attributes:
        cores: that this process may use.
        busy: share of the processor's time since the look before, from 0 to 1; None at the first look.
        memory: bytes of the machine, or of the container where that has less.
        memory_used: bytes that are not to be had.
    """

    cores: int
    busy: float | None
    memory: int
    memory_used: int


class Machine:
    """Looks at the machine; what it says of the processor is of the time between two looks.

    Args:
        group: folder in which the system tells of the container that this process is in.
    """

    def __init__(self, group: Path = _GROUP) -> None:
        self._group = group
        self._before: tuple[float, float] | None = None

    def look(self) -> MachineUse:
        """Return how much is in use."""
        there = psutil.virtual_memory()
        used = there.total - there.available
        total = total_memory(self._group / "memory.max") or there.total
        if total < there.total:
            used = self._of_container() or min(used, total)
        return MachineUse(usable_cores(), self._busy(), total, used)

    def _busy(self) -> float | None:
        times = psutil.cpu_times()
        # Linux counts guests' time as user's as well.
        whole = float(sum(times)) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = float(times.idle) + getattr(times, "iowait", 0.0)
        before, self._before = self._before, (whole, idle)
        if before is None or whole <= before[0]:
            return None
        return min(1.0, max(0.0, 1 - (idle - before[1]) / (whole - before[0])))

    def _of_container(self) -> int | None:
        """Return the bytes that the container has in use, less what the system would give back; None if not told."""
        with suppress(OSError, ValueError):
            current = int((self._group / "memory.current").read_text("ascii"))
            lines = (self._group / "memory.stat").read_text("ascii").splitlines()
            facts = dict(line.split(" ", 1) for line in lines if " " in line)
            return max(0, current - int(facts.get("inactive_file", "0")))
        return None
