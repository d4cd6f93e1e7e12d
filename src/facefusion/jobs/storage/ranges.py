"""Reading the ranges of something in order, some of them ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor


def ranges_of(read: Callable[[int, int], bytes], start: int, end: int, *, step: int, ahead: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end`, in steps that are read at once, as many as `ahead` says.

    Args:
        read: returns the bytes from one place to another.
        start: first byte.
        end: after the last.
        step: bytes of a step.
        ahead: how many steps are in memory, or being read.
    """
    if end - start <= step:
        if start < end:
            yield read(start, end)
        return
    waiting: deque[Future[bytes]] = deque()
    pool = ThreadPoolExecutor(ahead, thread_name_prefix="facefusion-storage")
    try:
        for first in range(start, end, step):
            if len(waiting) == ahead:
                yield waiting.popleft().result()
            waiting.append(pool.submit(read, first, min(first + step, end)))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
