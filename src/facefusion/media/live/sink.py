"""What live frames go to."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import Final, Protocol

from facefusion.errors import OptionsError, OutputUnwritableError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo

_PATIENCE: Final = 1.0
"""Seconds that somebody who reads has for what is being written when the work is to stop."""


class LiveSink(Protocol):
    """Takes frames as they are made; all calls come from the thread that made it."""

    @property
    def patience(self) -> float:
        """Seconds after which it wants to be called, frame or not."""
        ...

    def begin(self, info: VideoInfo) -> None:
        """Get ready for frames.

        Raises:
            OutputError: they cannot be taken.
        """
        ...

    def show(self, frame: Frame) -> bool:
        """Take a frame; False when nobody wants any more.

        Raises:
            BrokenPipeError: whoever read the frames went away.
            OutputError: it cannot be taken.
        """
        ...

    def idle(self) -> bool:
        """Do what has to be done while there is no frame; False when nobody wants any more."""
        ...

    def close(self) -> None:
        """Finish, and let go."""
        ...


class Pipe:
    """A pipe that bytes are written into, without a buffer.

    Args:
        descriptor: of the open pipe, or of a file.
        cancel: once it is set, nobody waits for long for a reader who takes nothing; what is written then is lost.

    Raises:
        OptionsError: it is a terminal.
    """

    def __init__(self, descriptor: int, cancel: threading.Event | None = None) -> None:
        if os.isatty(descriptor):
            raise OptionsError(
                "Frames would go to the terminal", "Send stdout into a pipe or a file, or name an --output"
            )
        self._descriptor, self._cancel = descriptor, cancel
        self.is_over = False
        """Whether it takes no more: what is written is lost, as nobody is there who could read it."""

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it.

        Raises:
            BrokenPipeError: whoever read it went away.
            OutputUnwritableError: it cannot be written, as where a disk is full.
        """
        if self.is_over:
            return len(data)
        try:
            self._write_patiently(data, self._cancel) if self._cancel else self._write(data)
        except BaseException:
            self.is_over = True
            raise
        return len(data)

    def _write_patiently(self, data: bytes | memoryview, cancel: threading.Event) -> None:
        """Write in a thread of its own: nothing else ends the wait for a reader who takes nothing."""
        errors: list[BaseException] = []
        thread = threading.Thread(target=self._write_aside, args=(data, errors), daemon=True)
        thread.start()
        while thread.is_alive() and not self.is_over:
            was_cancelled = cancel.is_set()
            thread.join(_PATIENCE)
            self.is_over = was_cancelled and thread.is_alive()
        if errors:
            raise errors[0]

    def _write_aside(self, data: bytes | memoryview, errors: list[BaseException]) -> None:
        try:
            self._write(data)
        except BaseException as error:  # noqa: BLE001 - raised again on the other side
            errors.append(error)

    def _write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data).cast("B")
        try:
            while rest and not self.is_over:
                with suppress(BlockingIOError):  # another program that has it too may have set it so
                    rest = rest[os.write(self._descriptor, rest) :]
                    continue
                select.select([], [self._descriptor], [])
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritableError(f"Frames cannot be written to stdout ({error.strerror})") from error


class Quiet:
    """What most sinks have in common: nothing to do while there is no frame."""

    patience = 0.25

    def idle(self) -> bool:
        """Do nothing."""
        return True
