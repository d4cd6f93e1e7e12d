"""Digests that were computed before, so that half a gigabyte is not read twice at each start."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from facefusion.errors import OutputError
from facefusion.inference.store.files import digest_of, write_whole

_SETTLED_NS: Final = 2 * 10**9
"""A file that was written to less long ago could change again without its time changing."""
_MOST_ENTRIES: Final = 1000


class DigestCache:
    """Remembers digests of files by path, size, times and number of the file. Safe to use from several threads.

    Args:
        path: where they are kept between runs; nowhere when None. What cannot be kept is computed again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, list[Any]] = {}

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file.

        Raises:
            OSError: it cannot be read.
        """
        key, mark = str(path.absolute()), _mark(path)
        known = self._known.get(key)
        if known is not None and known[0] == mark:
            return str(known[1])
        entry = self._entries().get(key)
        if isinstance(entry, list) and len(entry) == 2 and entry[0] == mark and isinstance(entry[1], str):
            self._remember(key, entry)
            return entry[1]
        digest = digest_of(path)
        is_settled = time.time_ns() - path.stat().st_mtime_ns > _SETTLED_NS
        if _mark(path) == mark and is_settled:
            self._remember(key, [mark, digest])
            self._keep(key, [mark, digest])
        return digest

    def _remember(self, key: str, entry: list[Any]) -> None:
        if len(self._known) >= _MOST_ENTRIES:
            self._known.clear()
        self._known[key] = entry

    def _entries(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        with suppress(OSError, ValueError):
            entries = json.loads(self._path.read_bytes())
            return entries if isinstance(entries, dict) else {}
        return {}

    def _keep(self, key: str, entry: list[Any]) -> None:
        if self._path is None:
            return
        with suppress(OSError, OutputError, Timeout):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=1):
                entries = self._entries()
                entries.pop(key, None)
                kept = dict(list(entries.items())[1 - _MOST_ENTRIES :]) | {key: entry}
                write_whole(self._path, json.dumps(kept).encode())


def _mark(path: Path) -> list[int]:
    status = os.stat(path)  # noqa: PTH116 - one call for all figures
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
