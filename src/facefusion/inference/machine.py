"""What the machine has: cores, memory, and arithmetic of its processor."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

GIB = 1 << 30
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CORE_LIMIT = Path("/sys/fs/cgroup/cpu.max")
_PROCESSOR = Path("/proc/cpuinfo")
_BF16 = frozenset({"avx512_bf16", "amx_bf16"})


def usable_cores(limit_file: Path = _CORE_LIMIT) -> int:
    """Return how many cores this process may use, by its affinity and the limit of its container; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(limit_file).strip().partition(" ")
    if quota.isdigit() and period.isdigit():
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)


def total_memory(limit_file: Path = _MEMORY_LIMIT) -> int | None:
    """Return the memory in bytes of the machine or of the container; None where the system does not tell."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    limit = _text(limit_file).strip()
    return min(total, int(limit)) if limit.isdigit() else total


def _text(limit_file: Path) -> str:
    """Return what a file says that need not be there; a process that is shut in may not even ask."""
    with suppress(OSError):
        return limit_file.read_text("utf-8")
    return "max"


def has_bf16(description: Path = _PROCESSOR) -> bool:
    """Return whether the processor multiplies in bf16; no where the system does not tell (it does on Linux)."""
    if not description.is_file():
        return False
    flags = next((line for line in description.read_text().splitlines() if line.startswith("flags")), "")
    return not _BF16.isdisjoint(flags.split())
