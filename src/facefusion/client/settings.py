"""From the arguments of a client to requests of httpx, the same for both kinds of clients."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from facefusion import __version__
from facefusion.client.call import Call
from facefusion.errors import OptionsError, ServiceUnreachableError

_AGENT: Final = f"facefusion-client/{__version__}"
_SLOW_SECONDS: Final = 600.0


def settings_of(url: str, key: str | None, timeout: float) -> dict[str, Any]:
    """Return what clients of httpx are made with.

    Raises:
        OptionsError: the address is none of a service.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise OptionsError("The address of the service is not understood", "It looks like https://faces.example.com")
    headers = {"User-Agent": _AGENT, "Accept": "application/json, application/problem+json, */*;q=0.5"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    return {"base_url": url, "headers": headers, "timeout": timeout, "follow_redirects": False}


def request_of(
    http: httpx.Client | httpx.AsyncClient, call: Call[Any], *, silence: float | None = None
) -> httpx.Request:
    """Return a call as a request.

    Args:
        http: that will send it.
        call: what is asked.
        silence: seconds without a byte after which it is given up; those of the client when None.
    """
    usual = http.timeout
    read = usual.read if silence is None else silence
    if call.is_slow and read is not None:
        read = max(read, _SLOW_SECONDS)
    timeout = httpx.Timeout(connect=usual.connect, read=read, write=usual.write, pool=usual.pool)
    return http.build_request(
        call.method,
        call.path,
        params=dict(call.query),
        json=call.json,
        content=call.content,
        headers=dict(call.headers),
        timeout=timeout,
    )


def unreachable(error: Exception) -> ServiceUnreachableError:
    """Return what is told where no answer came."""
    if isinstance(error, ServiceUnreachableError):
        return error
    return ServiceUnreachableError(
        f"The service cannot be reached: {error or type(error).__name__}", "See whether it runs, and try again"
    )
