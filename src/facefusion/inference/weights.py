"""ONNX files, seen without reading their large tensors.

A file is one protobuf message, nearly all of which are a few large tensors. Their places are found by skipping from
field to field, so that looking into half a gigabyte costs some kilobytes, and a changed graph can be put back around
the same tensors. Field numbers are those of `onnx.proto`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facefusion.errors import ModelUnsafeError

LARGE: Final = 64 << 10
"""Size in bytes from which a tensor is left where it is."""
_GRAPH, _INITIALIZER = 7, 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 1, 2, 8, 9, 13, 14
_HALF = (10, 16)
"""Types of fp16 and bf16."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Buffer = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class LargeTensor:
    """A tensor that was left where it is.

    Attributes:
        name: its name in the graph.
        start: where its field begins in the file, tag and length included.
        end: where it ends.
        is_half: whether its values are of half precision.
    """

    name: str
    start: int
    end: int
    is_half: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """An ONNX file without its large tensors.

    Attributes:
        small: the same message without them.
        large: where they are.
    """

    small: bytes
    large: tuple[LargeTensor, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of the large tensors."""
        return frozenset(tensor.name for tensor in self.large)


@contextmanager
def opened(source: Path | bytes) -> Iterator[Buffer]:
    """Give the bytes of a file without reading them all."""
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        if not source.stat().st_size:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def outline(content: Buffer, name: str) -> Outline:
    """Find the large tensors of an ONNX file.

    Args:
        content: the file.
        name: how messages call it.

    Raises:
        ModelUnsafeError: it is cut off, or no protobuf message, or keeps tensors in other files.
    """
    try:
        return _outline(content, name)
    except (IndexError, ValueError) as error:
        raise ModelUnsafeError(
            f"{name} is cut off, or no ONNX file", "Get the file again from where it was published"
        ) from error


def tensors_of_shape(content: Buffer, large: tuple[LargeTensor, ...], shape: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the large tensors of a shape, each as the message that it is, in the file's order.

    Args:
        content: the file.
        large: their places, as `outline` gives them.
        shape: sizes of the dimensions.
    """
    for tensor in large:
        _, _, body, end = next(_fields(content, tensor.start, tensor.end))
        if _shape_of(content, body, end) == shape:
            yield content[body:end]


def put_together(small: bytes, content: Buffer, large: tuple[LargeTensor, ...]) -> Iterator[bytes]:
    """Yield the pieces of an ONNX file: a graph, perhaps changed, around the large tensors of another file.

    Args:
        small: the message without them, as `outline` gives it.
        content: the file where they are.
        large: their places.
    """
    before, graph, after = b"", b"", b""
    for number, start, body, end in _fields(small, 0, len(small)):
        if number == _GRAPH:
            graph += small[body:end]
        elif graph:
            after += small[start:end]
        else:
            before += small[start:end]
    length = len(graph) + sum(tensor.end - tensor.start for tensor in large)
    yield before + _tag(_GRAPH) + _varint(length) + graph
    for tensor in large:
        yield content[tensor.start : tensor.end]
    yield after


def referring(small: bytes, content: Buffer, large: tuple[LargeTensor, ...], file: str) -> bytes:
    """Return an ONNX file that refers to the large tensors of another one as data that lie outside.

    Args:
        small: the message without them, as `outline` gives it, perhaps changed.
        content: the file where they are.
        large: their places.
        file: its name, in the folder that the runtime is told of.
    """
    tensors = b"".join(_reference(content, tensor, file) for tensor in large)
    return b"".join(put_together(small, tensors, (LargeTensor("", 0, len(tensors)),)))


def _reference(content: Buffer, tensor: LargeTensor, file: str) -> bytes:
    """Return the field of a tensor whose bytes are referred to; as it is, where it does not hold them in one piece."""
    _, _, first, last = next(_fields(content, tensor.start, tensor.end))
    facts, place = b"", None
    for number, start, body, end in _fields(content, first, last):
        if number == _TENSOR_RAW:
            place = body, end
        else:
            facts += content[start:end]
    if place is None:
        return content[tensor.start : tensor.end]
    said = {"location": file, "offset": str(place[0]), "length": str(place[1] - place[0])}
    for key, value in said.items():
        facts += _message(_TENSOR_EXTERNAL, _message(1, key.encode()) + _message(2, value.encode()))
    facts += _tag(_TENSOR_LOCATION, _VARINT) + b"\1"
    return _message(_INITIALIZER, facts)


def _message(number: int, content: bytes) -> bytes:
    return _tag(number) + _varint(len(content)) + content


def _outline(content: Buffer, name: str) -> Outline:
    around, graph = bytearray(), bytearray()
    large: list[LargeTensor] = []
    for number, start, body, end in _fields(content, 0, len(content)):
        if number != _GRAPH:
            around += content[start:end]
            continue
        for inner, first, inside, last in _fields(content, body, end):
            if inner == _INITIALIZER and last - inside >= LARGE:
                title, is_half = _facts_of(content, inside, last, name)
                large.append(LargeTensor(title, first, last, is_half))
            else:
                graph += content[first:last]
    return Outline(bytes(around + _tag(_GRAPH) + _varint(len(graph)) + graph), tuple(large))


def _facts_of(content: Buffer, start: int, end: int, name: str) -> tuple[str, bool]:
    """Return the name of a tensor, and whether it is of half precision.

    Raises:
        ModelUnsafeError: its values are in another file.
    """
    found, is_half = "", False
    for number, first, body, last in _fields(content, start, end):
        is_elsewhere = number == _TENSOR_LOCATION and content[first:last] != _tag(_TENSOR_LOCATION, _VARINT) + b"\0"
        if number == _TENSOR_EXTERNAL or is_elsewhere:
            raise ModelUnsafeError(f"{name} keeps its weights in another file", "Save it as one file")
        if number == _TENSOR_NAME:
            found = content[body:last].decode("utf-8")
        if number == _TENSOR_TYPE:
            is_half = _read_varint(content, first + 1)[0] in _HALF
    return found, is_half


def _shape_of(content: Buffer, start: int, end: int) -> tuple[int, ...]:
    """Return the sizes of a tensor's dimensions, which are written one by one or all in one."""
    sizes: list[int] = []
    for number, _, body, last in _fields(content, start, end):
        if number == _TENSOR_DIMS:
            place = body
            while place < last:
                size, place = _read_varint(content, place)
                sizes.append(size)
    return tuple(sizes)


def _fields(content: Buffer, place: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield of each field of a message: number, start, start of what is in it, end.

    Raises:
        ValueError: it is no message, or cut off.
    """
    while place < stop:
        start = place
        key, place = _read_varint(content, place)
        body, kind = place, key & 7
        if kind == _VARINT:
            _, place = _read_varint(content, place)
        elif kind == _BYTES:
            size, body = _read_varint(content, place)
            place = body + size
        elif kind in (_FIXED32, _FIXED64):
            place += 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"kind {kind}")
        if place > stop:
            raise ValueError("cut off")
        yield key >> 3, start, body, place


def _read_varint(content: Buffer, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 64:
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise ValueError("a number without an end")


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _tag(number: int, kind: int = _BYTES) -> bytes:
    return _varint(number << 3 | kind)
