"""Options of the kind: in every so many frames, or as the scene asks for."""

from __future__ import annotations

from collections.abc import Callable


def number_or_auto(most: int) -> Callable[[object], object]:
    """Return what reads such an option: `auto`, or a whole number from 1 on.

    Args:
        most: the largest number allowed.
    """

    def read(value: object) -> object:
        if value == "auto":
            return value
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise ValueError(f"input should be auto or a number from 1 to {most}")
        return int(text)

    return read
