"""Taking a port before anything else begins, so that it is known at once whether that is possible."""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

from facefusion.errors import OptionsError

BACKLOG: Final = 512


def listening(host: str, port: int, *, option: str = "") -> socket.socket:
    """Return a socket that is bound.

    Args:
        host: address or name.
        port: 0 for any that is free.
        option: with what the names of the options begin by which both were given, such as `metrics-`.

    Raises:
        OptionsError: it cannot be listened there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OptionsError(
            f"There is no address {host} here: {error.strerror or error}", f"Choose another --{option}host"
        ) from error
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise OptionsError(
                f"Port {port} of {host} is taken by another program",
                f"Choose another with --{option}port, or end that program",
            ) from error
        reason = error.strerror or str(error)
        raise OptionsError(f"It cannot be listened on port {port} of {host}: {reason}", "Choose another") from error
    return made


def address_of(listener: socket.socket) -> str:
    """Return under which address somebody on this machine reaches a socket, such as `127.0.0.1:9464`."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
