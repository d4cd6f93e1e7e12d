"""Reading parts of files by others: never more than there is, and never more than is asked for."""

from __future__ import annotations

from typing import IO

MOST_STEPS = 200_000
"""Parts of a file that are looked at, one after the other, before it is taken for made to keep us busy."""


def size_of(file: IO[bytes]) -> int:
    """Return how long a file is."""
    return file.seek(0, 2)


def taken(file: IO[bytes], start: int, count: int, *, most: int) -> bytes:
    """Return bytes of a file.

    Args:
        file: to read from.
        start: of the bytes.
        count: how many.
        most: how many may be read at all.

    Raises:
        ValueError: they are not all there, or are too many.
    """
    if not 0 <= count <= most:
        raise ValueError(f"a part of {count} bytes is too long")
    file.seek(start)
    content = file.read(count)
    if len(content) != count:
        raise ValueError("the file breaks off")
    return content
