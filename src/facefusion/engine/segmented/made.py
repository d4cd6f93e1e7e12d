"""A segment that was made: its files, and what a place vouches for of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError

from facefusion.engine.segmented.ranges import MOST_FRAMES, Part
from facefusion.engine.segmented.value import Digest
from facefusion.engine.segments.folder import write_whole
from facefusion.engine.segments.marker import Marker, NextFrame
from facefusion.errors import SegmentError
from facefusion.state import State, StateError, unpack

SEGMENT_JSON: Final = "segment.json"
"""Name of the file that says what a segment is; it is written last."""
_STATE: Final = "segment.state"
_MOST_BYTES: Final = 256 << 20
_AGAIN: Final = "Make this segment anew"

Vouched = Callable[[bytes], str]
"""Returns by what this place knows something again that it made."""
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]


@dataclass(frozen=True, slots=True)
class SegmentMade:
    """What became of one segment.

    Attributes:
        number: of the segment.
        frames: written; each counts once, however often it is shown.
        faces: edited, counted in every frame.
        has_faces: whether any face was selected in it.
        files: all that it consists of, the one that says what it is last.
        digest: SHA-256 of that one, in hexadecimal digits; the same whenever and wherever the segment is made.
        seconds: time it took.
        notes: what the user should know, one sentence each.
        stage_seconds, stage_times: as of `facefusion.engine.run.Result`.
    """

    number: int
    frames: int
    faces: int
    has_faces: bool
    files: tuple[Path, ...]
    digest: str
    seconds: float
    notes: tuple[str, ...] = ()
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    stage_times: Mapping[str, tuple[float, float]] = field(default_factory=dict)


class Said(Part):
    """What a segment's file says of it.

    Attributes:
        plan: digest of the plan that it was made under.
        number: of the segment.
        begins: its first frame: index, presentation time, and SHA-256 of its pixels as they were read.
        marker: its files and the frame that follows; see `facefusion.engine.segments.marker`.
        frames: it holds; each counts once.
        faces: that were edited.
        has_faces: whether any was selected.
    """

    plan: Digest
    number: Annotated[int, Field(ge=0, lt=MOST_FRAMES)]
    begins: tuple[int, int, Digest]
    marker: str
    frames: _Count
    faces: _Count
    has_faces: bool


class SegmentFolder:
    """Keeps the files of one segment while it is made; see `facefusion.engine.segments.sink.Keeping`.

    Args:
        path: the folder; what an earlier attempt left there is replaced.
        number: of the segment.

    Attributes:
        path: as given.
        markers: of the segment, when its frames are all written.
    """

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.markers: list[Marker] = []
        self._number = number

    def part(self, number: int, rendition: int) -> Path:
        """Return where the file of a rendition goes."""
        return self.path / f"{self._number:06d}.{rendition}.segment"

    def finish(self, marker: Marker, state: bytes) -> None:
        """Keep what merging needs to know.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        write_whole(self.path / _STATE, state)
        self.markers.append(marker)

    def say(self, said: Said, vouched: Vouched) -> str:
        """Write what the segment is, and return the digest of that.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        text = said.model_dump_json()
        data = json.dumps({"segment": text, "mac": vouched(text.encode())}, sort_keys=True).encode()
        write_whole(self.path / SEGMENT_JSON, data)
        return hashlib.sha256(data).hexdigest()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of the segment, the one that says what it is last."""
        parts = (part.path for marker in self.markers for part in marker.parts)
        return (*parts, self.path / _STATE, self.path / SEGMENT_JSON)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A segment that was made, checked.

    Attributes:
        said: what it is.
        marker: its files.
        begins: its first frame.
        state: what merging needs to know of it.
    """

    said: Said
    marker: Marker
    begins: NextFrame
    state: State

    @classmethod
    def of(cls, folder: Path, plan: str, vouched: Vouched) -> Self:
        """Read a segment, and make sure that this place made all of it under a plan.

        Args:
            folder: where it lies.
            plan: digest of the plan.
            vouched: see `Vouched`.

        Raises:
            SegmentError: it is not there, or is another, or was altered.
        """
        said = _said(folder, vouched)
        if said.plan != plan:
            raise SegmentError(f"The segment in {folder} was made under another plan", _AGAIN)
        try:
            marker = Marker.of_json(said.marker, folder)
            for part in marker.parts:
                _check(part.path, part.bytes, part.sha256)
            state = _bytes(folder / _STATE)
            if hashlib.sha256(state).hexdigest() != marker.state:
                raise ValueError(f"{_STATE} is not what it was")
            return cls(said, marker, NextFrame(*said.begins), unpack(state))
        except (OSError, ValueError, StateError) as error:
            raise SegmentError(f"Segment {said.number} in {folder} is damaged: {error}", _AGAIN) from error


def _said(folder: Path, vouched: Vouched) -> Said:
    """Read what a segment is.

    Raises:
        SegmentError: this place did not make it.
    """
    path = folder / SEGMENT_JSON
    try:
        held: Any = json.loads(_bytes(path))
        text, mac = str(held["segment"]), str(held["mac"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SegmentError(f"There is no finished segment in {folder}: {type(error).__name__}", _AGAIN) from error
    if not hmac.compare_digest(vouched(text.encode()), mac):
        raise SegmentError(f"What {path} says was not written at this place", _AGAIN)
    try:
        return Said.model_validate_json(text)
    except ValidationError as error:
        raise SegmentError(f"What {path} says is not understood", "Update the software") from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{path.name} is too long")
    return data


def _check(path: Path, size: int, sha256: str) -> None:
    """Make sure that a file is what it was.

    Raises:
        ValueError: it is not.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if path.stat().st_size != size or hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ValueError(f"{path.name} is not what it was")
