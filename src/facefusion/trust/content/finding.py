"""What was seen in a picture, in numbers; no picture is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the picture."""
_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a model saw and that may make a picture explicit.

    Attributes:
        model: its name.
        label: what the model calls it.
        score: how sure it is, 0 to 1.
        limit: score from which it counts.
        box: where it is; None where the model says only that it is somewhere.
    """

    model: str
    label: str
    score: float
    limit: float
    box: Box | None = None

    @property
    def counts(self) -> bool:
        """Whether the model is sure enough."""
        return self.score >= self.limit

    @property
    def nearness(self) -> float:
        """How near the score is to the limit: 1 where it reaches it."""
        return self.score / self.limit

    def moved(self, x: float, y: float) -> Finding:
        """Return this as it lies in a picture whose pixels lie so much further to the right and down."""
        if self.box is None:
            return self
        left, top, right, bottom = self.box
        return replace(self, box=(left + x, top + y, right + x, bottom + y))

    def with_score(self, score: float) -> Finding:
        """Return this with another score."""
        return replace(self, score=score)

    def facts(self) -> dict[str, Any]:
        """Return what a log may hold of it: names and numbers."""
        return {"model": self.model, "label": self.label, "score": round(self.score, _DECIMALS)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all models together say of one picture.

    Attributes:
        findings: what was seen, the surest first; also what does not suffice.
        is_explicit: whether the picture is refused.
        nearness: how near it is to being refused, 0 to 1; 1 where it is.
    """

    findings: tuple[Finding, ...] = ()
    is_explicit: bool = False
    nearness: float = 0.0

    def facts(self) -> dict[str, Any]:
        """Return what a log may hold of it."""
        return {"explicit": self.is_explicit, "findings": [finding.facts() for finding in self.findings]}


def overlap(one: Box, other: Box) -> float:
    """Return the share that two boxes have in common of what they cover together, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (_area(one) + _area(other) - width * height)


def surest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings by how near they are to their limits."""
    return tuple(sorted(findings, key=lambda finding: -finding.nearness))


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
