"""The parent's side: a child process that is started, asked, watched and ended."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from types import TracebackType
from typing import Any, Final, Self

from facefusion.errors import CancelledError, FaceFusionError, InputDamagedError, InputLimitError, IsolationError
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import Channel, ChannelError, Message
from facefusion.media.isolation.lifeline import Lifeline
from facefusion.media.isolation.messages import cleaned, loaded_error
from facefusion.media.shown import shown
from facefusion.options import LimitOptions

_START: Final = 60.0  # seconds within which a process is there, on a very busy machine
_GRACE: Final = 5.0  # seconds after which a process is ended that should have ended itself
_SAID: Final = 4000  # bytes of what it writes to its standard error that are logged
_LOOK: Final = 0.2  # seconds between two looks at whether to stop
_LONGEST_ANSWER: Final = 4 << 20  # bytes; samples do not go this way
_BUSIEST: Final = 120  # quiet times, at most, for which signs of life are believed while one thing is asked for,
_SLOWEST: Final = 1 << 20  # and the time in which the files are read at so many bytes a second
# Libraries begin threads and take memory for each processor; the child decodes, and has threads of its own for it.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}

_LOG = logging.getLogger(__name__)


class Sandbox:
    """A child process that has given up everything but working on what it is handed.

    Args:
        subject: what is decoded, for messages.
        limits: how much memory and time it may take, and the size of frames.
        slots: parts of the shared memory.
        writes: bytes up to which a file that it is handed may grow.

    Attributes:
        arena: memory that both see.

    Raises:
        IsolationError: the system has no means for it.
    """

    def __init__(self, subject: str, limits: LimitOptions, *, slots: int = 1, writes: int = 0) -> None:
        self._subject = subject
        self._limits = limits
        if sys.platform != "linux":
            raise IsolationError("Isolation needs Linux", "Leave out --isolate, or run it on such a system")
        self.arena = Arena.make(limits.max_pixels, slots)
        here, there = socket.socketpair()
        self._channel = Channel(here, takes_files=False, longest=_LONGEST_ANSWER)
        self._quiet_since = self._asked = time.monotonic()
        self._work, self._patience = 0, _START
        said, saying = os.pipe()
        self._said = FileIO(said)
        try:
            with there, FileIO(saying, "wb"):
                os.set_blocking(saying, False)  # nobody reads it before the end, and it must not wait for that
                self._process = self._start(there.fileno(), saying, writes=writes)
        except OSError as error:
            self._channel.close()
            self._said.close()
            self.arena.close()
            raise IsolationError(f"No process can be started: {error}", "Make room on this machine") from error
        self._lifeline = Lifeline(self._process.pid)
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, message: Message, files: Sequence[int] = (), *, cancel: Callable[[], bool] = bool) -> None:
        """Tell the process to do something; it does one thing after the other.

        Args:
            message: what to do.
            files: open ones that it gets access to.
            cancel: asked now and then whether to stop.

        Raises:
            CancelledError: `cancel` said so.
            FaceFusionError: it has ended, or does not listen; says why.
        """
        if files:
            self._work = sum(os.fstat(file).st_size for file in files)
        self._send(message, files, cancel)

    def answer(
        self,
        *,
        cancel: Callable[[], bool] = bool,
        opened: Callable[[Message], FileIO] | None = None,
    ) -> Message:
        """Wait for the answer to the next thing that was asked.

        Args:
            cancel: asked now and then whether to stop.
            opened: opens a file that the process asks for; raises a ChannelError where it may not have it.

        Raises:
            CancelledError: `cancel` said so.
            FaceFusionError: what went wrong; an InputLimitError where the process took too much memory or time, an
                InputDamagedError where it crashed.
        """
        self._quiet_since = self._asked = time.monotonic()
        while True:
            message = self._message(cancel)
            self._quiet_since = time.monotonic()
            if "error" in message:
                _LOG.debug("%s: %s", self._subject, message.get("trace"))
                raise loaded_error(message, self._subject)
            if message.get("is") == "busy":
                continue
            if message.get("is") == "file" and opened is not None:
                self._hand_over(message, opened, cancel)
                continue
            return message

    def call(self, message: Message, files: Sequence[int] = (), **waiting: Any) -> Message:
        """Ask for something and wait for the answer; see `ask` and `answer`."""
        self.ask(message, files, cancel=waiting.get("cancel", bool))
        return self.answer(**waiting)

    @contextmanager
    def believing(self) -> Iterator[None]:
        """End the process where what it says turns out to be what it never should say.

        Raises:
            InputDamagedError: it does; whatever is raised within, but for errors of the tree, is taken for that.
        """
        try:
            yield
        except FaceFusionError:
            raise
        except Exception as error:  # noqa: BLE001 - no lie may look like a mistake of ours
            _LOG.debug("%s: %s: %s", self._subject, type(error).__name__, shown(str(error), _SAID))
            raise self._broken() from None

    def close(self) -> None:
        """End the process, as often as one likes."""
        self._channel.close()
        if self._process.poll() is None:
            # Whatever it is at is of no use any more, and it has nothing to leave behind.
            self._process.kill()
        self._process.wait()
        if not self._said.closed:
            for line in (self._said.read(_SAID) or b"").decode(errors="replace").splitlines():
                _LOG.debug("%s: %s", self._subject, shown(line, _SAID))
            self._said.close()
        self._lifeline.close()
        with suppress(OSError):
            self.arena.close()

    def _begin(self) -> None:
        """Wait until the process is locked up.

        Raises:
            IsolationError: it never is.
        """
        try:
            ready = self._message(bool)
            if "error" in ready:
                raise loaded_error(ready, self._subject)
            self._patience = self._limits.isolate_timeout + _GRACE
        except IsolationError:
            self.close()
            raise
        except FaceFusionError as error:
            self.close()
            raise IsolationError(
                f"The process to decode {self._subject} in did not start: {error.what}",
                "Make room on this machine, or raise --isolate-memory",
            ) from error
        except BaseException:
            self.close()
            raise

    def _start(self, connection: int, said: int, *, writes: int) -> subprocess.Popen[bytes]:
        """Start a fresh interpreter; nothing of this process is in it but two descriptors."""
        limits = self._limits
        numbers = (connection, self.arena.descriptor, self.arena.slots, writes)
        settings = (limits.isolate_memory, limits.isolate_timeout)
        return subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-m", "facefusion.media.isolation.child", *map(str, numbers + settings)],
            pass_fds=(connection, self.arena.descriptor),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for the parent, which ends its children itself
            env={**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def _message(self, cancel: Callable[[], bool]) -> Message:
        """Wait for whatever the process says next, free of what must not be shown."""
        while True:
            self._look(cancel)
            try:
                message = self._channel.receive(_LOOK)
            except ChannelError:
                raise self._end() from None
            except TimeoutError:
                continue
            with self.believing():
                kept: Message = {name: cleaned(value) for name, value in message.items()}
                return kept | {"name": message.get("name")}  # of a file, which may have any letters

    def _send(self, message: Message, files: Sequence[int], cancel: Callable[[], bool]) -> None:
        """Send a message to a process that may not listen."""
        self._quiet_since = self._asked = time.monotonic()
        self._channel.begin(message, files)
        while True:
            self._look(cancel)
            try:
                return self._channel.go_on(_LOOK)
            except ChannelError:
                raise self._end() from None
            except TimeoutError:
                continue

    def _look(self, cancel: Callable[[], bool]) -> None:
        """See whether waiting still makes sense."""
        if cancel():
            self.close()
            raise CancelledError("The job was stopped")
        now = time.monotonic()
        most = self._limits.isolate_timeout * _BUSIEST + self._work / _SLOWEST
        if now - self._quiet_since > self._patience:
            raise self._late(self._limits.isolate_timeout)
        if now - self._asked > max(most, self._patience):
            raise self._late(most)

    def _hand_over(self, message: Message, opened: Callable[[Message], FileIO], cancel: Callable[[], bool]) -> None:
        """Give the process a file that is opened for it."""
        with self.believing():
            file = opened(message)
        with file:
            self._work += os.fstat(file.fileno()).st_size
            asked = self._asked
            self._send({"is": "file"}, [file.fileno()], cancel)
            self._asked = asked

    def _broken(self) -> FaceFusionError:
        """End the process, and return an error that tells that it said what it never should."""
        self.close()
        return InputDamagedError(f"Decoding {self._subject} went wrong", "Do not trust this file")

    def _end(self) -> FaceFusionError:
        """Return an error that tells why the process has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        code = self._process.poll()
        self.close()
        if code == -signal.SIGALRM:
            return self._late(self._limits.isolate_timeout)
        if code == -signal.SIGKILL:
            return InputLimitError(
                f"The system ended the decoding of {self._subject}", "It may be short of memory; do not trust this file"
            )
        reason = f"it crashed ({signal.Signals(-code).name})" if code is not None and code < 0 else "it broke off"
        return InputDamagedError(f"Decoding {self._subject} failed: {reason}", "Do not trust this file")

    def _late(self, seconds: float) -> FaceFusionError:
        self.close()
        return InputLimitError(
            f"Decoding {self._subject} stood still for more than {seconds:g} s",
            "Raise --isolate-timeout if you trust the file",
        )
