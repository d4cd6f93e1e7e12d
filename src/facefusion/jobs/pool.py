"""The local pool: worker processes of this machine, no server needed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facefusion.jobs.child import DRAIN, GIVE_BACK, WAKE, Spec
from facefusion.jobs.devices import device_shares, visible
from facefusion.jobs.restarts import Restarts
from facefusion.options import Options, ServingOptions

_LOG = logging.getLogger(__name__)
_LOOK: Final = 0.2
_SOON: Final = 0.02
_SECONDS_TO_GIVE_BACK: Final = 20.0


@dataclass(slots=True)
class _Place:
    """One of the pool's places for a worker.

    Attributes:
        spec: what its worker works with.
        process: the worker; None while there is none.
        began: when it was started, in seconds.
        restarts: say when the next is started.
    """

    spec: Spec
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    restarts: Restarts = field(default_factory=Restarts)

    def start(self) -> None:
        """Start a worker, in a session of its own, so that signals of a terminal reach the pool alone."""
        environment = {**os.environ, **visible(self.spec.devices)}
        command = [sys.executable, "-m", "facefusion.jobs.child"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment, start_new_session=True
        )
        self.began = time.monotonic()
        self.say(self.spec.to_line())

    def say(self, words: bytes) -> None:
        """Tell the worker something; one that has died does not hear it."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.write(words)
                self.process.stdin.flush()

    def look(self) -> None:
        """Start a worker where there is none, after a while; see `Restarts`."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.restarts.again:
                self._try(now)
        elif (status := self.process.poll()) is not None:
            self.forget()
            wait = self.restarts.ended(status, began=self.began, now=now)
            _LOG.warning("A worker process ended with status %d; another is started in %.1f s", status, wait)

    def _try(self, now: float) -> None:
        """Start a worker; where the machine has no room for another process, try again later."""
        try:
            self.start()
        except OSError as error:
            wait = self.restarts.failed(now)
            _LOG.error("A worker process cannot be started: %s; tried again in %.1f s", error.strerror, wait)

    def forget(self) -> None:
        """Let go of a process that has ended."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        self.process = None


class LocalPool:
    """Keeps worker processes running: those that die are started anew, and all end with the process that has the pool.

    Args:
        options: of the place, for all jobs.
        serving: of the service; `workers` says how many there are, and `devices` which graphics cards they share.
        log_level: from which on workers log to stderr.
        log_file: to which they log as well; none when None.

    Raises:
        OptionsError: the cards cannot be shared out so.
    """

    def __init__(
        self, options: Options, serving: ServingOptions, *, log_level: str = "WARNING", log_file: Path | None = None
    ) -> None:
        workers = serving.worker.workers
        self._places = [
            _Place(Spec(options, serving, log_level, share, log_file))
            for share in device_shares(serving.worker.devices, workers)
        ]
        self._seconds = serving.worker.drain_seconds
        self._over, self._hurry = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def processes(self) -> tuple[int, ...]:
        """Process identifiers of the workers that run."""
        with self._lock:
            return tuple(each.process.pid for each in self._places if each.process and each.process.poll() is None)

    def start(self) -> None:
        """Start the workers."""
        self._look()
        self._thread = threading.Thread(target=self._keep, name="facefusion pool", daemon=True)
        self._thread.start()

    def wake(self, count: int = 1) -> None:
        """Say that there is work, so that idle workers look at once.

        Args:
            count: tasks that there are.
        """
        with self._lock:
            for place in self._places[:count] if count < len(self._places) else self._places:
                place.say(WAKE)

    def give_back(self) -> None:
        """Have what is begun given back, at once; the workers end."""
        self._hurry.set()

    def stop(self, seconds: float | None = None) -> None:
        """End the workers: they finish what they are at, or give it back when that takes too long.

        Args:
            seconds: that they have; as the option `drain_seconds` says when None.
        """
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            patience = self._seconds if seconds is None else seconds
            self._say(DRAIN)
            self._await(time.monotonic() + patience, self._hurry)
            self._say(GIVE_BACK)
            self._await(time.monotonic() + _SECONDS_TO_GIVE_BACK, threading.Event())
            for place in self._places:
                if place.process is not None and place.process.poll() is None:
                    _LOG.error("A worker process does not end and is killed")
                    place.process.kill()
                    place.process.wait()
                place.forget()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the workers run for as long as a block lasts."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def _say(self, word: bytes) -> None:
        for place in self._places:
            place.say(word)

    def _keep(self) -> None:
        while not self._over.wait(_LOOK):
            self._look()

    def _look(self) -> None:
        with self._lock:
            for place in self._places:
                place.look()

    def _await(self, end: float, hurry: threading.Event) -> None:
        """Wait until all have ended, or until a time, or until it is to go quickly."""
        while any(place.process is not None and place.process.poll() is None for place in self._places):
            if time.monotonic() >= end or hurry.wait(_SOON):
                return
