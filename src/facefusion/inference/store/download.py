"""Fetching one file over HTTPS, going on where an earlier attempt ended.

This is the only module of the package that uses a network, and only `pull` calls it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from facefusion.errors import DiskFullError, DownloadError
from facefusion.inference.store.files import MOST_BYTES, writing

if TYPE_CHECKING:
    import httpx

Listener = Callable[[int, int | None], None]
"""Told how many bytes are there, and how many there will be."""

_TIMEOUT: Final = 30.0
_ATTEMPTS: Final = 5
_OK, _PART, _BEYOND_END = 200, 206, 416


class _Broken(Exception):  # noqa: N818 - a state of the transfer, which goes on
    """The connection ended early."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is being fetched.

    Attributes:
        path: the bytes so far; beside it lies what they are a part of.
    """

    path: Path

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def about(self) -> dict[str, Any]:
        """Address, ETag and full size of what it is a part of, as far as known."""
        with suppress(OSError, ValueError):
            about = json.loads(self._about_path.read_bytes())
            return about if isinstance(about, dict) else {}
        return {}

    def begin(self, about: dict[str, Any]) -> None:
        """Throw away what is there, and note what comes."""
        self.path.write_bytes(b"")
        self._about_path.write_text(json.dumps(about))

    def remove(self) -> None:
        """Throw all away."""
        self.path.unlink(missing_ok=True)
        self._about_path.unlink(missing_ok=True)

    def close(self) -> None:
        """Forget what it is a part of, once it is whole."""
        self._about_path.unlink(missing_ok=True)

    @property
    def _about_path(self) -> Path:
        return self.path.with_name(self.path.name + ".json")


class Downloader:
    """Fetches files, with the proxies and certificates of the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).

    Args:
        transport: what carries requests, in tests; the network when None.
        timeout: seconds after which a server that says nothing counts as gone.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None, *, timeout: float = _TIMEOUT) -> None:
        self._transport = transport
        self._timeout = timeout
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        """Return itself; the network is used at the first fetch."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()

    def fetch(self, url: str, part: Part, *, size: int | None, may_join: bool, listener: Listener) -> bool:
        """Fetch a file, or the rest of it.

        Args:
            url: its address; it and all that it leads to must be HTTPS.
            part: where the bytes go. What is there already is kept where it is known to be a part of the same file.
            size: how many bytes the file has, where that is known.
            may_join: whether parts from different addresses may be joined, because a digest will tell whether they fit.
            listener: told of progress.

        Returns:
            Whether bytes of an earlier attempt are part of the file.

        Raises:
            DownloadError: it is not to be had there; what has come stays for another attempt.
            OutputError: it cannot be written.
        """
        before = part.size
        for _ in range(_ATTEMPTS):
            there = part.size
            try:
                self._request(url, part, size, may_join, listener)
            except _Broken as error:
                if part.size <= there:
                    raise DownloadError(f"{url}: {error}") from error
            else:
                return before > 0
        raise DownloadError(f"{url}: the connection broke {_ATTEMPTS} times")

    def _request(self, url: str, part: Part, size: int | None, may_join: bool, listener: Listener) -> None:
        import httpx  # noqa: PLC0415 - a tenth of a second that jobs do not need

        try:
            with self._connected().stream("GET", url, headers=_headers(url, part, may_join)) as response:
                if _is_whole(response, part):
                    return
                total = _begin(response, url, part, size)
                _write(response, url, part, total, listener)
        except httpx.TransportError as error:
            raise _Broken(str(error) or type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # also of figures and names that cannot be
            raise DownloadError(f"{url}: {error}") from error

    def _connected(self) -> httpx.Client:
        if self._client is None:
            import httpx  # noqa: PLC0415

            try:
                self._client = httpx.Client(
                    transport=self._transport,
                    timeout=self._timeout,
                    follow_redirects=True,
                    headers={"User-Agent": f"facefusion/{version('facefusion')}", "Accept-Encoding": "identity"},
                    event_hooks={"request": [_only_https]},
                )
            except (ImportError, ValueError, OSError) as error:
                raise DownloadError(
                    f"No connection can be set up: {error}", "Mend the proxy or the certificates in the environment"
                ) from error
        return self._client


def _only_https(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise DownloadError(f"{request.url}: it leads to an address that is not HTTPS")


def _headers(url: str, part: Part, may_join: bool) -> dict[str, str]:
    """Return what asks for the rest of a file, where the part that is there may be kept."""
    about = part.about
    etag = about.get("etag") if about.get("url") == url else None
    if not part.size or not (etag or may_join):
        return {}
    condition = {"If-Range": etag} if isinstance(etag, str) else {}
    return {"Range": f"bytes={part.size}-"} | condition


def _is_whole(response: httpx.Response, part: Part) -> bool:
    """Whether the server says that there is nothing beyond what is there."""
    return response.status_code == _BEYOND_END and _full_size(response) == part.size


def _begin(response: httpx.Response, url: str, part: Part, size: int | None) -> int | None:
    """Make ready for what comes; return how many bytes there will be.

    Raises:
        DownloadError: it cannot be what is wanted.
        DiskFullError: there is no room for it.
    """
    if response.status_code == _BEYOND_END:
        part.remove()
        raise DownloadError(f"{url}: it has become shorter")
    if response.status_code not in (_OK, _PART):
        raise DownloadError(f"{url}: {response.status_code} {response.reason_phrase}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise DownloadError(f"{url}: it comes packed")
    total = _full_size(response)
    if total is not None and (total >= MOST_BYTES or size not in (None, total)):
        raise DownloadError(f"{url}: it has {total} bytes" + ("" if size is None else f", not {size}"))
    with writing(part.path.parent):
        if response.status_code == _OK:
            etag = response.headers.get("etag", "")
            part.begin({"url": url, "etag": etag if etag.startswith('"') else None})
        elif not response.headers.get("content-range", "").startswith(f"bytes {part.size}-"):
            part.remove()
            raise DownloadError(f"{url}: it sent another part than was asked for")
        _check_room(part, total)
    return total if total is not None else size


def _full_size(response: httpx.Response) -> int | None:
    """Return the size of the whole file, where the answer tells it."""
    text = response.headers.get("content-range", "").rpartition("/")[2]
    if response.status_code == _OK:
        text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _write(response: httpx.Response, url: str, part: Part, total: int | None, listener: Listener) -> None:
    with writing(part.path.parent), part.path.open("ab") as file:
        done = file.tell()
        listener(done, total)
        for piece in response.iter_raw():
            done += len(piece)
            if done > (total or MOST_BYTES):
                raise DownloadError(f"{url}: it is longer than it may be")
            file.write(piece)
            listener(done, total)
    if total is not None and done < total:
        raise _Broken("the connection ended early")


def _check_room(part: Part, total: int | None) -> None:
    folder = part.path.parent
    needed, free = (total or 0) - part.size, shutil.disk_usage(folder).free
    if needed > free:
        raise DiskFullError(
            f"{folder} has {free / 1e6:.0f} MB free, and {needed / 1e6:.0f} MB are needed",
            "Free some, or choose another --models-dir",
        )
