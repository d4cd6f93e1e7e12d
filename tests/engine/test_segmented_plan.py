"""The plan of a job in segments: where it cuts, and that nobody can put anything into its bytes."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facefusion.engine.segmented import SegmentedPlan
from facefusion.engine.segmented.ranges import cut_up, follow_one_another
from facefusion.engine.segmented.value import Meant
from facefusion.errors import SegmentError

FACTS = {"options": {"a": 1.5, "b": [True, None, "ü"]}, "inputs": ["ab"]}
LINE = b"facefusion plan 1\n"


def plan(**changes) -> SegmentedPlan:
    pts = [100 + 40 * index for index in range(100)]
    values = {
        "fingerprint": hashlib.sha256(json.dumps(FACTS, sort_keys=True).encode()).hexdigest(),
        "facts": FACTS,
        "frames": 100,
        "begin": (100, 1, 1000),
        "segments": cut_up(pts, segment_frames=30, lead_frames=10),
        "meant": Meant(identity=tuple(index / 128 for index in range(128)), distance=0.6),
        "threads": 4,
        "batch": 2,
        "notes": ("The subtitles are left out",),
    }
    return SegmentedPlan(**(values | changes)).sealed(seal)


def seal(data: bytes) -> str:
    return hashlib.sha256(b"a place" + data).hexdigest()


def bytes_of(values: dict) -> bytes:
    body = json.dumps(values).encode()
    return LINE + hashlib.sha256(body).digest() + body


def values_of(made: SegmentedPlan) -> dict:
    return json.loads(made.to_bytes()[len(LINE) + 32 :])


@given(st.integers(1, 400), st.integers(1, 90), st.integers(0, 120))
def test_a_video_is_cut_without_gaps(frames, length, lead):
    segments = cut_up(list(range(0, 7 * frames, 7)), segment_frames=length, lead_frames=lead)
    assert follow_one_another(segments, frames)
    assert [index for part in segments for index in range(part.first, part.end)] == list(range(frames))
    assert segments[0].lead == 0
    assert all(part.lead == min(lead, part.first) for part in segments)
    assert {part.frames for part in segments[:-1]} <= {length}
    if len(segments) > 1:
        assert (length + 1) // 2 <= segments[-1].frames < length + (length + 1) // 2


def test_bytes_give_the_same_plan_back():
    made = plan()
    again = SegmentedPlan.of_bytes(made.to_bytes())
    assert again == made
    assert (again.digest, again.to_bytes()) == (made.digest, made.to_bytes())
    assert again.is_sealed(seal)
    assert not again.is_sealed(lambda data: "0" * 64)
    assert (again.meant.vector == made.meant.vector).all()


def test_the_seal_is_no_part_of_the_digest_but_all_else_is():
    made = plan()
    assert made.model_copy(update={"seal": ""}).digest == made.digest
    assert not made.model_copy(update={"seal": ""}).is_sealed(seal)
    changed = made.model_copy(update={"batch": 3})
    assert changed.digest != made.digest
    assert not changed.is_sealed(seal)


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_taken(place, change):
    data = bytearray(plan().to_bytes())
    data[place % len(data)] ^= change
    with pytest.raises(SegmentError):
        SegmentedPlan.of_bytes(bytes(data))


@given(st.binary(max_size=300))
def test_no_bytes_of_a_stranger_do_harm(data):
    for given_bytes in (data, LINE + hashlib.sha256(data).digest() + data):
        with pytest.raises(SegmentError):
            SegmentedPlan.of_bytes(given_bytes)


def altered(name, value):
    values = values_of(plan())
    *before, last = name
    inner = values
    for key in before:
        inner = inner[key]
    inner[last] = value
    return bytes_of(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (("frames",), 99),
        (("frames",), "100"),
        (("frames",), 100.0),
        (("frames",), True),
        (("frames",), 10**30),
        (("threads",), 0),
        (("batch",), 10**6),
        (("fingerprint",), "0" * 64),
        (("fingerprint",), "zz"),
        (("facts", "options"), {}),
        (("begin",), [0, 1, 1000]),
        (("begin",), [100, 0, 1000]),
        (("begin",), [100, 1]),
        (("segments",), []),
        (("segments", 1, "first"), 31),
        (("segments", 1, "lead"), 31),
        (("segments", 1, "pts"), 0),
        (("segments", 1, "start"), 10**6),
        (("segments", 0, "lead"), 1),
        (("segments", 0, "number"), 1),
        (("segments", 0, "more"), 1),
        (("meant", "identity"), [0.0] * 127),
        (("meant", "identity", 0), 1e9),
        (("meant", "distance"), None),
        (("notes",), ["x"] * 1001),
        (("notes",), "x"),
        (("seal",), "zz"),
        (("more",), 1),
    ],
    ids=str,
)
def test_what_is_impossible_is_refused(name, value):
    with pytest.raises(SegmentError, match="Plan the job anew"):
        SegmentedPlan.of_bytes(altered(name, value))


def test_numbers_that_are_none_and_depths_without_end_are_refused():
    for text in ('{"frames": NaN}', '{"facts": {"a": Infinity}}', "[" * 100_000, "1", "null", ""):
        body = text.encode()
        with pytest.raises(SegmentError):
            SegmentedPlan.of_bytes(LINE + hashlib.sha256(body).digest() + body)


def test_a_newer_plan_asks_for_newer_software():
    with pytest.raises(SegmentError, match="Update the software"):
        SegmentedPlan.of_bytes(b"facefusion plan 2\n" + b"x" * 100)
    with pytest.raises(SegmentError, match="no plan of a job"):
        SegmentedPlan.of_bytes(b"facefusion face 1\n")
