"""One row of the table: a made file, where it goes, and what is to be held against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.matrix.clip import Clip
from benchmarks.matrix.making import make_clip


@dataclass(frozen=True)
class Case:
    """A made file, and what becomes of it.

    Attributes:
        group: heading under which it stands.
        name: what is special about it.
        file: its name.
        to: ending of the output.
        clip: what is in it; of what PyAV alone cannot make, what is to be found in it.
        make: what writes it; `make_clip` where None.
        options: of the product.
        numbers: that the frames of the output show; all where None.
        times: of the frames of the output, in seconds; those of the file where None.
        colour_limit: mean error of R'G'B' that is allowed, in steps of the output's depth; 1.5 of 8 bits or 2 of 10
            where None.
        is_lossless: whether a lossless copy is to hold the very samples of the file.
        is_painted: whether an edit is tried as well: nothing outside it may change.
        lost: what the output cannot hold, and is not compared: any of `alpha`, `chroma samples`, `fields`, `sound`,
            `sound's codec` and `styles`.
        remark: the same, for people.
    """

    group: str
    name: str
    file: str
    to: str
    clip: Clip = field(default_factory=Clip)
    make: Callable[[Path], None] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    numbers: tuple[int, ...] | None = None
    times: tuple[Fraction, ...] | None = None
    colour_limit: float | None = None
    is_lossless: bool = True
    is_painted: bool = False
    lost: frozenset[str] = frozenset()
    remark: str = ""

    def write(self, folder: Path) -> Path:
        """Make the file; return its path."""
        path = folder / self.file
        if self.make is None:
            make_clip(path, self.clip)
        else:
            self.make(path)
        return path
