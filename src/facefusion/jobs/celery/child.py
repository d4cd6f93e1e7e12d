"""What a child process of a Celery worker keeps between messages: models that are loaded, and a tether.

A message has a child do tasks for a while, one after the other, as long as there are any: between two of them it waits
for no broker. When it makes tasks ready that others may begin, it wakes as many.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from facefusion.errors import FaceFusionError, JobsUnavailableError
from facefusion.jobs.values import Did

_LOG: Final = logging.getLogger(__name__)
_PAUSE: Final = 5.0
_SECONDS: Final = 60.0
"""For which one message has a child do tasks; what is being done then goes to its end."""
_TASKS: Final = 20
"""That one message has a child do at most."""


class TaskRunner(Protocol):
    """Does tasks of the database; what it has loaded it keeps."""

    def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
        """Do the task whose turn it is, and perhaps others beside it; how they went is told to the database.

        Args:
            goes_on: asked when the task is done; whether this is called again at once, and so may lease the next task
                together with telling of this one.
            freed: told how many tasks others may begin because of one that is done.

        Returns:
            what was done; None where there was nothing to do.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        ...

    def drain(self) -> None:
        """Begin nothing any more; what is being done goes on. From any thread."""
        ...

    def give_back(self) -> None:
        """Give back what is being done, soon, and begin nothing any more; from any thread."""
        ...

    def close(self) -> None:
        """Let go of all that is kept."""
        ...


class Waker(Protocol):
    """Wakes others; returns at once, and never fails."""

    def keep(self, count: int) -> None:
        """Have at least so many messages waiting."""
        ...

    def close(self) -> None:
        """Send what is still to be sent, for a moment at most, and let go of all connections."""
        ...


class Tether:
    """Ties processes to the one that begins them: they hear when it ends, in whatever way.

    A pipe of which nobody but that process holds the end to be written to.
    """

    def __init__(self) -> None:
        self._reading, writing = os.pipe()
        self._writing: int | None = writing

    @property
    def is_cut(self) -> bool:
        """Whether this process has let go of its end."""
        return self._writing is None

    def cut(self) -> None:
        """Let all others hear it now; any number of times, also in a handler of signals."""
        writing, self._writing = self._writing, None
        if writing is not None:
            os.close(writing)

    def hold(self, call: Callable[[], None]) -> None:
        """Have something called when the other end is let go of; in a process that was forked."""
        self.cut()

        def wait() -> None:
            os.read(self._reading, 1)
            call()

        threading.Thread(target=wait, name="tether", daemon=True).start()


class Child:
    """Does what a message asks for.

    Args:
        build: makes what does tasks; gets the number of the child, from 0, by which devices are shared out.
        waker: wakes others.
        draining: to the process that begins the children; when it is cut, nothing is begun any more.
        ending: the same; when it is cut, or when it takes too long, what is being done is given back.
        seconds: from the one to the other at most.
        pause: seconds that a message is held where nothing could be built, before others are asked.
        clock: tells the time in seconds.
    """

    def __init__(
        self,
        build: Callable[[int], TaskRunner],
        waker: Waker,
        *,
        draining: Tether,
        ending: Tether,
        seconds: float,
        pause: float = _PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._build, self._waker, self._clock = build, waker, clock
        self._draining, self._ending = draining, ending
        self._seconds, self._pause = seconds, pause
        self._runner: TaskRunner | None = None
        self._number = 0
        self._over, self._is_late = threading.Event(), threading.Event()

    def begin(self, number: int) -> None:
        """Make ready, in the process of the child."""
        self._number = number
        self._draining.hold(self._end_soon)
        self._ending.hold(self._is_late.set)
        self._built()

    def work(self) -> None:
        """Do tasks as long as there are any, for a while; then have a message waiting, as there may be more."""
        runner = self._built()
        if runner is None:
            self._over.wait(self._pause)
            return
        shift = _Shift(self._clock)
        try:
            while (did := runner.once(goes_on=shift.goes_on, freed=self._waker.keep)) is not None:
                if did.following is None and not shift.goes_on():
                    self._waker.keep(1)
                    return
                shift.tasks += 1
        except JobsUnavailableError as error:
            # The beat sends another message as soon as the database is back.
            _LOG.warning("The next task waits: %s", error.what)

    def end(self) -> None:
        """Let go of everything, before the process ends."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()
        self._waker.close()

    def _built(self) -> TaskRunner | None:
        """Return what does tasks; None where something that it needs is away, which is tried again each time."""
        if self._runner is None and not self._over.is_set():
            try:
                self._runner = self._build(self._number)
            except FaceFusionError as error:
                _LOG.error("This worker can do nothing yet: %s", error)
        return self._runner

    def _end_soon(self) -> None:
        self._over.set()
        if self._runner is not None:
            self._runner.drain()
            self._is_late.wait(self._seconds)
            self._runner.give_back()


class _Shift:
    """How long one message has a child do tasks.

    Args:
        clock: tells the time in seconds.

    Attributes:
        tasks: which one is being done, from 1.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._end = clock, clock() + _SECONDS
        self.tasks = 1

    def goes_on(self) -> bool:
        """Whether another task may be begun after this one."""
        return self.tasks < _TASKS and self._clock() < self._end
