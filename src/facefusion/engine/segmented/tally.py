"""What is told of the faces of a whole video, added up over its segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from facefusion.state import State


@dataclass(frozen=True, slots=True)
class Tally:
    """What `VideoAnalysis.check_faces` goes by, of one segment or of several that follow one another.

    Attributes:
        frames: that there were.
        has_faces: whether any face was selected.
        first: the very first frame, as long as there is nothing better for the picture of a problem.
        left_out: see `facefusion.engine.left_out`.
        nearest: of each who is named by a picture, how near any face came.
    """

    frames: int
    has_faces: bool
    first: Any
    left_out: State
    nearest: list[float | None]

    @classmethod
    def of(cls, analysed: State, *, is_first: bool) -> Self:
        """Return the tally of a segment.

        Args:
            analysed: what the analysis remembers after it.
            is_first: whether it is the first of the video.
        """
        selector = analysed["selector"]
        return cls(
            frames=analysed["frames"],
            has_faces=analysed["has_faces"],
            first=analysed["first"] if is_first else None,
            left_out=selector["left_out"] if selector else {},
            nearest=selector["recognition"]["nearest"] if selector else [],
        )

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return the tally that `state` was taken of."""
        return cls(state["frames"], state["has_faces"], state["first"], state["left_out"], state["nearest"])

    def state(self) -> State:
        """Return it; see `facefusion.state`."""
        return {
            "frames": self.frames,
            "has_faces": self.has_faces,
            "first": self.first,
            "left_out": self.left_out,
            "nearest": list(self.nearest),
        }

    def with_next(self, other: Tally) -> Tally:
        """Return the tally of this and what follows."""
        has_faces = self.has_faces or other.has_faces
        left_out = _joined(self.left_out, other.left_out) if self.left_out else {}
        is_shown = has_faces or (left_out and left_out["seen"] is not None)
        longer = max(self.nearest, other.nearest, key=len)
        pairs = zip(self.nearest, other.nearest, strict=False)
        nearest = [_least(*pair) for pair in pairs]
        return Tally(
            self.frames + other.frames,
            has_faces,
            None if is_shown else self.first,
            left_out,
            nearest + longer[len(nearest) :],
        )

    def put_into(self, analysed: State) -> State:
        """Return what an analysis that has seen nothing remembers, with what is told here put in."""
        merged = analysed | {"frames": self.frames, "has_faces": self.has_faces, "first": self.first}
        if not analysed["selector"]:
            return merged
        recognition = analysed["selector"]["recognition"]
        known = len(recognition["nearest"])
        told = {"left_out": self.left_out, "recognition": recognition | {"nearest": self.nearest[:known]}}
        return merged | {"selector": analysed["selector"] | told}


def _joined(one: State, other: State) -> State:
    """Return what `LeftOut` remembers of two parts that follow one another."""
    has_chosen = one["has_chosen"] or other["has_chosen"]
    seen = one["seen"] if one["seen"] is not None else other["seen"]
    return {
        "largest": max(one["largest"], other["largest"]),
        "least_yaw": _least(one["least_yaw"], other["least_yaw"]),
        "had_usable": one["had_usable"] or other["had_usable"],
        "has_chosen": has_chosen,
        "found": sorted({*one["found"], *other["found"]}),
        "counts": _sums(one["counts"], other["counts"]),
        "seen": None if has_chosen else seen,
    }


def _least(one: float | None, other: float | None) -> float | None:
    values = [value for value in (one, other) if value is not None]
    return min(values) if values else None


def _sums(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [mine + theirs for mine, theirs in zip(one, other, strict=True)]
