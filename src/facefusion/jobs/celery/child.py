"""What a child process of a Celery worker keeps between messages: models that are loaded, and a tether."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Final, Protocol

from facefusion.errors import FaceFusionError, JobsUnavailableError
from facefusion.jobs.celery.link import Link

_LOG: Final = logging.getLogger(__name__)
_PAUSE: Final = 5.0


class TaskRunner(Protocol):
    """Does tasks of the database; what it has loaded it keeps."""

    def once(self) -> bool:
        """Do the task whose turn it is, and perhaps others.

        Returns:
            whether there was one; how it went is told to the database.

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
        link: to the broker.
        draining: to the process that begins the children; when it is cut, nothing is begun any more.
        ending: the same; when it is cut, or when it takes too long, what is being done is given back.
        seconds: from the one to the other at most.
        pause: seconds that a message is held where nothing could be built, before others are asked.
    """

    def __init__(
        self,
        build: Callable[[int], TaskRunner],
        link: Link,
        *,
        draining: Tether,
        ending: Tether,
        seconds: float,
        pause: float = _PAUSE,
    ) -> None:
        self._build, self._link = build, link
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
        """Do one task, if there is one; then have a message waiting, as there may be another."""
        runner = self._built()
        if runner is None:
            self._over.wait(self._pause)
            return
        try:
            if runner.once():
                self._link.keep_one()
        except JobsUnavailableError as error:
            # Database or broker: the beat sends another message as soon as both are back.
            _LOG.warning("The next task waits: %s", error.what)

    def end(self) -> None:
        """Let go of everything, before the process ends."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()
        self._link.close()

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
