"""State as bytes: what goes in comes out, and nothing else is taken or believed."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

from facefusion.state import StateError, pack, unpack

STATE = {
    "nothing": None,
    "truth": True,
    "count": -(2**70),
    "share": 0.1 + 0.2,
    "name": 'a "b" \n ü \0',
    "list": [1, [2.5, []], {"deep": np.arange(6, dtype=np.float32).reshape(2, 3)}],
    "empty": {},
    "bytes": np.array([[0, 255]], np.uint8),
    "bools": np.array([True, False]),
    "no pixels": np.zeros((0, 4, 3), np.int16),
    "one": np.array(7.0),
    "not finite": np.array([np.nan, -np.inf, -0.0]),
}


def same(one, two) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return type(one) is type(two) and one == two


def test_what_goes_in_comes_out():
    assert same(unpack(pack(STATE)), STATE)
    assert unpack(pack({})) == {}


def test_equal_states_are_equal_bytes():
    assert pack(STATE) == pack(unpack(pack(STATE)))


def test_arrays_that_come_out_are_ones_own():
    state = unpack(pack(STATE))
    state["bytes"][:] = 1
    assert STATE["bytes"][0, 0] == 0


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": (1, 2)}, "state/a"),
        ({"a": [0, {1, 2}]}, "state/a/1"),
        ({"a": b"bytes"}, "state/a"),
        ({"a": float("nan")}, "state/a"),
        ({"a": np.float32(1)}, "state/a"),
        ({"a": np.array(["text"])}, "state/a"),
        ({"a": np.array([None])}, "state/a"),
        ({"a": np.zeros(1, [("x", "f4")])}, "state/a"),
        ({"a": {3: 4}}, "state/a"),
        ({"a": {"\0array": "array0"}}, "state/a"),
        ({"a": print}, "state/a"),
    ],
    ids=str,
)
def test_anything_else_is_refused_with_its_place(value, place):
    with pytest.raises(StateError, match=f"^{place} "):
        pack(value)


def test_a_state_without_an_end_is_refused():
    endless: list = []
    endless.append(endless)
    with pytest.raises(StateError, match="nested too deeply"):
        pack({"a": endless})


def test_every_changed_or_missing_byte_is_noticed():
    data = pack({"a": np.arange(50), "b": 1})
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(StateError):
            unpack(bytes(changed))
        with pytest.raises(StateError):
            unpack(data[:place])


def test_pickles_are_not_opened():
    import hashlib

    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    archive = io.BytesIO()
    np.savez(archive, tree=np.array([Trap()], object))
    for body in (pickle.dumps(Trap()), archive.getvalue(), b""):
        digest = hashlib.sha256(b"facefusion state 3\n" + hashlib.sha256(body).digest()).digest()
        with pytest.raises(StateError, match="cannot be read"):
            unpack(body + digest)
