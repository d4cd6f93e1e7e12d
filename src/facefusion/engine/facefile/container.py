"""The bytes of a face file.

A line that names format and version, the SHA-256 of all that follows, the length of a head, the head as JSON and then
the arrays, one after the other, little-endian and as they are: nothing is packed, so nothing can unfold, and nothing
in it could run.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt

from facefusion.state import State, StateError, put_together, taken_apart

MAGIC: Final = b"facefusion face "
VERSION: Final = 1
MOST_BYTES: Final = 64 << 20
"""Bytes above which a file is not looked at."""
_LINE: Final = MAGIC + b"%d\n" % VERSION
_LENGTH: Final = struct.Struct("<I")
_DIGEST_BYTES: Final = 32
_MOST_HEAD: Final = 1 << 20
_MOST_ARRAYS: Final = 64
_MOST_SIDES: Final = 4
_TYPES: Final = ("<f4", "<f8")


def encode(content: State) -> bytes:
    """Return a state as the bytes of a face file.

    Raises:
        StateError: it holds what no face file may hold.
    """
    tree, arrays = taken_apart(content)
    for name, array in arrays.items():
        if array.dtype not in _TYPES:
            raise StateError(f"{name} is an array of {array.dtype}")
    shapes = {name: [array.dtype.str, *array.shape] for name, array in arrays.items()}
    head = json.dumps({"arrays": shapes, "tree": tree}).encode()
    body = b"".join([_LENGTH.pack(len(head)), head, *(array.tobytes() for array in arrays.values())])
    return _LINE + hashlib.sha256(body).digest() + body


def decode(data: bytes) -> State:
    """Return the state that `encode` turned into bytes.

    Raises:
        StateError: these are other bytes than `encode` returned, or could have returned.
    """
    start = len(_LINE) + _DIGEST_BYTES
    body = data[start:]
    if data[:start] != _LINE + hashlib.sha256(body).digest():
        raise StateError("its digest is wrong")
    try:
        return _decoded(body)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, struct.error) as error:
        raise StateError(f"it cannot be understood ({type(error).__name__})") from error


def is_newer(data: bytes) -> bool:
    """Whether the first bytes are those of a face file of a version that is not known here."""
    return data.startswith(MAGIC) and not data.startswith(_LINE)


def _decoded(body: bytes) -> State:
    (length,) = _LENGTH.unpack_from(body)
    if not 0 < length <= _MOST_HEAD:
        raise ValueError("head")
    head = json.loads(body[_LENGTH.size : _LENGTH.size + length], parse_constant=_refuse)
    shapes: dict[str, Any] = head["arrays"]
    if not isinstance(shapes, dict) or len(shapes) > _MOST_ARRAYS:
        raise ValueError("arrays")
    arrays, place = {}, _LENGTH.size + length
    for name, (kind, *shape) in shapes.items():
        arrays[name], place = _array(body, place, kind, shape)
    if place != len(body):
        raise ValueError("length")
    return put_together(head["tree"], arrays)


def _array(body: bytes, place: int, kind: object, shape: list[object]) -> tuple[npt.NDArray[Any], int]:
    """Return the array at a place, and the place behind it."""
    sides = [side for side in shape if type(side) is int and 0 <= side <= MOST_BYTES]
    if kind not in _TYPES or len(sides) != len(shape) or len(sides) > _MOST_SIDES:
        raise ValueError("array")
    dtype = np.dtype(str(kind))
    count = math.prod(sides)
    if count * dtype.itemsize > len(body) - place:
        raise ValueError("array")
    array = np.frombuffer(body, dtype, count, place).reshape(sides)
    return array.astype(dtype.newbyteorder("=")), place + count * dtype.itemsize


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
