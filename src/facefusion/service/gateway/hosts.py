"""By which name a request calls the service, and on behalf of which web page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from facefusion.errors import NotAllowedError, RequestRefusedError

LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "[::1]"))
_HOST: Final = re.compile(r"([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?")
_SECURE: Final = ("https", "wss")
_OWN_SITE: Final = (b"same-origin", b"none")


class Hosts:
    """Knows the names of the service.

    A web page may let its own name lead to this machine (DNS rebinding): its requests then say that name. So whatever
    does not call the service by a name of its own is refused.

    Args:
        names: in small letters, without ports.
        origins: of the service itself, such as that of its public URL.
    """

    def __init__(self, names: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._names = frozenset(names)
        self._origins = frozenset(origins)

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Make sure that a request calls the service by a name of its own.

        Raises:
            RequestRefusedError: it says none, or another.
        """
        found = _HOST.fullmatch(headers.get(b"host", b"").decode("latin-1").lower())
        if found is None:
            raise RequestRefusedError("The request does not say whom it calls", "Send the header Host", reason="host")
        if found.group(1).removesuffix(".") not in self._names:
            raise RequestRefusedError(
                "The service is not called so",
                "Name it with --public-url or --allowed-hosts",
                status=421,
                reason="host",
            )

    def check_own(self, headers: Mapping[bytes, bytes], scheme: str) -> None:
        """Make sure that no web page of another origin made a request.

        Browsers say on behalf of whom they ask: in `Origin` with all that changes something, in `Sec-Fetch-Site` with
        everything. Programs say neither.

        Args:
            headers: of the request.
            scheme: by which it came: http, https, or ws and wss for a WebSocket.

        Raises:
            NotAllowedError: one did.
        """
        origin = headers.get(b"origin")
        own = (b"https://" if scheme in _SECURE else b"http://") + headers.get(b"host", b"").lower()
        is_own = origin is None or origin == own or origin.decode("latin-1") in self._origins
        if not is_own or headers.get(b"sec-fetch-site", b"none") not in _OWN_SITE:
            raise NotAllowedError(
                "A web page of another origin asks for this", "It needs a key, and --cors-origins", reason="origin"
            )


def is_followed_link(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a browser says that its user followed a link to here from a page of another site.

    They shall see a page, which is open to everybody; whatever that site asked for in their name is nothing of it.

    Args:
        scope: of the request.
        headers: of the request.
    """
    return (
        scope.get("method") == "GET"
        and headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-dest") == b"document"
        and headers.get(b"sec-fetch-site", b"none") not in _OWN_SITE
    )


def origin_of(url: str) -> str:
    """Return the origin of an address, such as https://faces.example.com."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def host_of(url: str) -> str:
    """Return the host of an address as requests name it, without its port."""
    host = (urlsplit(url).hostname or "").lower()
    return f"[{host}]" if ":" in host else host
