"""Where a job keeps what is there only while it runs: in memory if that goes, for its owner alone, wiped at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from facefusion.errors import OutputUnwritableError
from facefusion.media.faults import writing

_NAME: Final = "facefusion-work"
_JOB: Final = "job-"
_LOCK: Final = ".lock"
_OWN: Final = 0o700
_OTHERS: Final = 0o077
_PATIENCE: Final = 30.0
_MUST_BE_IN_MEMORY: Final = "The policy wants it in memory: name a folder on a tmpfs with --work-dir"
_MEMORY: Final = frozenset((b"tmpfs", b"ramfs"))


@contextmanager
def work_folder(chosen: Path | None = None, *, room: int = 0, in_memory: bool = False) -> Iterator[Path]:
    """Yield an empty folder that nobody else may look into, and wipe it when the block ends, however it ends.

    What jobs that were killed left is wiped first: a lock, which ends with its process, says which are alive.

    Args:
        chosen: the folder in which it lies; when None, one in memory (`XDG_RUNTIME_DIR`, `/dev/shm`) that has the room,
            else the system's temporary folder.
        room: bytes that are needed.
        in_memory: whether it must not lie on a disk.

    Raises:
        OutputUnwritableError, DiskFullError: it cannot be made.
    """
    root = work_root(chosen, room=room, in_memory=in_memory)
    with writing(root / _NAME):
        try:
            with _held(root):
                _sweep(root)
                folder = root / f"{_JOB}{secrets.token_hex(8)}"
                lock = FileLock(f"{folder}{_LOCK}", mode=0o600)
                lock.acquire()
                folder.mkdir(mode=_OWN)
        except Timeout:
            raise OutputUnwritableError(f"The work folder {root} is held by another job", "Try again") from None
    try:
        yield folder
    finally:
        _wipe(folder)
        lock.release()
        Path(f"{folder}{_LOCK}").unlink(missing_ok=True)


def work_root(chosen: Path | None = None, *, room: int = 0, in_memory: bool = False) -> Path:
    """Return the folder that work folders lie in, made where it is missing.

    Raises:
        OutputUnwritableError, DiskFullError: there is none that can be used.
    """
    if chosen is not None:
        if in_memory and _form(chosen) not in _MEMORY:
            raise OutputUnwritableError(f"The work folder {chosen} lies on a disk", _MUST_BE_IN_MEMORY)
        return _made(chosen / _NAME)
    for parent in _in_memory():
        with suppress(OSError, OutputUnwritableError):
            if shutil.disk_usage(parent).free >= room:
                return _made(parent / _own_name())
    if in_memory:
        raise OutputUnwritableError("There is no folder in memory with room for the work", _MUST_BE_IN_MEMORY)
    return _made(Path(tempfile.gettempdir()) / _own_name())


def sweep_work(chosen: Path | None = None) -> int:
    """Wipe what jobs that were killed left in any of the places that are used; return how many there were."""
    parents = [*_in_memory(), Path(tempfile.gettempdir())]
    roots = [parent / _own_name() for parent in parents] if chosen is None else [chosen / _NAME]
    count = 0
    for root in dict.fromkeys(roots):
        with suppress(OSError, Timeout, OutputUnwritableError):
            if root.is_dir():
                with _held(_made(root)):
                    count += _sweep(root)
    return count


def _in_memory() -> Iterator[Path]:
    """Yield folders that are kept in memory."""
    for name in (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):  # nosec B108 - folders in it are checked
        if name and _form(Path(name)) in _MEMORY:
            yield Path(name)


def _form(folder: Path) -> bytes:
    """Return the form of the file system that a folder lies on, as Linux names it; nothing elsewhere."""
    found, longest = b"", -1
    with suppress(OSError):
        place = os.fsencode(folder.resolve(strict=True))
        for line in Path("/proc/self/mounts").read_bytes().splitlines():
            _device, point, form, *_ = line.split(b" ")
            inside = point in {b"/", place} or place.startswith(point + b"/")
            if inside and len(point) >= longest:
                found, longest = form, len(point)
    return found


def _own_name() -> str:
    return f"{_NAME}-{os.getuid()}" if hasattr(os, "getuid") else _NAME


def _made(root: Path) -> Path:
    """Make a folder for its owner alone; one that another user put there is not used."""
    with writing(root):
        root.mkdir(mode=_OWN, parents=True, exist_ok=True)
        found = root.lstat()
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    is_open = os.name == "posix" and stat.S_IMODE(found.st_mode) & _OTHERS
    if not stat.S_ISDIR(found.st_mode) or not is_ours or is_open:
        raise OutputUnwritableError(
            f"The work folder {root} is not for its owner alone", "Choose another with --work-dir"
        )
    return root


def _held(root: Path) -> FileLock:
    return FileLock(root / _LOCK, timeout=_PATIENCE, mode=0o600)


def _sweep(root: Path) -> int:
    """Wipe the folders whose jobs are dead."""
    count = 0
    for folder in root.glob(f"{_JOB}*"):
        if folder.name.endswith(_LOCK):
            continue
        lock = FileLock(f"{folder}{_LOCK}", timeout=0, mode=0o600)
        with suppress(Timeout):
            lock.acquire()
            _wipe(folder)
            lock.release()
            Path(f"{folder}{_LOCK}").unlink(missing_ok=True)
            count += 1
    return count


def _wipe(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
