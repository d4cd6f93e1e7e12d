"""What is known of a file made by hand."""

from __future__ import annotations

from dataclasses import dataclass

TYPE, DAMAGED, LIMIT, READ = ("InputTypeError",), ("InputDamagedError",), ("InputLimitError",), ("read",)


@dataclass(frozen=True, slots=True)
class Crafted:
    """A file made by hand.

    Attributes:
        name: what it is.
        suffix: ending of its name.
        content: its bytes.
        outcomes: those that are right.
    """

    name: str
    suffix: str
    content: bytes
    outcomes: tuple[str, ...]
