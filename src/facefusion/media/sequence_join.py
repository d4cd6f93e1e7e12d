"""Putting the pictures of a sequence in place: checked before any work, numbered at its end."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from facefusion.errors import (
    CancelledError,
    OutputExistsError,
    OutputIsInputError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.media.encoding.segment import Segment
from facefusion.media.faults import writing
from facefusion.media.sequence import Pattern, output_sequence_form

_HIDDEN = ".facefusion-"
_TOKEN_BYTES = 6


def check_sequence_output(path: Path, *, inputs: Sequence[Path], overwrite: bool) -> None:
    """Find out before any work whether a sequence can be written.

    Args:
        path: the pattern; its folder is made by the job, in one that is there.
        inputs: all files, folders and patterns that are read; no picture of theirs may be replaced.
        overwrite: whether pictures that are there already may be replaced.

    Raises:
        OutputTypeError: pictures are not written in the form of this suffix.
        OutputUnwritableError: the folder cannot be made or written.
        OutputIsInputError: its pictures are an input.
        OutputExistsError: there are such pictures and they may not be replaced.
        DiskFullError: not even an empty file can be made.
    """
    pattern = _pattern(path)
    with writing(pattern.folder):
        is_there = pattern.folder.is_dir()
        is_other = pattern.folder.exists() and not is_there
    if is_other:
        raise OutputUnwritableError(f"{pattern.folder} is not a folder", "Choose another")
    if not is_there and not pattern.folder.parent.is_dir():
        raise OutputUnwritableError(f"There is no folder {pattern.folder.parent}", "Make it first or choose another")
    with _hidden_folder(pattern.folder if is_there else pattern.folder.parent) as hidden, writing(pattern.path(1)):
        replace(pattern, folder=hidden).path(1).exists()  # raises where the name is too long
        there = is_there and bool(pattern.numbers())
    if there and any(_holds(pattern, given) for given in inputs):
        raise OutputIsInputError(f"The output {path} would replace an input", "Choose another folder")
    if there and not overwrite:
        raise OutputExistsError(f"There are pictures {path} already", "Choose another folder or allow overwriting")


@contextmanager
def joined_sequence(
    output: Path,
    segments: Sequence[Segment],
    *,
    first: int = 1,
    cancel: Callable[[], bool] = lambda: False,
    finish: Callable[[Path], None] = lambda path: None,
) -> Iterator[int]:
    """Put the pictures of all segments in place, numbered, when the block ends well.

    The pictures are first written into a hidden folder. Where the final folder is not there yet, that takes its place
    in one step; into one that is there, the pictures are moved one by one. They replace those of the same numbers, and
    no other: what else lies there may be the only copy of somebody's work.

    Args:
        output: the pattern.
        segments: in order.
        first: number of the first picture.
        cancel: asked before each picture.
        finish: given each picture's file, still in the hidden folder, to be completed.

    Yields:
        how many pictures there are.

    Raises:
        CancelledError: `cancel` said so; what was there before is untouched.
        OutputUnwritableError: the folder cannot be written.
        DiskFullError: no space is left.
    """
    pattern = _pattern(output)
    with _hidden_folder(pattern.folder if pattern.folder.is_dir() else pattern.folder.parent) as folder:
        made = _unpack(replace(pattern, folder=folder), segments, first, cancel, finish)
        yield len(made)
        with writing(pattern.folder):
            if pattern.folder.is_dir():  # by now: another output may have made it
                for name in made:
                    (folder / name).replace(pattern.folder / name)
            else:
                folder.rename(pattern.folder)
            _sync(pattern.folder)


def mixture(output: Path, *, first: int, frames: int) -> str:
    """Say which pictures lie among those of a sequence that are none of it, though they are named alike.

    Args:
        output: the pattern.
        first: number of the first picture of the sequence.
        frames: how many it has.

    Returns:
        one sentence; empty where there are none.

    Raises:
        OutputUnwritableError: the folder cannot be read.
    """
    pattern = _pattern(output)
    with writing(pattern.folder):
        others = [number for number in pattern.numbers() if not first <= number < first + frames]
    if not others:
        return ""
    many = f"{len(others)} more pictures" if len(others) > 1 else "another picture"
    span = f"{others[0]} to {others[-1]}" if len(others) > 1 else f"{others[0]}"
    return f"The folder {pattern.folder} holds {many} of the pattern {output.name} ({span}), left as before"


def _pattern(path: Path) -> Pattern:
    """Read an output pattern.

    Raises:
        OutputTypeError: it is none, or pictures are not written in the form of its suffix.
    """
    pattern = Pattern.parse(path)
    if pattern is None or output_sequence_form(path) is None:
        raise OutputTypeError(f"The output {path} is no pattern", "Name it such as out/%06d.png")
    return pattern


def _holds(pattern: Pattern, given: Path) -> bool:
    """Whether an input is one of the pictures of a pattern, or a sequence in the same folder."""
    if given.is_dir():
        return given.samefile(pattern.folder)
    if (sequence := Pattern.parse(given)) is not None and not given.exists():
        return sequence.folder.is_dir() and sequence.folder.samefile(pattern.folder)
    return given.parent.is_dir() and given.parent.samefile(pattern.folder) and pattern.number(given.name) is not None


@contextmanager
def _hidden_folder(parent: Path) -> Iterator[Path]:
    """Make a hidden folder for the time of the block; it may be moved away within."""
    folder = parent / f"{_HIDDEN}{secrets.token_hex(_TOKEN_BYTES)}"
    with writing(folder):
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(
    pattern: Pattern,
    segments: Sequence[Segment],
    first: int,
    cancel: Callable[[], bool],
    finish: Callable[[Path], None],
) -> list[str]:
    """Write the pictures of segments as files; return their names."""
    numbers = count(first)
    names = []
    for segment in segments:
        with writing(pattern.folder), zipfile.ZipFile(segment.path) as archive:
            for entry in archive.infolist():
                if cancel():
                    raise CancelledError("The job was stopped", "Nothing was written")
                path = pattern.path(next(numbers))
                names.append(path.name)
                with path.open("xb") as file, archive.open(entry) as stored:
                    shutil.copyfileobj(stored, file)
                finish(path)
                with path.open("rb+") as file:
                    os.fsync(file.fileno())
    return names


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
