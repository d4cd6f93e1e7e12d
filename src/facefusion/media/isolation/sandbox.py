"""The parent's side: a child process that is started, asked, watched and ended."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import FileIO
from types import TracebackType
from typing import Any, Final, Self

from facefusion.errors import CancelledError, FaceFusionError, InputDamagedError, InputLimitError, IsolationError
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import Channel, ChannelError, Message
from facefusion.media.isolation.messages import loaded_error
from facefusion.options import LimitOptions

_START: Final = 60.0  # seconds within which a process is there, on a very busy machine
_GRACE: Final = 5.0  # seconds after which a process is ended that should have ended itself
_SAID: Final = 4000  # bytes of what it writes to its standard error that are logged
_LOOK: Final = 0.2  # seconds between two looks at whether to stop
# Libraries begin threads and take memory for each processor; the child decodes, and has threads of its own for it.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}

_LOG = logging.getLogger(__name__)


class Sandbox:
    """A child process that has given up everything but working on what it is handed.

    Args:
        subject: what is decoded, for messages.
        limits: how much memory and time it may take, and the size of frames.
        slots: parts of the shared memory.
        writes: whether it may write to files that it is handed.

    Attributes:
        arena: memory that both see.

    Raises:
        IsolationError: the system has no means for it.
    """

    def __init__(self, subject: str, limits: LimitOptions, *, slots: int = 1, writes: bool = False) -> None:
        self._subject = subject
        self._limits = limits
        if sys.platform != "linux":
            raise IsolationError("Isolation needs Linux", "Leave out --isolate, or run it on such a system")
        self.arena = Arena.make(limits.max_pixels, slots)
        here, there = socket.socketpair()
        self._channel = Channel(here, takes_files=False)
        self._quiet_since = time.monotonic()
        try:
            with there:
                self._process = self._start(there.fileno(), writes=writes)
        except OSError as error:
            self._channel.close()
            self.arena.close()
            raise IsolationError(f"No process can be started: {error}", "Make room on this machine") from error
        try:
            self.answer(patience=_START)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, message: Message, files: Sequence[int] = ()) -> None:
        """Tell the process to do something; it does one thing after the other.

        Raises:
            FaceFusionError: it has ended; says why.
        """
        try:
            self._channel.send(message, files)
        except ChannelError:
            raise self._end() from None

    def answer(
        self,
        *,
        patience: float | None = None,
        cancel: Callable[[], bool] = bool,
        opened: Callable[[Message], FileIO] | None = None,
    ) -> Message:
        """Wait for the answer to the next thing that was asked.

        Args:
            patience: seconds for which the process may be quiet.
            cancel: asked now and then whether to stop.
            opened: opens a file that the process asks for; raises a ChannelError where it may not have it.

        Raises:
            CancelledError: `cancel` said so.
            FaceFusionError: what went wrong; an InputLimitError where the process took too much memory or time, an
                InputDamagedError where it crashed.
        """
        patience = self._limits.isolate_timeout + _GRACE if patience is None else patience
        self._quiet_since = time.monotonic()
        while True:
            message = self._message(patience, cancel)
            self._quiet_since = time.monotonic()
            if "error" in message:
                _LOG.debug("%s: %s", self._subject, message.get("trace"))
                raise loaded_error(message, self._subject)
            if message.get("is") == "busy":
                continue
            if message.get("is") == "file" and opened is not None:
                self._hand_over(message, opened)
                continue
            return message

    def call(self, message: Message, files: Sequence[int] = (), **waiting: Any) -> Message:
        """Ask for something and wait for the answer; see `ask` and `answer`."""
        self.ask(message, files)
        return self.answer(**waiting)

    def broken(self) -> FaceFusionError:
        """End the process, which has said what it never should, and return an error that tells it."""
        self._process.kill()
        self.close()
        return InputDamagedError(f"Decoding {self._subject} went wrong", "Do not trust this file")

    def close(self) -> None:
        """End the process, as often as one likes."""
        self._channel.close()
        if self._process.poll() is None:
            # Whatever it is at is of no use any more, and it has nothing to leave behind.
            self._process.kill()
        self._process.wait()
        if self._process.stderr is not None and not self._process.stderr.closed:
            _LOG.debug("%s: %s", self._subject, self._process.stderr.read(_SAID).decode(errors="replace"))
            self._process.stderr.close()
        with suppress(OSError):
            self.arena.close()

    def _start(self, connection: int, *, writes: bool) -> subprocess.Popen[bytes]:
        """Start a fresh interpreter; nothing of this process is in it but two descriptors."""
        limits = self._limits
        numbers = (connection, self.arena.descriptor, self.arena.slots, int(writes))
        settings = (limits.isolate_memory, limits.isolate_timeout)
        return subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-m", "facefusion.media.isolation.child", *map(str, numbers + settings)],
            pass_fds=(connection, self.arena.descriptor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def _message(self, patience: float, cancel: Callable[[], bool]) -> Message:
        """Wait for whatever the process says next."""
        while True:
            if cancel():
                self.close()
                raise CancelledError("The job was stopped")
            try:
                return self._channel.receive(_LOOK)
            except ChannelError:
                raise self._end() from None
            except TimeoutError:
                if time.monotonic() - self._quiet_since > patience:
                    raise self._late() from None

    def _hand_over(self, message: Message, opened: Callable[[Message], FileIO]) -> None:
        """Give the process a file that is opened for it."""
        try:
            file = opened(message)
        except ChannelError:
            raise self.broken() from None
        with file:
            self.ask({"is": "file"}, [file.fileno()])

    def _end(self) -> FaceFusionError:
        """Return an error that tells why the process has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        code = self._process.poll()
        self.close()
        if code == -signal.SIGALRM:
            return self._late()
        if code == -signal.SIGKILL:
            return InputLimitError(
                f"The system ended the decoding of {self._subject}", "It may be short of memory; do not trust this file"
            )
        reason = f"it crashed ({signal.Signals(-code).name})" if code is not None and code < 0 else "it broke off"
        return InputDamagedError(f"Decoding {self._subject} failed: {reason}", "Do not trust this file")

    def _late(self) -> FaceFusionError:
        self.close()
        return InputLimitError(
            f"Decoding {self._subject} stood still for more than {self._limits.isolate_timeout:g} s",
            "Raise --isolate-timeout if you trust the file",
        )
