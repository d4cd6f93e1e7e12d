"""Figures of several processes in one folder: each writes files of its own, and one of them shows the sums.

The library of Prometheus does that where the environment names a folder before it is imported. What a process that
ended had counted is added to a file of those that are gone, so that a pool whose workers are replaced for months has
few files, and no counter goes back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_GONE: Final = "gone"
_KEPT: Final = ("counter", "histogram")


def is_gathered() -> bool:
    """Return whether a process of this group shows figures, so that they are to be taken."""
    return bool(os.environ.get(_FOLDER))


@contextmanager
def gathered_in(folder: Path) -> Iterator[None]:
    """Have this process, and those that it begins meanwhile, write figures into a folder.

    Args:
        folder: an empty one, for this group of processes alone.
    """
    os.environ[_FOLDER] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(_FOLDER, None)


def fold(folder: Path) -> None:
    """Add what processes that ended had counted to what those before them had; their gauges go with them.

    Only who shows the figures may do so, and not twice at one time.

    Args:
        folder: of `gathered_in`.
    """
    from psutil import pid_exists  # noqa: PLC0415 - an extra

    for path in sorted(folder.glob("*.db")):
        kind, _, process = path.stem.rpartition("_")
        if process.isdecimal() and not pid_exists(int(process)):
            if kind in _KEPT:
                _add(path, folder / f"{kind}_{_GONE}.db")
            path.unlink()


def _add(path: Path, total: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 - an extra

    kept = MmapedDict(str(total))
    try:
        for key, value, at, _ in MmapedDict.read_all_values_from_file(str(path)):
            before, _ = kept.read_value(key)
            kept.write_value(key, before + value, at)
    finally:
        kept.close()
