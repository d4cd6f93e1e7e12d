"""Messages between a process and its child: JSON, each with its length before it, and open files beside them."""

from __future__ import annotations

import array
import json
import os
import select
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

Message = dict[str, Any]

_PIECE: Final = 1 << 16


class ChannelError(Exception):
    """The other side is gone, or says something that is no message."""


class Channel:
    """One end of a connection.

    Args:
        connection: a socket of this machine; closed with this.
        takes_files: whether files that come with messages are kept; else they are closed unseen.
        longest: bytes of the longest message that is received.
    """

    def __init__(self, connection: socket.socket, *, takes_files: bool, longest: int = 1 << 30) -> None:
        self._socket = connection
        self._takes_files = takes_files
        self._longest = longest
        self._held = bytearray()
        self._files: list[int] = []
        self._leaving = b""
        self._leaving_files: Sequence[int] = ()

    def send(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        """Send a message, and with it the other side's own access to open files.

        Raises:
            ChannelError: the other side is gone.
        """
        self.begin(message, files)
        self.go_on()

    def begin(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        """Get a message ready, the files of which stay open; `go_on` sends it."""
        body = json.dumps(message).encode()
        self._leaving = len(body).to_bytes(4) + body
        self._leaving_files = files

    def go_on(self, timeout: float | None = None) -> None:
        """Send what is left of a message.

        Args:
            timeout: seconds that this may take.

        Raises:
            TimeoutError: not all was taken in time; the rest is kept for the next call.
            ChannelError: the other side is gone.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._leaving:
            try:
                self._wait(select.POLLOUT, deadline)
                flags = 0 if deadline is None else socket.MSG_DONTWAIT
                sent = self._socket.sendmsg([self._leaving], self._beside(), flags)
            except BlockingIOError:
                continue
            except TimeoutError:
                raise
            except OSError as error:
                raise ChannelError(str(error)) from error
            self._leaving, self._leaving_files = self._leaving[sent:], ()

    def receive(self, timeout: float | None = None) -> Message:
        """Wait for a message.

        Args:
            timeout: seconds to wait for the whole of it.

        Raises:
            TimeoutError: it did not come in time; what came of it is kept for the next call.
            ChannelError: the other side is gone, or sent something else.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        size = int.from_bytes(self._first(4, deadline))
        if size > self._longest:
            raise ChannelError(f"a message of {size} bytes")
        body = self._first(4 + size, deadline)[4:]
        del self._held[: 4 + size]
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ChannelError("no message") from error
        if not isinstance(message, dict):
            raise ChannelError("no message")
        return message

    def take_files(self) -> list[int]:
        """Return the files that have come and were not taken yet, in order."""
        files, self._files = self._files, []
        return files

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        for file in self.take_files():
            os.close(file)

    def _wait(self, what: int, deadline: float | None) -> None:
        """Wait until the socket is ready; the socket itself waits where there is no deadline."""
        if deadline is None:
            return
        poll = select.poll()
        poll.register(self._socket, what)
        if not poll.poll(1000 * max(deadline - time.monotonic(), 0)):
            raise TimeoutError

    def _beside(self) -> list[tuple[int, int, array.array[int]]]:
        """Return the files that go with the first byte of a message."""
        files = array.array("i", self._leaving_files)
        return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)] if files else []

    def _first(self, count: int, deadline: float | None) -> bytes:
        """Return the next bytes; they stay held back."""
        while len(self._held) < count:
            try:
                self._wait(select.POLLIN, deadline)
                piece = self._piece()
            except TimeoutError:
                raise
            except OSError as error:
                raise ChannelError(str(error)) from error
            if not piece:
                raise ChannelError("the other side hung up")
            self._held += piece
        return bytes(self._held[:count])

    def _piece(self) -> bytes:
        if not self._takes_files:
            return self._socket.recv(_PIECE)
        room = socket.CMSG_LEN(4 * array.array("i").itemsize)
        data, beside, _, _ = self._socket.recvmsg(_PIECE, room, socket.MSG_CMSG_CLOEXEC)
        for level, kind, content in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers = array.array("i")
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
                self._files += numbers
        return data
