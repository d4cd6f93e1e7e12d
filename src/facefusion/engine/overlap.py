"""Overlap: several batches at work in the processors at one time, which come out in the order in which they went in."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Self

from facefusion.engine.work import Work
from facefusion.processors.base import FaceFrame, is_concurrent


class Turnstile:
    """Lets batches pass one after the other, in the order of their numbers."""

    def __init__(self) -> None:
        self._next = 0
        self._is_closed = False
        self._changed = threading.Condition()

    @contextmanager
    def passing(self, number: int) -> Iterator[None]:
        """Wait until all batches before this one have passed; the next may follow when the block ends well.

        Raises:
            ClosedError: there is no more work to be done.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._next == number or self._is_closed)
            if self._is_closed:
                raise ClosedError
        yield
        with self._changed:
            self._next += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody pass any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class ClosedError(Exception):
    """The work was given up. Nobody sees it but those who are given up, too."""


class Overlap:
    """Takes batches through the processors: while one is in a network, the next is cut out and the last pasted.

    Processors that remember something get the batches one after the other, in order.

    Args:
        work: what is done.
        at_once: how many batches may be at work; where it is 1, or every processor remembers something, the work is
            done in the thread that asks for its results.
        most: frames that a processor gets at once; as many as there are when None.
    """

    def __init__(self, work: Work, at_once: int, most: int | None = None) -> None:
        self._work, self._most = work, most
        self._turnstiles = [None if is_concurrent(each) else Turnstile() for each in work.processors]
        self.at_once = at_once if any(map(is_concurrent, work.processors)) else 1
        self._pool = ThreadPoolExecutor(self.at_once) if self.at_once > 1 else None
        self._started: deque[Callable[[], list[FaceFrame]]] = deque()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what is still at work, and wait until nobody is."""
        for turnstile in self._turnstiles:
            if turnstile is not None:
                turnstile.close()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def started(self) -> int:
        """How many batches are at work."""
        return len(self._started)

    def start(self, batch: Sequence[FaceFrame]) -> None:
        """Begin with the next batch."""
        job = partial(self._edit, self._count, batch)
        self._count += 1
        self._started.append(job if self._pool is None else self._pool.submit(copy_context().run, job).result)

    def take(self) -> list[FaceFrame]:
        """Return the frames that the batch brings that was started first, and wait for it; errors are of its editing.

        They are those of the batch, unless processors keep frames back: then there are fewer, or others before them.
        """
        return self._started.popleft()()

    def rest(self) -> Iterator[list[FaceFrame]]:
        """Yield the frames that processors keep back, in order, where no batch is at work and none follows."""
        yield from self._work.clock.each("process", self._work.rest(self._most))

    def _edit(self, number: int, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        with self._work.clock.measure("process"):
            passes = [nullcontext if each is None else partial(each.passing, number) for each in self._turnstiles]
            return self._work.process(batch, passes, self._most)
