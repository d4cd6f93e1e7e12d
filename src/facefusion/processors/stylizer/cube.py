"""Tables of colours in `.cube` files, read strictly.

The form is that of Adobe's "Cube LUT Specification" 1.0: one table, of one or of three dimensions, red fastest; the
ranges that DaVinci Resolve writes instead of a domain are understood too. Everything else is refused, by line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.errors import InputDamagedError, InputLimitError, InputMissingError

MOST_BYTES: Final = 768 << 20
"""Of a file: the largest table, written with ten places, has no more."""
LARGEST_3D: Final = 256
"""Points along a side of a three-dimensional table at most; those in use have 17, 33 or 65."""
LARGEST_1D: Final = 65536
_LONGEST: Final = 4096
"""Characters of a line; the specification allows 250."""
_TOGETHER: Final = 8192
"""Lines whose numbers are read together."""
_SIZES: Final = {"LUT_1D_SIZE": (1, LARGEST_1D), "LUT_3D_SIZE": (3, LARGEST_3D)}
_BOUNDS: Final = {"DOMAIN_MIN": 0, "DOMAIN_MAX": 1}
_RANGES: Final = ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")
_IGNORED: Final = ("TITLE",)
_FARTHEST: Final = 1e6
"""Beyond that no number is a colour."""


@dataclass(frozen=True, slots=True, eq=False)
class CubeTable:
    """A table of colours.

    Attributes:
        values: RGB; float32 (N, 3) of a table of one dimension, else (N, N, N, 3), by blue, green and red.
        low: colour of the first point, float32 (3,).
        high: colour of the last point, float32 (3,).
    """

    values: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]

    @property
    def is_3d(self) -> bool:
        """Whether it has three dimensions."""
        return self.values.ndim == 4


@dataclass(slots=True)
class _Head:
    """What stands before the numbers."""

    path: Path
    seen: set[str] = field(default_factory=set)
    dimensions: int = 0
    size: int = 0
    bounds: list[tuple[float, ...]] = field(default_factory=lambda: [(0.0,) * 3, (1.0,) * 3])

    @property
    def rows(self) -> int:
        return int(self.size**self.dimensions)

    def take(self, words: Sequence[str], number: int) -> None:
        """Read one line."""
        name, values = words[0], words[1:]
        if name in self.seen:
            raise _broken(self.path, f"line {number} says {name} once more")
        self.seen.add(name)
        if name in _SIZES:
            self._take_size(name, values, number)
        elif name in _BOUNDS:
            self.bounds[_BOUNDS[name]] = _numbers(values, 3, self.path, number)
        elif name in _RANGES:
            self.bounds = [(value,) * 3 for value in _numbers(values, 2, self.path, number)]
        elif name not in _IGNORED:
            raise _broken(self.path, f"line {number} begins with {name[:40]!r}, which no table has")

    def check(self) -> None:
        """Make sure that all is there, and goes together."""
        if not self.dimensions:
            raise _broken(self.path, "it says neither LUT_1D_SIZE nor LUT_3D_SIZE before its numbers")
        if any(name in self.seen for name in _RANGES) and any(name in self.seen for name in _BOUNDS):
            raise _broken(self.path, "it says what it holds for twice, by DOMAIN_MIN or DOMAIN_MAX and by a range")
        if any(high - low < 1e-6 for low, high in zip(*self.bounds, strict=True)):
            raise _broken(self.path, "its domain ends where it begins, or before")

    def _take_size(self, name: str, values: Sequence[str], number: int) -> None:
        if self.dimensions:
            raise _broken(self.path, "it holds a table of one dimension and one of three; only one of them can be read")
        self.dimensions, largest = _SIZES[name]
        if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 9:
            raise _broken(self.path, f"line {number}: a size is a whole number")
        self.size = int(values[0])
        if self.size > largest:
            raise InputLimitError(
                f"The table of colours {self.path} has {self.size} points a side; the most is {largest}",
                "Write it with 33 or 65",
            )
        if self.size < 2:
            raise _broken(self.path, f"line {number}: a table has 2 points a side at least")


def read_cube(path: Path) -> CubeTable:
    """Read a `.cube` file.

    Args:
        path: the file; of no more than 768 MiB. No more of it is in memory than the table and a few lines.

    Raises:
        InputMissingError: it cannot be read.
        InputLimitError: file or table are too large.
        InputDamagedError: it is no such table; the message names line or reason.
    """
    head, body = _Head(path), None
    for number, text in _lines(path):
        if text[0].isalpha() and text.lower()[:3] not in ("nan", "inf"):
            if body is not None:
                raise _broken(path, f"line {number} is no colour; what a table is stands before its numbers")
            head.take(_words(text), number)
            continue
        if body is None:
            head.check()
            body = _Body(path, head.rows)
        body.take(text, number)
    head.check()
    values = (body or _Body(path, head.rows)).finished()
    low, high = (np.asarray(bound, np.float32) for bound in head.bounds)
    shape = (head.size,) * head.dimensions
    return CubeTable(values.reshape(*shape, 3), low, high)


class _Body:
    """The numbers, line by line.

    Args:
        path: of the file.
        rows: how many were announced.
    """

    def __init__(self, path: Path, rows: int) -> None:
        self._path, self._rows = path, rows
        self._values = np.empty((rows, 3), np.float32)
        self._done = 0
        self._waiting: list[tuple[int, str]] = []

    def take(self, text: str, number: int) -> None:
        """Read one line."""
        if self._done + len(self._waiting) == self._rows:
            raise _broken(self._path, f"line {number} is one colour too many: {self._rows} were announced")
        self._waiting.append((number, text))
        if len(self._waiting) == _TOGETHER:
            self._read()

    def finished(self) -> npt.NDArray[np.float32]:
        """Return all colours, float32 (N, 3)."""
        self._read()
        if self._done < self._rows:
            raise _broken(self._path, f"it holds {self._done} colours, and says that they are {self._rows}")
        return self._values

    def _read(self) -> None:
        """Read the lines that wait together, which takes a tenth of the time; one by one where one is broken."""
        if not self._waiting:
            return
        try:
            values = np.loadtxt([text for _, text in self._waiting], np.float64, comments=None, ndmin=2)
        except ValueError:
            values = np.empty((0, 0))
        if values.shape[1] != 3 or not np.isfinite(values).all() or np.abs(values).max() > _FARTHEST:
            values = np.array([_numbers(text.split(), 3, self._path, number) for number, text in self._waiting])
        self._values[self._done : self._done + len(values)] = values
        self._done += len(values)
        self._waiting = []


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, without blanks around them, with their numbers from 1."""
    read = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number in count(1):
                line = file.readline(_LONGEST + 1)
                read += len(line)
                if len(line) > _LONGEST:
                    raise _broken(path, f"line {number} has more than {_LONGEST} characters")
                if read > MOST_BYTES:
                    raise InputLimitError(
                        f"The table of colours {path} has more than {MOST_BYTES >> 20} MiB", "Name another"
                    )
                if not line:
                    return
                text = line.strip()
                if text and not text.startswith("#"):
                    yield number, text
    except UnicodeDecodeError as error:
        raise _broken(path, "it is no text") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputMissingError(f"The table of colours {path} cannot be read: {reason}", "Name another file") from error


def _words(text: str) -> list[str]:
    """Return the words of a line; a title is one, whatever it says."""
    return ["TITLE"] if text.split(maxsplit=1)[0] == "TITLE" else text.split()


def _numbers(words: Sequence[str], amount: int, path: Path, number: int) -> tuple[float, ...]:
    try:
        values = tuple(float(word if word.isascii() else "") for word in words)
    except ValueError as error:
        raise _broken(path, f"line {number} holds something that is no number") from error
    if len(values) != amount or not all(math.isfinite(value) and abs(value) <= _FARTHEST for value in values):
        raise _broken(path, f"line {number} holds other than {amount} finite numbers")
    return values


def _broken(path: Path, reason: str) -> InputDamagedError:
    return InputDamagedError(
        f"The table of colours {path} is not a .cube file as it should be: {reason}", "Export it anew"
    )
