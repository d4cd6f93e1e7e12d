"""What was found of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.matrix.case import Case
    from benchmarks.matrix.stills import Still

LIMIT_8, LIMIT_10 = 1.5, 2.0
"""Mean error of R'G'B' that is allowed, in steps of 8 bits (1/255) and of 10 bits (1/1023)."""


@dataclass
class Row:
    """What was found of one file.

    Attributes:
        case: the file.
        frames: in it, and in the output.
        times: by how much a frame's time is off at most, in ms.
        seen: mean error of the pictures that processors get, in steps of 8 bits; None where they are tone mapped.
        colour: mean error of R'G'B' of the output, codec included, in steps of its depth.
        depth: bits of the output.
        samples: of a lossless copy: whether they are the very samples of the file.
        edit: of a lossless copy with an edit: largest difference outside the edited rectangle.
        upright: whether every frame is the right side up, and says nothing else.
        sounds: packets of sound that are the same, for each track.
        kept: what else is the same.
        notes: what the product said of what it cannot keep.
        wrong: what is not as it should be.
    """

    case: Case | Still
    frames: tuple[int, int] = (0, 0)
    times: float = 0.0
    seen: float | None = None
    colour: float | None = None
    depth: int = 8
    samples: bool | None = None
    edit: float | None = None
    upright: bool = True
    sounds: tuple[int, ...] = ()
    kept: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    wrong: list[str] = field(default_factory=list)

    def take_notes(self, notes: Sequence[str], source: Path) -> None:
        """Take over what the product said of a file, without its path."""
        self.notes = tuple(note.replace(str(source), "the file") for note in notes)
