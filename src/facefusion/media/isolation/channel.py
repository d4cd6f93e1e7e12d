"""Messages between a process and its child: JSON, each with its length before it, and open files beside them."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Final

Message = dict[str, Any]

_LONGEST: Final = 64 << 20
_PIECE: Final = 1 << 16


class ChannelError(Exception):
    """The other side is gone, or says something that is no message."""


class Channel:
    """One end of a connection.

    Args:
        connection: a socket of this machine; closed with this.
        takes_files: whether files that come with messages are kept; else they are closed unseen.
    """

    def __init__(self, connection: socket.socket, *, takes_files: bool) -> None:
        self._socket = connection
        self._takes_files = takes_files
        self._held = bytearray()
        self._files: list[int] = []

    def send(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        """Send a message, and with it the other side's own access to open files.

        Raises:
            ChannelError: the other side is gone.
        """
        body = json.dumps(message).encode()
        data = len(body).to_bytes(4) + body
        self._wait_for(None)
        try:
            sent = socket.send_fds(self._socket, [data], list(files)) if files else 0
            self._socket.sendall(data[sent:])
        except OSError as error:
            raise ChannelError(str(error)) from error

    def receive(self, timeout: float | None = None) -> Message:
        """Wait for a message.

        Args:
            timeout: seconds to wait for each part of it.

        Raises:
            TimeoutError: none came in time; what came of it is kept for the next call.
            ChannelError: the other side is gone, or sent something else.
        """
        self._wait_for(timeout)
        size = int.from_bytes(self._first(4))
        if size > _LONGEST:
            raise ChannelError(f"a message of {size} bytes")
        body = self._first(4 + size)[4:]
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

    def _wait_for(self, timeout: float | None) -> None:
        if self._socket.gettimeout() != timeout:  # the call that sets it is one that the child has given up
            self._socket.settimeout(timeout)

    def _first(self, count: int) -> bytes:
        """Return the next bytes; they stay held back."""
        while len(self._held) < count:
            try:
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
