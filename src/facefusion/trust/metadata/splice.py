"""Changing some bytes of a finished file: in place where nothing moves, else by a new file that takes its place."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from facefusion.media.faults import writing
from facefusion.media.output import atomic_output

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that take the place of others.

    Attributes:
        start: of what is replaced, from the beginning of the file.
        end: behind it; as `start`, to insert.
        content: what comes there.
    """

    start: int
    end: int
    content: bytes

    @property
    def moves(self) -> bool:
        """Whether what lies behind is moved."""
        return len(self.content) != self.end - self.start


def splice(path: Path, edits: Sequence[Edit]) -> None:
    """Change a file.

    Where all changes keep their length, apart from one at the end of the file, it is changed in place, the end first;
    else it is copied with the changes, and the copy takes its place when it is whole.

    Args:
        path: of the file.
        edits: what to change; none reaches into another.

    Raises:
        DiskFullError: no space is left.
        OutputUnwritableError: the system refuses.
    """
    ordered = sorted(edits, key=lambda edit: edit.start)
    with writing(path):
        size = path.stat().st_size
        if any(edit.moves and edit.end < size for edit in ordered):
            _copy(path, ordered)
        else:
            _overwrite(path, ordered)


def _overwrite(path: Path, edits: Sequence[Edit]) -> None:
    with path.open("r+b") as file:
        for edit in reversed(edits):
            file.seek(edit.start)
            file.write(edit.content)
        if edits and edits[-1].moves:
            file.truncate(edits[-1].start + len(edits[-1].content))


def _copy(path: Path, edits: Sequence[Edit]) -> None:
    with atomic_output(path) as beside, path.open("rb") as old, beside.open("wb") as new:
        for edit in edits:
            _pass(old, new, edit.start - old.tell())
            new.write(edit.content)
            old.seek(edit.end)
        shutil.copyfileobj(old, new, _BLOCK)


def _pass(old: IO[bytes], new: IO[bytes], count: int) -> None:
    """Copy so many bytes."""
    while count > 0 and (block := old.read(min(count, _BLOCK))):
        new.write(block)
        count -= len(block)
