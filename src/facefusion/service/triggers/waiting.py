"""Waiting for the jobs of an event, so that a platform that runs instances for requests alone keeps one as long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

import anyio
from anyio.to_thread import run_sync

from facefusion.errors import JobUnknownError, OverloadedError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.states import ACTIVE

MOST_SECONDS: Final = 3600


class Waiting:
    """Waits until jobs need no worker any more: they are finished, wait for a review, or were removed.

    Args:
        board: knows the jobs.
        stopping: set when the service goes down; nobody waits then.
        pause: seconds between two looks.
        clock: tells seconds.
    """

    def __init__(
        self,
        board: JobBoard,
        stopping: threading.Event,
        *,
        pause: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board, self._stopping, self._pause, self._clock = board, stopping, pause, clock

    async def ended(self, jobs: Iterable[str], *, seconds: float) -> None:
        """Wait for jobs.

        Args:
            jobs: identifiers.
            seconds: for which to wait at most; without a look where they are 0.

        Raises:
            OverloadedError: some are not finished in this time, or the service goes down.
            JobsUnavailableError: the database cannot be asked.
        """
        if not seconds:
            return
        end, left = self._clock() + seconds, tuple(jobs)
        while left := await run_sync(self._unfinished, left):
            if self._stopping.is_set() or self._clock() >= end:
                raise OverloadedError(
                    f"{len(left)} job(s) of this event are not finished yet",
                    "Send the event again: it begins no other job, and waits for the same",
                    seconds=1,
                )
            await anyio.sleep(min(self._pause, max(0.0, end - self._clock())))

    def _unfinished(self, jobs: Iterable[str]) -> tuple[str, ...]:
        return tuple(job for job in jobs if self._needs_work(job))

    def _needs_work(self, job: str) -> bool:
        try:
            return self._board.job(job, tenant=None).state in ACTIVE
        except JobUnknownError:
            return False
