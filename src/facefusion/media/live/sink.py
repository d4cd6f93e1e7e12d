"""What live frames go to."""

from __future__ import annotations

import os
from typing import Protocol

from facefusion.errors import OptionsError, OutputUnwritableError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo


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

    Raises:
        OptionsError: it is a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        if os.isatty(descriptor):
            raise OptionsError(
                "Frames would go to the terminal", "Send stdout into a pipe or a file, or name an --output"
            )
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it.

        Raises:
            BrokenPipeError: whoever read it went away.
            OutputUnwritableError: it cannot be written, as where a disk is full.
        """
        rest = memoryview(data).cast("B")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritableError(f"Frames cannot be written to stdout ({error.strerror})") from error
        return len(data)


class Quiet:
    """What most sinks have in common: nothing to do while there is no frame."""

    patience = 0.25

    def idle(self) -> bool:
        """Do nothing."""
        return True
