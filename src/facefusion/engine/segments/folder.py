"""The job folder: finished segments beside the output, hidden, until they are joined."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facefusion.engine.segments.marker import Marker
from facefusion.errors import OutputUnwritableError
from facefusion.media.faults import writing
from facefusion.media.sequence import output_sequence_form
from facefusion.state import unpack

_HIDDEN = ".facefusion-job-"
_JOB, _LOCK = "job", "lock"
_STATES_KEPT = 2
_MONTH = 30 * 24 * 60 * 60


class JobFolder:
    """Keeps the segments of one job.

    A marker is written, whole and onto the disk, after its segment's files and the state of the stages are. Whatever a
    kill at any moment leaves behind that no marker speaks of, or that is not what its marker says, is worked anew.

    Args:
        path: the folder; made by `opened`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.markers: list[Marker] = []
        self.is_kept = True

    def part(self, number: int, rendition: int) -> Path:
        """Return where the file of a segment goes."""
        return self.path / f"{number:06d}.{rendition}.segment"

    def finish(self, marker: Marker, state: bytes) -> None:
        """Record a finished segment; what the stages remembered before it is no longer needed.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        _write(self._state(marker.number), state)
        _write(self._marker(marker.number), marker.to_json().encode())
        self.markers.append(marker)
        self._state(marker.number - _STATES_KEPT).unlink(missing_ok=True)

    def load(self) -> Any:
        """Find the finished segments; return what the stages remembered after the last, None where there is none."""
        markers = list(self._valid())
        state = None
        while markers and (state := self._load_state(markers[-1])) is None:
            markers.pop()
        self.markers = markers
        self._clear_after(len(markers))
        return state

    def clear(self) -> None:
        """Begin anew."""
        self.markers = []
        self._clear_after(0)

    def _valid(self) -> Iterator[Marker]:
        """Yield the markers from the first on, as long as each is whole and its files are what it says."""
        number = 0
        while True:
            try:
                marker = Marker.of_json(self._marker(number).read_text(), self.path)
            except (OSError, ValueError):
                return
            if marker.number != number or not all(_is_whole(part.path, part.sha256) for part in marker.parts):
                return
            yield marker
            number += 1

    def _load_state(self, marker: Marker) -> Any:
        with suppress(OSError, ValueError):
            data = self._state(marker.number).read_bytes()
            if hashlib.sha256(data).hexdigest() == marker.state:
                return unpack(data)
        return None

    def _clear_after(self, count: int) -> None:
        """Remove all that does not belong to the first segments or to the job itself."""
        kept = {_JOB, _LOCK}
        for marker in self.markers[:count]:
            kept |= {self._marker(marker.number).name, self._state(marker.number).name}
            kept |= {part.path.name for part in marker.parts}
        for entry in self.path.iterdir():
            if entry.name not in kept:
                _remove(entry)

    def _marker(self, number: int) -> Path:
        return self.path / f"{number:06d}.done"

    def _state(self, number: int) -> Path:
        return self.path / f"{number:06d}.state"


@contextmanager
def job_folder(output: Path, fingerprint: str, *, resume: bool) -> Iterator[tuple[JobFolder, Any]]:
    """Open the folder of a job for this run alone.

    When the block ends well, or leaves nothing worth keeping, the folder goes away; otherwise it stays for `resume`.
    Folders that nobody has come back to for a month are removed.

    Args:
        output: path of the job's first output; the folder lies beside it, hidden.
        fingerprint: of the job; segments of any other are removed.
        resume: whether finished segments are to be used.

    Yields:
        The folder, and what the stages remembered after its last finished segment (None: begin at the first frame).

    Raises:
        OutputUnwritableError: another run is writing the same output.
        OutputError: the disk is full, or refuses.
    """
    final = _anchor(output).resolve()
    name = hashlib.sha256(final.name.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    folder = JobFolder(final.with_name(_HIDDEN + name))
    _sweep(final.parent)
    with writing(output):
        folder.path.mkdir(exist_ok=True)
    with _alone(folder.path, output):
        with writing(output):
            state = _begin(folder, fingerprint, resume=resume)
        try:
            yield folder, state
        except BaseException:
            if not folder.markers or not folder.is_kept:
                _remove(folder.path)
            raise
        _remove(folder.path)


def _anchor(output: Path) -> Path:
    """Return what the folder lies beside: the output, or the folder of the pictures that are the output."""
    return output if output_sequence_form(output) is None else output.parent


def _begin(folder: JobFolder, fingerprint: str, *, resume: bool) -> Any:
    """Use what is there if it is of this job, else clear it."""
    job = folder.path / _JOB
    state = None
    if resume and _is_job(job, fingerprint):
        state = folder.load()
    else:
        folder.clear()
        _write(job, fingerprint.encode())
    return state


def _is_job(path: Path, fingerprint: str) -> bool:
    try:
        return path.read_text() == fingerprint
    except (OSError, ValueError):
        return False


@contextmanager
def _alone(path: Path, output: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process, however that ends."""
    lock = FileLock(path / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OutputUnwritableError(
            f"Another run is writing {output}", "Wait until it is finished, or choose another name"
        ) from None
    except OSError as error:
        with writing(output):
            raise error from None
    try:
        yield
    finally:
        lock.release()


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    """Put a file in place, whole and on the disk."""
    part = path.with_name(path.name + ".part")
    with writing(path):
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    """Remove a file or folder, as far as the system lets us."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _sweep(parent: Path) -> None:
    """Remove the folders of jobs that nobody came back to."""
    for left in parent.glob(f"{_HIDDEN}{'[0-9a-f]' * 12}"):
        with suppress(OSError):
            newest = max((entry.stat().st_mtime for entry in left.iterdir()), default=left.stat().st_mtime)
            if time.time() - newest > _MONTH:
                _remove(left)
