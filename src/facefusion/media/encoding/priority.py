"""The priority of threads, kept as it was while an encoder opens.

SVT-AV1, where root runs it, gives its threads and the one that opens it the highest priority in real time (SCHED_FIFO,
99): everything that the process begins from then on has it, too, and a busy one takes the machine from all others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


@contextmanager
def kept_priority() -> Iterator[None]:
    """Give the calling thread, and all threads that begin within the block, the scheduling that the caller had."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _threads()
    try:
        yield
    finally:
        for thread in {0, *_threads() - before}:
            with suppress(ProcessLookupError):  # it has ended
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, priority)


def _threads() -> set[int]:
    return {int(path.name) for path in _TASKS.iterdir()}
