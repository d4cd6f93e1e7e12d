"""Sequences of numbered pictures: how they are named, and which there are."""

from __future__ import annotations

import os
import re
from array import array
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError, OutputTypeError
from facefusion.media import forms
from facefusion.media.forms import Form

_NUMBER = re.compile(r"%0([1-9])d")
_LIKE_NUMBER = re.compile(r"%\d*d")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.[^.]+)", re.DOTALL)
_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".avif", ".tiff", ".tif", ".bmp"))
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the pictures of a sequence are named.

    Attributes:
        folder: where they lie.
        prefix: what stands before the number.
        digits: the number is filled up with zeros to so many; longer ones have no zero before them.
        suffix: what stands behind the number, such as `.png`.
    """

    folder: Path
    prefix: str
    digits: int
    suffix: str

    def __str__(self) -> str:
        """Show it as it is typed."""
        return str(self.folder / f"{self.prefix}%0{self.digits}d{self.suffix}")

    def path(self, number: int) -> Path:
        """Return the path of one picture."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def number(self, name: str) -> int | None:
        """Return the number of a file; None where it is not named in this way."""
        if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
            return None
        digits = name[len(self.prefix) : len(name) - len(self.suffix)]
        if not (digits.isascii() and digits.isdigit()) or len(digits) > _MOST_DIGITS:
            return None
        is_filled = len(digits) == self.digits or (len(digits) > self.digits and digits[0] != "0")
        return int(digits) if is_filled else None

    def numbers(self) -> array[int]:
        """Return the numbers of the pictures that are there, rising.

        Raises:
            OSError: the folder cannot be read.
        """
        with os.scandir(self.folder) as entries:
            found = (self.number(entry.name) for entry in entries)
            return array("Q", sorted(number for number in found if number is not None))

    @classmethod
    def parse(cls, path: Path) -> Self | None:
        """Read a pattern such as `shot.%04d.png`; None where the name holds no `%0Nd`."""
        parts = _NUMBER.split(path.name)
        return cls(path.parent, parts[0], int(parts[1]), parts[2]) if len(parts) == 3 else None


def is_sequence(path: Path) -> bool:
    """Whether a path means a sequence: a folder, or a pattern of which no file has the very name."""
    try:
        return path.is_dir() or (Pattern.parse(path) is not None and not path.exists())
    except (OSError, ValueError):  # whoever opens it tells why it cannot be
        return False


def output_sequence_form(path: Path) -> Form | None:
    """Return the form of the pictures that an output pattern asks for; None where the path is no pattern of pictures.

    Raises:
        OutputTypeError: pictures are not written in the form of this suffix.
    """
    if Pattern.parse(path) is None:
        return None
    for form in forms.FORMS:
        if form.kind == "picture" and form.writer and path.suffix.lower() in form.suffixes:
            return form
    if path.suffix.lower() in forms.written_suffixes("video"):
        return None  # a percent sign in the name of a video
    raise OutputTypeError(
        f"The output {path} asks for pictures with the ending {path.suffix!r}, which are not written",
        f"Choose one of {', '.join(forms.written_suffixes('picture'))}",
    )


def moving_hint(path: Path) -> str:
    """Return what to do where the output of a video is named like one picture, as part of an error.

    Args:
        path: of the output; its ending is that of a picture.
    """
    name, found = _LIKE_NUMBER.subn("%04d", path.name, count=1)
    pattern = name if found else f"{path.stem}.%04d{path.suffix}"
    return f"Choose one of {', '.join(forms.written_suffixes('video'))}, or {pattern} for numbered pictures"


def find_sequence(path: Path) -> tuple[Pattern, array[int]]:
    """Find the pictures of a sequence.

    Args:
        path: a pattern, or a folder that holds the numbered pictures of one sequence; files that are no pictures, or
            have no number at the end of their name, do not count.

    Returns:
        how they are named, and their numbers, rising by one.

    Raises:
        InputMissingError: there is no such folder, or no picture.
        InputTypeError: the folder holds several sequences.
        InputDamagedError: a number is missing.
    """
    try:
        pattern = _only_sequence(path) if path.is_dir() else Pattern.parse(path)
        numbers = array("Q") if pattern is None else pattern.numbers()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputMissingError(f"The pictures {path} cannot be read: {reason}", "Check the path") from error
    if pattern is None or not numbers:
        raise _missing(path, pattern)
    for before, after in pairwise(numbers):
        if after != before + 1:
            raise InputDamagedError(
                f"In the sequence {pattern} the picture {pattern.path(before + 1).name} is missing",
                "Put it there, or number the pictures anew",
            )
    return pattern, numbers


def _missing(path: Path, pattern: Pattern | None) -> InputMissingError:
    """Return the error that says that there is no sequence."""
    if pattern is None:
        return InputMissingError(f"The folder {path} holds no numbered pictures", "Name them like shot.0001.png")
    return InputMissingError(f"There is no picture of the pattern {path}", "Check the folder and the pattern")


def _only_sequence(folder: Path) -> Pattern | None:
    """Return how the numbered pictures of a folder are named.

    Raises:
        InputTypeError: in more ways than one.
    """
    digits: dict[tuple[str, str], list[int]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            parts = _NUMBERED.fullmatch(entry.name)
            if parts and entry.name[0] != "." and parts[3].lower() in _SUFFIXES and entry.is_file():
                digits.setdefault((parts[1], parts[3]), []).append(len(parts[2]))
    patterns = [Pattern(folder, prefix, min(counts), suffix) for (prefix, suffix), counts in sorted(digits.items())]
    if len(patterns) > 1:
        raise InputTypeError(
            f"The folder {folder} holds several sequences, {patterns[0].path(1).name} and so on and "
            f"{patterns[1].path(1).name} and so on",
            f"Name one by its pattern, such as {patterns[0]}",
        )
    if patterns and len(patterns[0].numbers()) != sum(map(len, digits.values())):
        raise InputTypeError(
            f"The pictures in {folder} are numbered in several ways, some with more zeros than others",
            "Fill all numbers up to the same number of digits",
        )
    return patterns[0] if patterns else None
