"""A cable to a server, which can be cut, held and mended: how tests and benchmarks take a network away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16


class Cable:
    """Passes on what comes to a port of its own.

    Attributes:
        port: on 127.0.0.1, to which one connects instead of to the server's.

    Args:
        to: the server's port.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._lost: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = False
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones end at once too, until the cable is mended."""
        with self._lock:
            self._is_cut = True
            self._drop()

    def mend(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._is_cut = False

    def drop(self) -> None:
        """End all connections that there are; new ones go through."""
        with self._lock:
            self._drop()

    def lose(self) -> None:
        """Let all connections that there are go silent for good, without a word to either end; new ones go through."""
        with self._lock:
            self._lost |= self._ends

    @contextmanager
    def away(self) -> Iterator[None]:
        """Keep the cable cut for a while."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Pass nothing on for a while, and end nothing, as a network does that lost its way."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def close(self) -> None:
        """End for good."""
        self.cut()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._flows.set()

    def _drop(self) -> None:
        _end(*self._ends)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self._to), timeout=10)
            except OSError:
                return
            with far:
                far.settimeout(None)
                with self._lock:
                    if self._is_cut:
                        return
                    self._ends |= {near, far}
                back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
                back.start()
                self._pass_on(near, far)
                _end(near, far)  # the server hears that nobody is there, as keepalive would tell it
                back.join()
                with self._lock:
                    self._ends -= {near, far}
                    self._lost -= {near, far}

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flows.wait()
                if source not in self._lost:
                    to.sendall(data)
        if source not in self._lost:
            _end(source, to)


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
