"""How long processes of this machine worked, by what Linux tells of them."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")


def cpu_seconds(*processes: int, with_ended: bool = False) -> float:
    """Return for how many seconds processes worked so far; one that is gone counts for nothing.

    Args:
        processes: which.
        with_ended: whether those count, too, that they began and that have ended.
    """
    last = 15 if with_ended else 13
    return sum(_TICK * sum(map(int, _fields(process)[11:last])) for process in processes)


def below(process: int) -> list[int]:
    """Return the processes that a process began, and those that they began."""
    parents: dict[int, list[int]] = {}
    for place in _PROC.glob("[0-9]*"):
        if fields := _fields(int(place.name)):
            parents.setdefault(int(fields[1]), []).append(int(place.name))
    found, look = [], [process]
    while look:
        children = parents.get(look.pop(), [])
        found += children
        look += children
    return found


def _fields(process: int) -> list[str]:
    """Return what the system says of a process, from its state on; nothing where it is gone."""
    try:
        return (_PROC / str(process) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
