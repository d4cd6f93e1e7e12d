"""Rectangles of pixels, as people give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a picture, in pixels of the upright picture.

    Attributes:
        x: of its left column, from 0.
        y: of its top row, from 0.
        width: in pixels.
        height: in pixels.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        """Refuse what is no part of any picture.

        Raises:
            ValueError: it begins before the picture, or is empty.
        """
        if self.x < 0 or self.y < 0 or self.width < 1 or self.height < 1:
            raise ValueError(f"a rectangle is x,y,width,height with a size above 0, not {self}")

    def __str__(self) -> str:
        """Show it as it is typed."""
        return f"{self.x},{self.y},{self.width},{self.height}"

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array (height, width, …) with."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def fits(self, width: int, height: int) -> bool:
        """Whether it lies inside a picture of this size."""
        return self.x + self.width <= width and self.y + self.height <= height

    @classmethod
    def several(cls, numbers: Sequence[int]) -> tuple[Self, ...]:
        """Read four numbers for each rectangle.

        Raises:
            ValueError: their count is no multiple of four, or a rectangle is impossible.
        """
        if len(numbers) % 4:
            raise ValueError("a rectangle has four numbers: x,y,width,height")
        return tuple(cls(*numbers[start : start + 4]) for start in range(0, len(numbers), 4))
