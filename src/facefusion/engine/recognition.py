"""Recognition: which of the people who are named each face of a target shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.acquaintance import KEPT, Acquaintance
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.state import State

_TOUCHING = 0.1
"""Overlap of two faces from which one may be taken for the other."""
_JUMP = 0.4
"""Step from frame to frame, in widths of the face, beyond which it may be another's."""
_FORGOTTEN_AFTER = 50
"""Frames after which a track that ended is forgotten."""


class Recognition:
    """Tells who is who, frame after frame; see `faces.acquaintance`.

    Args:
        analyser: computes identity vectors.
        people: identity of each who is named, and the distance below which a face is theirs.

    Attributes:
        nearest: least distance to each, as yet.
    """

    def __init__(self, analyser: FaceAnalyser, people: Sequence[tuple[Vector, float]]) -> None:
        self._analyser = analyser
        self._people = list(people)
        self._learnt_from: int | None = None
        self._tracks: dict[int, Acquaintance] = {}
        self._last: dict[int, tuple[int, Vector]] = {}
        self._touching: set[int] = set()
        self._frame = 0
        self.nearest: list[float | None] = [None] * len(self._people)

    @property
    def learnt(self) -> tuple[Vector, float, int] | None:
        """Of the one person who is named by `name`: identity, distance and how many views taught it; None before.

        Views that will not come, since the track is no longer surely theirs, count as if they had.
        """
        if not self._people:
            return None
        known = None if self._learnt_from is None else self._tracks.get(self._learnt_from)
        return (*self._people[0], KEPT if known is None else known.views)

    def recall(self, vector: Vector, distance: float) -> None:
        """Let one person be named by what was `learnt` of them elsewhere."""
        self._people, self._learnt_from = [(vector.copy(), distance)], None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget how near anybody came so far."""
        self.nearest = [None] * len(self._people)

    @property
    def has_people(self) -> bool:
        """Whether anybody is named."""
        return bool(self._people)

    @property
    def is_unsure(self) -> bool:
        """Whether anybody in the last frame may be named and could not be told, since they looked away all the time."""
        there = (self._tracks.get(track) for track, (frame, _) in self._last.items() if frame == self._frame)
        return self.has_people and any(known is not None and known.is_unsure for known in there)

    def name(self, image: Image, face: Face, distance: float) -> None:
        """Let the one person who is named be whose face this is; more views of the track teach more of them."""
        self._learnt_from = face.track_id
        if face.track_id is not None:
            known = self._tracks[face.track_id] = Acquaintance(answer=0)
            known.learn(face, self._embed(image, face))
            self._people = [(known.vector, distance)] if known.vector is not None else []
            self.nearest = [None]

    def see(self, faces: Sequence[Face]) -> None:
        """Look at where all faces of a frame are: where two touched or one jumped, they may have been mistaken."""
        self._frame += 1
        followed = [(face.track_id, face) for face in faces if face.track_id is not None]
        touching = {
            track for track, face in followed for _, other in followed
            if other is not face and box_overlap(face.box, other.box) > _TOUCHING
        }  # fmt: skip
        for track, face in followed:
            if track in self._tracks and track not in touching and self._may_be_another(track, face):
                self._tracks[track].doubt()
                self._learnt_from = None if track == self._learnt_from else self._learnt_from
            self._last[track] = (self._frame, face.box)
        self._touching = touching
        gone = [track for track, (frame, _) in self._last.items() if self._frame - frame > _FORGOTTEN_AFTER]
        for track in gone:
            del self._last[track]
            self._tracks.pop(track, None)

    def who(self, image: Image, face: Face) -> int | None:
        """Return the number of the person whose face this is; None when it is nobody's who is named."""
        if face.track_id is None:
            return self._of_picture(image, face)
        known = self._tracks.setdefault(face.track_id, Acquaintance())
        is_new = known.answer is None and known.vector is None
        if (is_new or face.track_id not in self._touching) and known.wants(face):
            known.learn(face, self._embed(image, face))
            if face.track_id == self._learnt_from and known.vector is not None:
                self._people[0] = (known.vector, self._people[0][1])
            known.decide(self._people)
            self._note(known.vector)
        return known.answer

    def answer(self, track: int | None) -> int | None:
        """Return what the last answer for a track was; None also for one that was never asked for."""
        known = self._tracks.get(track) if track is not None else None
        return known.answer if known is not None else None

    def state(self) -> State:
        """Return all that is remembered; see `facefusion.state`."""
        return {
            "people": [[vector.copy(), distance] for vector, distance in self._people],
            "learnt_from": self._learnt_from,
            "tracks": [[track, known.state()] for track, known in self._tracks.items()],
            "last": [[track, frame, box.copy()] for track, (frame, box) in self._last.items()],
            "touching": sorted(self._touching),
            "frame": self._frame,
            "nearest": list(self.nearest),
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._people = [(vector.copy(), distance) for vector, distance in state["people"]]
        self._learnt_from = state["learnt_from"]
        self._tracks = {track: Acquaintance.of_state(known) for track, known in state["tracks"]}
        self._last = {track: (frame, box.copy()) for track, frame, box in state["last"]}
        self._touching = set(state["touching"])
        self._frame, self.nearest = state["frame"], list(state["nearest"])

    def _may_be_another(self, track: int, face: Face) -> bool:
        frame, box = self._last[track]
        step = np.abs(face.box - box).max() / max(face.width, 1.0)
        return track in self._touching or frame < self._frame - 1 or float(step) > _JUMP

    def _of_picture(self, image: Image, face: Face) -> int | None:
        vector = self._embed(image, face)
        self._note(vector)
        distances = [identity_distance(vector, own) for own, _ in self._people]
        nearest = int(np.argmin(distances))
        return nearest if distances[nearest] < self._people[nearest][1] else None

    def _embed(self, image: Image, face: Face) -> Vector:
        return self._analyser.recogniser.embed(image, [face.mesh])[0]

    def _note(self, vector: Vector | None) -> None:
        """Remember how near anybody came to each who is named."""
        if vector is None:
            return
        distances = [identity_distance(vector, own) for own, _ in self._people]
        self.nearest = [
            distance if before is None else min(before, distance)
            for before, distance in zip(self.nearest, distances, strict=True)
        ]
