"""Acquaintance: whose face a track shows, as more and better views of it come.

One view may mislead, so the best few count together, weighed by how much they tell; an answer is given up only for
clear reasons, and a face that turns away keeps the one it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Face, Vector
from facefusion.state import State

KEPT = 4
"""Views that are kept, the best."""
_FULL_WIDTH = 72.0
"""Width of a face, in pixels, from which more tell no more."""
_TELLS, _GOOD = 0.25, 0.5
"""Worth of a view below which it is not asked for, and from which it is as good as needed."""
_FACING = 0.82
"""Share of a face that looks this way, as the cosine of its turn, from which a view is not taken for a stranger's."""
_BETTER = 1.25
_SOON, _NEXT, _LONGEST = 2, 5, 100
"""Frames until a doubt is followed up; until the second look; between looks at most."""
_SLACK, _NEARER = 0.1, 0.1
"""Distance beyond the limit at which an answer still holds; by which another must be nearer."""
_CLEARLY = 0.25
"""Distance by which another is nearer so clearly that no second look is needed."""


@dataclass(slots=True)
class Acquaintance:
    """What is known of one track.

    Attributes:
        answer: number of the person; None for nobody who is named.
        asked: how often it was looked at, since the last doubt.
        nearest: least distance to anybody, as yet.
    """

    answer: int | None = None
    asked: int = 0
    nearest: float = float(np.inf)
    _views: list[tuple[float, Vector]] = field(default_factory=list)
    _wait: int = 0
    _against: int = 0
    _since: int = 0
    _facing: float = 0.0

    @property
    def is_unsure(self) -> bool:
        """Whether this may be somebody who is named all the same: nobody as yet, and only seen turned away."""
        return self.answer is None and self._facing < _FACING

    @property
    def views(self) -> int:
        """How many views are kept, up to `KEPT`."""
        return len(self._views)

    @property
    def vector(self) -> Vector | None:
        """The identity by the best views, float32 (128,); None before the first."""
        if not self._views:
            return None
        weights = np.array([worth**2 for worth, _ in self._views], np.float32)
        mean = np.tensordot(weights / weights.sum(), np.stack([vector for _, vector in self._views]), 1)
        return np.asarray(mean, np.float32)

    def wants(self, face: Face) -> bool:
        """Whether this frame's view is worth a look; ask once for each frame."""
        self._wait, self._since = self._wait - 1, self._since + 1
        if not self._views:
            return self.answer is None or worth_of(face) >= _TELLS
        worth, best = worth_of(face), self._views[0][0]
        if best < _GOOD and worth > _BETTER * best and self._since > _SOON:
            return True
        return self._wait <= 0 and worth >= min(_TELLS, best)

    def learn(self, face: Face, vector: Vector) -> None:
        """Take in the identity vector of a view."""
        self._views = sorted([*self._views, (worth_of(face), vector)], key=lambda view: -view[0])[:KEPT]
        self._facing = max(self._facing, _towards(face))
        self.asked, self._since = self.asked + 1, 0
        self._wait = min(_NEXT * 2 ** min(self.asked - 1, 8), _LONGEST)

    def decide(self, people: Sequence[tuple[Vector, float]]) -> None:
        """Answer anew.

        Args:
            people: identity of each who is named, and the distance below which a face is theirs.
        """
        own = self.vector
        if own is None or not people:
            return
        distances = [identity_distance(own, vector) for vector, _ in people]
        best = int(np.argmin(distances))
        self.nearest = min(self.nearest, distances[best])
        wanted = best if distances[best] < people[best][1] else None
        if self.answer is None:
            self.answer = wanted
        elif self._still_holds(self.answer, wanted, distances, people[self.answer][1]):
            self._against = 0
        else:
            self._turn_to(wanted, clearly=wanted is not None and distances[wanted] < distances[self.answer] - _CLEARLY)

    def doubt(self) -> None:
        """Look again from the start, for this may be another person now; the answer holds until then."""
        self._views, self.asked, self._wait, self._against, self._facing = [], 0, 0, 0, 0.0

    def state(self) -> State:
        """Return all that is known; see `facefusion.state`."""
        return {
            "answer": self.answer,
            "asked": self.asked,
            "nearest": self.nearest if np.isfinite(self.nearest) else None,
            "views": [[float(worth), vector.copy()] for worth, vector in self._views],
            "counts": [self._wait, self._against, self._since],
            "facing": self._facing,
        }

    @classmethod
    def of_state(cls, state: State) -> Acquaintance:
        """Return one that goes on from a state."""
        nearest = float(np.inf) if state["nearest"] is None else state["nearest"]
        views = [(worth, vector.copy()) for worth, vector in state["views"]]
        known = cls(state["answer"], state["asked"], nearest, views, *state["counts"])
        known._facing = state["facing"]
        return known

    def _turn_to(self, wanted: int | None, *, clearly: bool) -> None:
        """Give up the answer where that is clear, or was wanted twice in a row."""
        self._against, self._wait = self._against + 1, _SOON
        if clearly or self._against > 1:
            self.answer, self._against = wanted, 0

    @staticmethod
    def _still_holds(answer: int, wanted: int | None, distances: Sequence[float], limit: float) -> bool:
        if distances[answer] >= limit + _SLACK:
            return False
        return wanted is None or distances[answer] < distances[wanted] + _NEARER


def worth_of(face: Face) -> float:
    """Return how much a view tells of who it is, 0 to 1: from the front, large and surely a face."""
    return _towards(face) ** 2 * min(face.width / _FULL_WIDTH, 1.0) * face.presence


def _towards(face: Face) -> float:
    """Return how far a face looks this way, 0 to 1: the cosine of its turn."""
    return max(float(np.cos(np.radians(face.pose.yaw)) * np.cos(np.radians(face.pose.pitch))), 0.0)
