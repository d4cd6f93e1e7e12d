"""Serves the pages of the console; everything else goes on to the service."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from facefusion.ui import PAGE, STATIC, check_built

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

_OF_SERVICE: Final = ("/v1/", "/openapi.json")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script';"
    " trusted-types svelte-trusted-html"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
# Browsers run no module of another type, and what a machine takes files for is anybody's to set: on Windows programs
# put .js down as text/plain.
_TYPES: Final = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_FIRST: Final = "no-cache"


class Console:
    """Answers browsers with the console, and hands all requests that are the service's on.

    All files are read once, when it is made: they are small, and what is served does not change under a page that is
    open. An address that names no file gets the page itself where a browser asks for a page; the page then shows
    what the address stands for.

    Args:
        service: what answers everything else.
        files: the folder that was built.
        further: headers that every page and file has beside its own, such as that browsers insist on https.

    Raises:
        OptionsError: the console was not built.
    """

    def __init__(self, service: App, files: Path = STATIC, *, further: Sequence[tuple[bytes, bytes]] = ()) -> None:
        check_built(files)
        self._headers = _HEADERS | {name.decode(): value.decode() for name, value in further}
        self._service = service
        self._files = {f"/{each.relative_to(files).as_posix()}": _File.of(each, files) for each in _all(files)}
        self._page = self._files[f"/{PAGE}"]
        self._answering = GZipMiddleware(self._answer, minimum_size=500)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(_OF_SERVICE) or self._wanted(scope) is None:
            await self._service(scope, receive, send)
        else:
            await self._answering(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Any, send: Any) -> None:
        found = self._wanted(scope) or self._page
        headers = self._headers | {"Cache-Control": found.kept, "ETag": found.tag}
        if Headers(scope=scope).get("if-none-match") == found.tag:
            response = Response(status_code=304, headers=headers)
        else:
            response = Response(found.content, headers=headers, media_type=found.kind)
        await response(scope, receive, send)

    def _wanted(self, scope: Scope) -> _File | None:
        if scope["method"] not in {"GET", "HEAD"}:
            return None
        found = self._files.get(scope["path"])
        if found is None and "text/html" in Headers(scope=scope).get("accept", ""):
            return self._page
        return found


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is served.

    Attributes:
        content: its bytes.
        kind: its media type.
        kept: for how long browsers may keep it.
        tag: that names its bytes.
    """

    content: bytes
    kind: str
    kept: str
    tag: str

    @classmethod
    def of(cls, path: Path, folder: Path) -> _File:
        """Read one."""
        content = path.read_bytes()
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        # Names below assets/ hold a digest of what is in them.
        kept = _FOR_EVER if path.is_relative_to(folder / "assets") else _ASK_FIRST
        return cls(content, kind, kept, f'"{sha256(content).hexdigest()[:32]}"')


def _all(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.rglob("*")) if each.is_file()]
