"""Who needs no key on a machine of one's own.

The service listens on the loopback address, to which every program of every user of the machine can connect, and every
web page through the browser. So being there proves nothing. What does:

* the kernel says that the connection's other end belongs to the very user as whom the service runs (Linux), or
* the request bears a token that was made when the service began, and lies in a file that only this user can read.

Web pages are that user's too, by the browser: `Hosts.check` refuses those that let their own name lead here, and
`Hosts.check_own` those that ask from another origin. A request that came through a proxy is not let in without a token,
because the other end is then the proxy's.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from facefusion.errors import SecretError
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.hosts import Hosts
from facefusion.service.gateway.network import FORWARDING
from facefusion.trust.keys.file import write_private

TOKEN_PREFIX: Final = "ffl_"
_End = tuple[str, int]
_ESTABLISHED: Final = "01"
_LISTENS: Final = "0A"
_TOKEN_BYTES: Final = 32
_OVERFLOW_USER: Final = 65534
"""Stands for all users whom a container does not know."""
_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


class LocalAccess:
    """Lets in the user as whom the service runs.

    Args:
        caller: as whom they are let in.
        hosts: the names of the service.
        token: that was made when the service began; see `begin_token`.
        is_user_enough: whether being that user is enough; else they need the token.
        user_of: returns to whom the other end of a connection belongs.

    Attributes:
        caller: as given.
        start: a digest of the token: sessions that begin with it end with this start of the service.
    """

    def __init__(
        self,
        caller: Caller,
        hosts: Hosts,
        *,
        token: str,
        is_user_enough: bool,
        user_of: Callable[[_End, _End], int | None] | None = None,
    ) -> None:
        self.caller, self._hosts, self._token = caller, hosts, token.encode()
        self.start = hashlib.sha256(self._token).hexdigest()
        self._user_of = user_of or peer_user
        self._own = os.getuid() if hasattr(os, "getuid") else _OVERFLOW_USER
        self._is_user_enough = is_user_enough and self._own != _OVERFLOW_USER

    def with_token(self, text: str) -> Caller | None:
        """Return who comes with a token; None where it is not the one."""
        return self.caller if hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self._token) else None

    def without(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Caller | None:
        """Return who comes without a key or token; None where that is not known for certain.

        Raises:
            NotAllowedError: it is the right user's browser, for a web page of another origin.
        """
        client, server = scope.get("client"), scope.get("server")
        if (
            not self._is_user_enough
            or not (_is_loopback(client) and _is_loopback(server))
            or FORWARDING & headers.keys()
        ):
            return None
        if self._user_of(cast("_End", client), cast("_End", server)) != self._own:
            return None
        self._hosts.check_own(headers, scope.get("scheme", "http"))
        return self.caller


def begin_token(path: Path) -> str:
    """Make the token of a service that begins, and write it where only its user can read it.

    Args:
        path: of the file, replaced if it is there.

    Raises:
        SecretError: it cannot be written.
    """
    token = f"{TOKEN_PREFIX}{secrets.token_hex(_TOKEN_BYTES)}"
    try:
        write_private(path, f"{token}\n".encode())
    except OSError as error:
        raise SecretError(
            f"The token of the service cannot be written to {path}: {error.strerror or error}",
            "Choose another folder with --trust-dir",
        ) from error
    return token


def token_path(home: Path, port: int) -> Path:
    """Return where the token of the service on a port lies.

    Args:
        home: as `trust_home` returns it.
        port: on which the service listens.
    """
    return home / f"service-{port}.token"


def peer_user(client: _End, server: _End) -> int | None:
    """Return the number of the user who holds the other end of a TCP connection within this machine.

    Only a connection that is open counts: what its owner has closed belongs to nobody, and is shown as root's.

    Args:
        client: address and port of the other end.
        server: address and port of ours.

    Returns:
        The number, or None where the system does not say.
    """
    if not sys.platform.startswith("linux"):
        return None
    wanted = {(_shown(client, width), _shown(server, width)) for width in (4, 16)}
    for fields in _connections():
        if (fields[1], fields[2]) in wanted and fields[3] == _ESTABLISHED and fields[9] != "0":
            return int(fields[7])
    return None


def listening_users(port: int) -> frozenset[int]:
    """Return the numbers of the users of this machine who listen on a TCP port; none where the system does not say.

    Args:
        port: of whatever address.
    """
    ending, found = f":{port:04X}", set[int]()
    for fields in _connections():
        if fields[1].endswith(ending) and fields[3] == _LISTENS:
            found.add(int(fields[7]))
    return frozenset(found)


def _connections() -> Iterator[list[str]]:
    """Yield what the kernel's tables say of each connection."""
    for table in _TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except (OSError, ValueError):
            continue
        yield from (fields for fields in map(str.split, lines) if len(fields) > 9)


def _shown(end: _End, width: int) -> str:
    """Return an end of a connection as the kernel's tables have it: words in the machine's order, in hexadecimal."""
    address = ipaddress.ip_address(end[0])
    packed = address.packed
    if len(packed) < width:
        packed = bytes(10) + b"\xff\xff" + packed
    words = (int.from_bytes(packed[place : place + 4], sys.byteorder) for place in range(0, len(packed), 4))
    return f"{''.join(f'{word:08X}' for word in words)}:{end[1]:04X}"


def _is_loopback(end: Any) -> bool:
    if not end or len(end) < 2:
        return False
    try:
        found = ipaddress.ip_address(end[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
