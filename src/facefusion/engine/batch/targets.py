"""Targets: files, globs and folders, as they are given, to the files that they stand for."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.errors import InputError
from facefusion.media.forms import written_suffixes
from facefusion.media.sniff import open_input, sniff

_WILD: Final = frozenset("*?[")
ONLY_READ: Final = (
    *(".bmp", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".flv", ".ogv", ".ogg"),
    *(".wmv", ".asf", ".mxf", ".dv", ".3gp"),
)
"""Usual endings of forms that are read but not written."""
PROBLEM_PICTURE: Final = ".problem.jpg"


@dataclass(frozen=True, slots=True)
class Target:
    """A file to be worked on.

    Attributes:
        path: the file.
        root: the folder that was given, in or below which it was found; None where there was none.
        is_found: whether it was found in a folder or by a glob, and not named itself.
    """

    path: Path
    root: Path | None = None
    is_found: bool = False

    @property
    def folder(self) -> Path:
        """Its place below the folder that was given."""
        return Path() if self.root is None else self.path.parent.relative_to(self.root)


@dataclass(frozen=True, slots=True)
class Targets:
    """What was found.

    Attributes:
        found: in the order in which it was given, what a folder holds by name.
        notes: what was left out, one sentence each.
    """

    found: tuple[Target, ...]
    notes: tuple[str, ...] = ()


def find_targets(given: Sequence[str | Path], *, recursive: bool = False) -> Targets:
    """Return the files that files, globs and folders stand for, each once.

    A file that is named, or that a glob matches, is taken whatever it is: if it cannot be read, that is told when its
    turn comes. Of folders pictures and videos are taken, by their endings or else by their first bytes, damaged ones
    too; hidden files and pictures of problems are not.

    Args:
        given: as on the command line.
        recursive: whether folders within folders are looked into.
    """
    found: dict[Path, Target] = {}
    notes = []
    for text in given:
        targets, left_out = _expand(text, recursive=recursive)
        for target in targets:
            found.setdefault(target.path.absolute(), target)
        if not targets:
            notes.append(f"{text} has no picture or video in it" if Path(text).is_dir() else f"{text} matches no file")
        elif left_out:
            notes.append(f"Left out of {text}, as neither picture nor video: {counted(left_out, 'file')}")
    return Targets(tuple(found.values()), tuple(notes))


def counted(number: int, noun: str) -> str:
    """Return a number of things in words, such as `1 file` or `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _expand(text: str | Path, *, recursive: bool) -> tuple[list[Target], int]:
    """Return the targets that one text stands for, and how many other files lie there."""
    path = Path(text)
    if path.is_dir():
        return _of_folder(path, recursive=recursive)
    if path.exists() or _WILD.isdisjoint(str(text)):
        return [Target(path)], 0
    matches = sorted(glob.glob(str(text), recursive=True))  # noqa: PTH207 - as shells do it, absolute or not
    return [Target(Path(match), is_found=True) for match in matches if Path(match).is_file()], 0


def _of_folder(folder: Path, *, recursive: bool) -> tuple[list[Target], int]:
    files = sorted(_files(folder, recursive=recursive))
    media = [path for path in files if is_medium(path)]
    return [Target(path, folder, is_found=True) for path in media], len(files) - len(media)


def _files(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Yield the files of a folder, but those that are hidden and those that tell of problems."""
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name.endswith(PROBLEM_PICTURE):
            continue
        if path.is_file():
            yield path
        elif recursive and path.is_dir() and not path.is_symlink():
            yield from _files(path, recursive=True)


def is_medium(path: Path) -> bool:
    """Return whether a file is, or claims to be, a picture or a video."""
    if path.suffix.lower() in (*written_suffixes(), *ONLY_READ):
        return True
    try:
        with open_input(path) as file:
            sniff(file, path)
    except InputError:
        return False
    return True
