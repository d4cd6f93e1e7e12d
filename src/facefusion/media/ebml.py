"""Elements of EBML (RFC 8794), of which Matroska files are made."""

from __future__ import annotations

from collections.abc import Iterator


def element(number: int, content: bytes) -> bytes:
    """Return an element: identifier, length in eight bytes, content."""
    identifier = number.to_bytes((number.bit_length() + 7) // 8)
    return identifier + (len(content) | 1 << 56).to_bytes(8) + content


def children(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each element's identifier, content and all its bytes; one of unknown length reaches to the end."""
    position = 0
    while position < len(data):
        number, start, end = _head(data, position)
        yield number, data[start:end], data[position:end]
        position = end


def find(data: bytes, wanted: int, start: int, end: int) -> tuple[int, int]:
    """Return where the content of the first element of a kind starts and ends, in one that lies from start to end.

    Raises:
        ValueError: there is none.
    """
    position = start
    while position < end:
        number, inner, after = _head(data, position)
        if number == wanted:
            return inner, after
        position = after
    raise ValueError(f"there is no element {wanted:x}")


def _head(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the identifier of the element at a place, and where its content starts and ends."""
    if not data[position] or position + 1 >= len(data):
        raise ValueError("this is not EBML")
    width = 9 - data[position].bit_length()
    number = int.from_bytes(data[position : position + width])
    position += width
    width = 9 - data[position].bit_length()
    mask = (1 << 7 * width) - 1
    length = int.from_bytes(data[position : position + width]) & mask
    position += width
    return number, position, len(data) if length == mask else min(len(data), position + length)
