"""One of the pieces that a file is built of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["big", "little", "ebml"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A box, element, chunk, page, packet, tag or segment.

    Attributes:
        start: where it begins.
        body: where its content begins.
        end: where it ends.
        field: where the field lies that tells its length, and how many bytes it has; None where there is none.
        order: of the bytes of that field.
    """

    start: int
    body: int
    end: int
    field: tuple[int, int] | None = None
    order: Order = "big"

    def holds(self, other: Piece) -> bool:
        """Whether another piece lies within this one."""
        return self.start <= other.start and other.end <= self.end and self != other
