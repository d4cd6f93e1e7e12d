"""The plan of a job that is done in segments: as a value, and as bytes that anybody may carry."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NoReturn, Self

import numpy as np
from pydantic import Field, ValidationError

from facefusion.engine.segmented.ranges import MOST_FRAMES, MOST_TICKS, Part, SegmentRange, follow_one_another
from facefusion.errors import SegmentError
from facefusion.faces.types import Vector

_MAGIC: Final = b"facefusion plan "
_VERSION: Final = 1
_LINE: Final = _MAGIC + b"%d\n" % _VERSION
_DIGEST_BYTES: Final = 32
_MOST_BYTES: Final = 64 << 20
_MOST_SEGMENTS: Final = 1_000_000
_MOST_NOTES: Final = 1000
_MOST_BATCH: Final = 4096
_EMBEDDING: Final = 128
_AGAIN: Final = "Plan the job anew"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Number = Annotated[float, Field(allow_inf_nan=False, ge=-10, le=10)]
_Ticks = Annotated[int, Field(gt=-MOST_TICKS, lt=MOST_TICKS)]


class Meant(Part):
    """Who is meant with the face selector mode `one`, as it was learnt from the target.

    Attributes:
        identity: their identity vector.
        distance: identity distance below which a face is theirs.
    """

    identity: Annotated[tuple[_Number, ...], Field(min_length=_EMBEDDING, max_length=_EMBEDDING)]
    distance: _Number

    @property
    def vector(self) -> Vector:
        """The identity vector, float32 (128,)."""
        return np.array(self.identity, np.float32)


class SegmentedPlan(Part):
    """All that has to be known of a whole job to do any segment of it.

    Attributes:
        fingerprint: of the job; see `facefusion.engine.segments.fingerprint`.
        facts: what that was made of, as JSON values.
        frames: that the job has.
        begin: when the first of them is shown: ticks of the reader, and its clock as two whole numbers.
        segments: in order.
        meant: who is meant with the face selector mode `one`; None where that is told otherwise, or nobody is there.
        threads: of encoders, by which their bytes may differ.
        batch: frames in a batch, by which results of networks may differ in their last bits.
        notes: what the user should know, one sentence each.
        seal: by which the place knows its plan again; empty where it has not been sealed yet.
    """

    fingerprint: Digest
    facts: Mapping[str, Any]
    frames: Annotated[int, Field(ge=1, lt=MOST_FRAMES)]
    begin: tuple[_Ticks, Annotated[int, Field(ge=1, lt=MOST_TICKS)], Annotated[int, Field(ge=1, lt=MOST_TICKS)]]
    segments: Annotated[tuple[SegmentRange, ...], Field(min_length=1, max_length=_MOST_SEGMENTS)]
    meant: Meant | None
    threads: Annotated[int, Field(ge=1, le=64)]
    batch: Annotated[int, Field(ge=1, le=_MOST_BATCH)]
    notes: Annotated[tuple[Annotated[str, Field(max_length=10_000)], ...], Field(max_length=_MOST_NOTES)]
    seal: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says, in hexadecimal digits; segments are made, and merged, under one digest."""
        return hashlib.sha256(self._said()).hexdigest()

    def sealed(self, vouched: Callable[[bytes], str]) -> Self:
        """Return the plan with the seal of a place.

        Args:
            vouched: by which the place knows something again that it made.
        """
        return self.model_copy(update={"seal": vouched(self._said())})

    def is_sealed(self, vouched: Callable[[bytes], str]) -> bool:
        """Whether a place made this plan; see `sealed`."""
        return hmac.compare_digest(self.seal, vouched(self._said()))

    def segment(self, number: int) -> SegmentRange:
        """Return a segment by its number.

        Raises:
            SegmentError: there is no such segment.
        """
        if type(number) is not int or not 0 <= number < len(self.segments):
            raise SegmentError(f"The plan has no segment {number!r}", f"Choose from 0 to {len(self.segments) - 1}")
        return self.segments[number]

    def to_bytes(self) -> bytes:
        """Return the plan as bytes: a line that names format and version, a SHA-256, and JSON."""
        body = _json(self.model_dump(mode="json"))
        return _LINE + hashlib.sha256(body).digest() + body

    @classmethod
    def of_bytes(cls, data: bytes) -> Self:
        """Return the plan of some bytes.

        Nothing in them is run, nothing unfolds, and everything is held against the bounds that it must keep; so they
        may come from a stranger. Whether this place made the plan is found out where it is used.

        Raises:
            SegmentError: they are no plan, or one of a newer version, or damaged.
        """
        if not data.startswith(_MAGIC):
            raise SegmentError("This is no plan of a job", _AGAIN)
        if not data.startswith(_LINE):
            raise SegmentError("This plan is of a version that is not known here", "Update the software")
        head, body = data[: len(_LINE) + _DIGEST_BYTES], data[len(_LINE) + _DIGEST_BYTES :]
        if len(data) > _MOST_BYTES or head != _LINE + hashlib.sha256(body).digest():
            raise SegmentError("The plan is damaged: its digest is wrong", _AGAIN)
        try:
            json.loads(body, parse_constant=_refuse)
            plan = cls.model_validate_json(body)
        except (ValidationError, ValueError, RecursionError) as error:
            raise SegmentError("The plan is damaged: what it says is impossible", _AGAIN) from error
        if not plan._is_possible():
            raise SegmentError("The plan is damaged: what it says does not go together", _AGAIN)
        return plan

    def _said(self) -> bytes:
        return _json(self.model_dump(mode="json", exclude={"seal"}))

    def _is_possible(self) -> bool:
        facts = json.dumps(self.facts, sort_keys=True).encode()
        begins = self.begin[0] == self.segments[0].pts
        is_told = hashlib.sha256(facts).hexdigest() == self.fingerprint
        return begins and is_told and follow_one_another(self.segments, self.frames)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
