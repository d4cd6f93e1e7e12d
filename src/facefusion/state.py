"""State: what a part of a job remembers over frames, taken out and put back.

A job that was broken off goes on from the state that it had at the end of its last finished segment, and gives the same
result, bit for bit, as one that was not. A state holds dictionaries with text keys, lists, text, whole and finite
numbers, truth values, None and NumPy arrays of numbers: nothing that could run code when it is read back.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from typing import Any, Final

import numpy as np
import numpy.typing as npt

State = dict[str, Any]
"""A nested dictionary as described above."""

_MAGIC: Final = b"facefusion state 3\n"
_DIGEST: Final = hashlib.sha256
_DIGEST_BYTES: Final = 32
_TREE: Final = "tree"
_ARRAY: Final = "\0array"
_KINDS: Final = "biuf"
_DEEPEST: Final = 32


class StateError(ValueError):
    """What was given cannot be kept as state, or what was kept is damaged."""


def pack(state: State) -> bytes:
    """Return a state as bytes: an `.npz` archive of its arrays and of the rest as JSON, then a digest.

    Raises:
        StateError: it holds something that no state may hold; the message names the place.
    """
    tree, arrays = taken_apart(state)
    arrays[_TREE] = np.frombuffer(tree.encode(), np.uint8)
    data = io.BytesIO()  # alone: a video packs its state when a segment ends, and then there is little room for copies
    np.savez(data, allow_pickle=False, **arrays)
    data.write(_digest(data.getbuffer()))
    return data.getvalue()


def unpack(data: bytes) -> State:
    """Return the state that `pack` turned into bytes.

    Raises:
        StateError: these are other bytes than those that `pack` returned.
    """
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if digest != _digest(memoryview(body)):
        raise StateError("the saved state is damaged")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state = put_together(arrays.pop(_TREE).tobytes(), arrays)
    except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise StateError(f"the saved state cannot be read: {error}") from error
    return state


def _digest(body: memoryview) -> bytes:
    return _DIGEST(_MAGIC + _DIGEST(body).digest()).digest()


def taken_apart(state: State) -> tuple[str, dict[str, npt.NDArray[Any]]]:
    """Return a state as JSON, in which names stand for arrays, and the arrays by these names.

    Raises:
        StateError: it holds something that no state may hold; the message names the place.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    return json.dumps(_plain(state, "state", arrays), allow_nan=False, separators=(",", ":")), arrays


def put_together(tree: str | bytes, arrays: dict[str, npt.NDArray[Any]]) -> State:
    """Return the state that `taken_apart` was given.

    Raises:
        KeyError: an array is missing.
        StateError: this is no state.
        TypeError: a name is none.
        ValueError: this is no JSON.
    """
    state = _full(json.loads(tree), arrays)
    if not isinstance(state, dict):
        raise StateError("the saved state is no dictionary")
    return state


def _plain(value: Any, place: str, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """Return the value with each array replaced by its name; the arrays are collected."""
    if place.count("\0") > _DEEPEST:
        raise StateError(f"{_shown(place)} is nested too deeply")
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in _KINDS:
            raise StateError(f"{_shown(place)} is an array of {value.dtype}")
        arrays[name := f"array{len(arrays)}"] = value
        return {_ARRAY: name}
    if isinstance(value, dict):
        return {_key(key, place): _plain(each, f"{place}\0{key}", arrays) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, f"{place}\0{index}", arrays) for index, each in enumerate(value)]
    if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
        return value
    raise StateError(f"{_shown(place)} is {value!r}, which no state may hold"[:300])


def _key(key: object, place: str) -> str:
    if not isinstance(key, str) or "\0" in key:
        raise StateError(f"{_shown(place)} has the key {key!r}; keys are text")
    return key


def _shown(place: str) -> str:
    return place.replace("\0", "/")


def _full(value: Any, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """Undo `_plain`."""
    if isinstance(value, list):
        return [_full(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY in value:
        return arrays[value[_ARRAY]]
    return {key: _full(each, arrays) for key, each in value.items()}
