"""The form that every request has to have, before anybody looks at what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from facefusion.errors import RequestRefusedError

_LONGEST_URL: Final = 4096
_MOST_HEADERS: Final = 100
_LARGEST_HEADERS: Final = 16 << 10
# Two of one of these are taken for one by some and for the other by others.
_SINGLE: Final = frozenset(
    (b"host", b"authorization", b"content-length", b"content-type", b"cookie", b"origin", b"x-csrf-token")
)
_KEY_IN_URL: Final = re.compile(
    rb"ff_[0-9a-f]{12}_|ffs_[A-Za-z0-9_-]{43}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.|access_token=", re.IGNORECASE
)


def headers_of(scope: Any) -> dict[bytes, bytes]:
    """Return the headers of a request, the last of each name, if it has the form that all must have.

    Args:
        scope: of the request, as ASGI has it.

    Raises:
        RequestRefusedError: its address or its headers are too long, are ambiguous, or a key stands in its address.
    """
    query = scope.get("query_string", b"")
    if len(scope.get("raw_path") or scope["path"].encode()) + len(query) > _LONGEST_URL:
        raise RequestRefusedError(
            "The address is too long", f"Use up to {_LONGEST_URL} bytes", status=414, reason="url"
        )
    pairs = scope["headers"]
    if len(pairs) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in pairs) > _LARGEST_HEADERS:
        raise RequestRefusedError(
            "The headers are too long", f"Use up to {_LARGEST_HEADERS} bytes", status=431, reason="headers"
        )
    headers = dict(pairs)
    if len(headers) != len(pairs):
        _check_single(name for name, _ in pairs)
    if query and _KEY_IN_URL.search(query):
        raise RequestRefusedError(
            "A key or token stands in the address, where logs keep it",
            "Send it in the header Authorization, and replace this one: facefusion keys rotate",
            reason="key-in-url",
        )
    return headers


def _check_single(names: Iterable[bytes]) -> None:
    seen = set()
    for name in names:
        if name in seen and name in _SINGLE:
            raise RequestRefusedError(
                f"The header {name.decode('latin-1')} stands there twice", "Send it once", reason="headers"
            )
        seen.add(name)
