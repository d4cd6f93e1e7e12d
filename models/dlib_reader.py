"""Reading the parameters of dlib's face recognition network out of its serialised form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TAGS = (b"con_4", b"affine_", b"fc_2")
_TENSOR_VERSION = 2


@dataclass(frozen=True, slots=True)
class Layer:
    """One parametrised layer: its serialisation tag, the integers before its tensor, and its flat float32 tensor."""

    tag: str
    integers: tuple[int, ...]
    parameters: NDArray[np.float32]


class _Cursor:
    """Decodes dlib's portable encoding from a position in a byte string."""

    def __init__(self, content: bytes, position: int) -> None:
        self.content = content
        self.position = position

    def integer(self) -> int:
        """A variable-length integer: one byte with the length (bit 7: negative), then that many little-endian bytes."""
        control = self.content[self.position]
        length = control & 0x0F
        start = self.position + 1
        self.position = start + length
        value = int.from_bytes(self.content[start : self.position], "little")
        return -value if control & 0x80 else value

    def tensor(self) -> NDArray[np.float32]:
        """A tensor: its version, four dimensions, then raw little-endian float32 values; returned flat."""
        version = self.integer()
        if version != _TENSOR_VERSION:
            raise ValueError(f"tensor version {version} is not supported")
        count = int(np.prod([self.integer() for _ in range(4)]))
        values = np.frombuffer(self.content, "<f4", count, self.position)
        self.position += values.nbytes
        return values


def read_layers(content: bytes) -> Iterator[Layer]:
    """Yield the layers with parameters in order from the input of the network to its embedding.

    A layer is a tag (its length as an integer, then its bytes) followed by its fields. Between the layers lie flags and
    solver settings that inference does not need, so the next tag is looked for behind the end of each tensor.

    Raises:
        ValueError: a tensor has an unknown version.
    """
    position = 0
    while found := _next_tag(content, position):
        start, tag = found
        cursor = _Cursor(content, start + 2 + len(tag))
        integers: tuple[int, ...] = ()
        if tag == b"fc_2":
            integers = (cursor.integer(), cursor.integer())
        parameters = cursor.tensor()
        if tag == b"con_4":
            integers = tuple(cursor.integer() for _ in range(7))
        yield Layer(tag.decode(), integers, parameters)
        position = cursor.position


def _next_tag(content: bytes, position: int) -> tuple[int, bytes] | None:
    hits = [(content.find(bytes((1, len(tag))) + tag, position), tag) for tag in _TAGS]
    return min((hit for hit in hits if hit[0] >= 0), default=None)
