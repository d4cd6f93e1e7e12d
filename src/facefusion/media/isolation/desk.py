"""Where the child gets its files, and tells that it is not hanging."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import FileIO
from typing import Any, Final

from facefusion.media.isolation.channel import Channel, ChannelError
from facefusion.media.isolation.lock import Alarm

_BEAT: Final = 0.5  # seconds between two signs of life


class Desk:
    """Hands out files, and tells with each use of one that work goes on.

    Args:
        channel: to the parent.
        alarm: set anew with each sign of life.
    """

    def __init__(self, channel: Channel, alarm: Alarm) -> None:
        self._channel = channel
        self._alarm = alarm
        self._last = time.monotonic()

    def taken(self) -> FileIO:
        """Return the file that came with the last message.

        Raises:
            ChannelError: none came.
        """
        files = self._channel.take_files()
        if not files:
            raise ChannelError("no file came")
        return _Watched(files[0], "rb", self._beat)

    def opened(self, name: str, mode: str) -> FileIO:
        """Have the parent open a file, which it does for the few that belong to what was asked.

        Args:
            name: under which the parent knows it.
            mode: `rb`, `wb` or `r+b`.

        Raises:
            ChannelError: it does not.
        """
        self._channel.send({"is": "file", "name": name, "mode": mode})
        self._channel.receive()
        files = self._channel.take_files()
        if not files:
            raise ChannelError("no file came")
        return _Watched(files[0], mode, self._beat)

    def _beat(self) -> None:
        """Tell the parent and the alarm that work goes on."""
        now = time.monotonic()
        if now - self._last > _BEAT:
            self._last = now
            self._alarm.set()
            self._channel.send({"is": "busy"})


class _Watched(FileIO):
    """A file whose reading and writing shows that work goes on."""

    def __init__(self, descriptor: int, mode: str, beat: Callable[[], None]) -> None:
        super().__init__(descriptor, mode)
        self._beat = beat

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes."""
        self._beat()
        return super().read(-1 if size is None else size) or b""

    def readinto(self, buffer: Any, /) -> int:
        """Read bytes into a buffer."""
        self._beat()
        return super().readinto(buffer) or 0

    def write(self, data: Any, /) -> int:
        """Write bytes."""
        self._beat()
        return super().write(data) or 0
