"""Keeping a beat beside a worker: a process of its own, begun again when it died."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import Any, Final

from celery import bootsteps

from facefusion.jobs.monitoring.showing import Place

_LOOKING: Final = 1.0
_ENDING: Final = 10.0


def beating(line: str, place: Place | None = None) -> type[Any]:
    """Return a part of a Celery worker that keeps a beat.

    Args:
        line: what the process of the beat is told; see `facefusion.jobs.celery.beat.told`.
        place: whose port it is handed; none where None.
    """
    ports = () if place is None else (place.listener.fileno(),)

    class Beating(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        """Keeps the process of a beat."""

        requires = ("celery.worker.components:Pool",)
        _process: subprocess.Popen[bytes] | None = None
        _is_wanted = False

        def start(self, worker: Any) -> None:
            """Begin it."""
            self._is_wanted = True
            # It hears of this process's end, in whatever way, by the end of its input.
            command = [sys.executable, "-m", "facefusion.jobs.celery.beat"]
            self._process = process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, pass_fds=ports)
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it died at once, and is looked after as one that died later
                process.stdin.write(line.encode())

        def register_with_event_loop(self, worker: Any, hub: Any) -> None:
            """Have it looked after."""
            hub.call_repeatedly(_LOOKING, self._look, worker)

        def stop(self, worker: Any) -> None:
            """End it."""
            self._is_wanted = False
            self._end()

        terminate = stop

        def _end(self) -> None:
            process, self._process = self._process, None
            if process is None:
                return
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

        def _look(self, worker: Any) -> None:
            """Begin it again where it died; where the machine has no room for a process, the next look does."""
            if self._is_wanted and (self._process is None or self._process.poll() is not None):
                self._end()
                self.start(worker)

    return Beating
