"""The job folder: finished segments beside the output, hidden, until they are joined.

.facefusion-job-<output>/lock           held by the run that writes the output
.facefusion-job-<output>/<job>/job      what the job is told by
.facefusion-job-<output>/<job>/000000.* its first segment
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facefusion.engine.notes import Notes
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.segments.marker import Marker
from facefusion.errors import OutputError, OutputUnwritableError
from facefusion.media.faults import writing
from facefusion.media.sequence import output_sequence_form
from facefusion.state import unpack

_HIDDEN = ".facefusion-job-"
_JOB, _LOCK = "job", "lock"
_NAME_LETTERS = 12
_STATES_KEPT = 2
_OWN = 0o700  # what is in there shows faces
_MONTH = 30 * 24 * 60 * 60


class JobFolder:
    """Keeps the segments of one job.

    A marker is written, whole and onto the disk, after its segment's files and the state of the stages are. Whatever a
    kill at any moment leaves behind that no marker speaks of, or that is not what its marker says, is worked anew.

    Args:
        path: the folder.

    Attributes:
        path: as given.
        markers: of the finished segments.
        is_kept: whether it is to stay for `resume` when the job fails.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.markers: list[Marker] = []
        self.is_kept = True

    @property
    def frames(self) -> int:
        """How many frames are finished."""
        return sum(marker.parts[0].frames for marker in self.markers)

    def part(self, number: int, rendition: int) -> Path:
        """Return where the file of a segment goes."""
        return self.path / f"{number:06d}.{rendition}.segment"

    def finish(self, marker: Marker, state: bytes) -> None:
        """Record a finished segment; what the stages remembered before it is no longer needed.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        write_whole(self._state(marker.number), state)
        write_whole(self._marker(marker.number), marker.to_json().encode())
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
        kept = {_JOB}
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
def job_folder(
    outputs: Sequence[Path], fingerprint: Fingerprint, *, resume: bool, notes: Notes, instead: Path | None = None
) -> Iterator[tuple[JobFolder, Any]]:
    """Open the folder of a job for this run alone.

    When the block ends well, the folder goes away, and with it whatever other jobs with this output have left; when it
    fails, the folder stays for `resume` if there is anything in it. Folders that nobody has come back to for a month
    are removed.

    Args:
        outputs: of the job; the folder lies beside the first, hidden. No other run may write any of them meanwhile.
        fingerprint: of the job.
        resume: whether finished segments are to be used; where not, those of any job with this output are removed.
        notes: told what is taken over, or cannot be.
        instead: an empty folder that goes with this run, for segments that must not lie beside the output.

    Yields:
        The folder, and what the stages remembered after its last finished segment (None: begin at the first frame).

    Raises:
        OutputUnwritableError: another run is writing one of these outputs.
        OutputError: the disk is full, or refuses.
    """
    root, *others = dict.fromkeys(map(_root, outputs))
    _sweep(root.parent)
    with ExitStack() as stack:
        stack.enter_context(_alone(root, outputs[0]))
        for path in outputs[1:]:
            if (other := _root(path)) in others:
                others.remove(other)
                stack.enter_context(_alone(other, path))
        if instead is not None:
            yield JobFolder(instead), None
            return
        with writing(outputs[0]):
            folder, state = _begin(root, fingerprint, resume=resume, notes=notes)
        try:
            yield folder, state
        except BaseException:
            if not folder.markers or not folder.is_kept:
                _remove(folder.path)
            raise
        for entry in _jobs(root):
            _remove(entry)


def remove_segments(output: Path) -> None:
    """Remove what any job with this output has left, unless another run is at work there."""
    root = _root(output)
    if not root.is_dir():
        return
    with suppress(OutputError), _alone(root, output):
        for entry in _jobs(root):
            _remove(entry)


def _root(output: Path) -> Path:
    """Return the hidden folder that belongs to an output."""
    anchor = output if output_sequence_form(output) is None else output.parent  # that of the pictures
    final = anchor.resolve()
    name = hashlib.sha256(final.name.encode("utf-8", "surrogateescape")).hexdigest()[:_NAME_LETTERS]
    return final.with_name(_HIDDEN + name)


def _begin(root: Path, fingerprint: Fingerprint, *, resume: bool, notes: Notes) -> tuple[JobFolder, Any]:
    """Use what is there if it is of this job; what the last other job left stays, for whoever mistyped an option."""
    folder, state = JobFolder(root / fingerprint.digest[:_NAME_LETTERS]), None
    others = sorted((path for path in _jobs(root) if path != folder.path), key=lambda path: -path.stat().st_mtime)
    for path in others[1 if resume else 0 :]:
        _remove(path)
    told = {"digest": fingerprint.digest, "facts": fingerprint.facts}
    if resume and _told(folder.path) == told:
        state = folder.load()
    else:
        _remove(folder.path)
        folder.path.mkdir(mode=_OWN)
        write_whole(folder.path / _JOB, json.dumps(told).encode())
    if folder.markers:
        notes.tell(f"An earlier run finished {folder.frames} frames; this one goes on after them")
    elif resume and others and (left := _finished(others[0])):
        changes = " and ".join(fingerprint.changes(_told(others[0]).get("facts", {})))
        notes.tell(
            f"{left} frames that an earlier run finished are not used, as {changes} changed; "
            "until this job is finished they are kept for one that is as before"
        )
    return folder, state


def _jobs(root: Path) -> list[Path]:
    """Return the folders of jobs that have an output in common, and whatever else is there but the lock."""
    return [entry for entry in root.iterdir() if entry.name != _LOCK]


def _told(path: Path) -> dict[str, Any]:
    """Return what the folder of a job says of it; nothing if it is damaged."""
    try:
        told = json.loads((path / _JOB).read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _finished(path: Path) -> int:
    """Return how many frames there are in the folder of a job, as its markers say."""
    frames = 0
    for marker in path.glob("*.done"):
        with suppress(OSError, ValueError):
            frames += Marker.of_json(marker.read_text(), path).parts[0].frames
    return frames


@contextmanager
def _alone(root: Path, output: Path) -> Iterator[None]:
    """Hold the lock of an output, which ends with the process, however that ends; leave nothing if nothing is kept."""
    with writing(output):
        root.mkdir(mode=_OWN, exist_ok=True)
    lock = FileLock(root / _LOCK, timeout=0)
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
        if not _jobs(root):
            _remove(root)
        lock.release()


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place, whole and on the disk.

    Raises:
        OutputError: the disk is full, or refuses.
    """
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
    for left in parent.glob(f"{_HIDDEN}{'[0-9a-f]' * _NAME_LETTERS}"):
        with suppress(OSError):
            newest = max((entry.stat().st_mtime for entry in left.iterdir()), default=left.stat().st_mtime)
            if time.time() - newest > _MONTH:
                _remove(left)
