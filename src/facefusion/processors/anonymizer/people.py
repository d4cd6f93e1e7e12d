"""People: which face that nobody has each person of a target gets, and the swapper that lays it over theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from facefusion.faces.recognisers.dlib_resnet import DlibResnet, identity_distance
from facefusion.faces.types import Face, Vector
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.options import FaceSwapperOptions
from facefusion.processors.anonymizer.face_space import FaceSpace
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import State

TRIALS: Final = 6
"""Faces that are tried for a person; the one by which they are known least is taken."""
_SAME: Final = 0.45
"""Identity distance below which somebody who comes back gets the same face."""
_MOST_KNOWN: Final = 1000
"""People who are remembered, at most: those who were met last, half a megabyte of them."""
_LAYING: Final = FaceSwapperOptions(shape=1.0, keep_expression=0.5)
_NEVER_FADES: Final = 200.0
"""Turn, in degrees, that no head reaches: what is laid over a profile is covered besides."""


@dataclass(slots=True)
class Person:
    """Somebody who is followed.

    Attributes:
        number: of the face that they get.
        swapper: lays it over theirs.
    """

    number: int
    swapper: MeshSwapper


@dataclass(slots=True)
class People:
    """Gives people faces that nobody has.

    Attributes:
        seed: of all the faces.
        sessions: opens networks.
        space: that the faces are drawn from.
        known: identity vector of everybody who got a face, and the number of that face, who was met last at the end;
            nobody else gets to know them, and they are gone with the job.
        present: those who are followed, by track.
        met: how many got a face so far, also those who are not known any more.
    """

    seed: int
    sessions: SessionFactory
    space: FaceSpace = field(default_factory=FaceSpace.load)
    known: list[tuple[Vector, int]] = field(default_factory=list)
    present: dict[int, Person] = field(default_factory=dict)
    met: int = 0

    def lay(self, image: Image, face: Face, track: int | None) -> None:
        """Lay the face that a person gets over theirs, in place.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: where the face is.
            track: the number by which they are followed; None where they are not.
        """
        if track is None:
            self._swapper(self.choose(image, face)).swap(image, replace(face, track_id=None, share=1.0))
            return
        if track not in self.present:
            number = self.choose(image, face)
            self.present[track] = Person(number, self._swapper(number))
        self.present[track].swapper.swap(image, replace(face, track_id=track, share=1.0))

    def choose(self, image: Image, face: Face) -> int:
        """Return the number of the face that somebody gets: the same as before, or the one they are known by least."""
        vector = self._vector(image, face)
        distances = [identity_distance(known, vector) for known, _ in self.known]
        place = min(range(len(distances)), key=lambda place: distances[place], default=None)
        if place is not None and distances[place] < _SAME:
            self.known.append(self.known.pop(place))
            return self.known[-1][1]
        first = TRIALS * self.met
        number = max(range(first, first + TRIALS), key=lambda number: self._distance(number, image, face, vector))
        self.known = [*self.known, (vector, number)][-_MOST_KNOWN:]
        self.met += 1
        return number

    def forget(self, present: Collection[int]) -> None:
        """Let go of all but these tracks; who they were is kept."""
        self.present = {track: person for track, person in self.present.items() if track in present}

    def state(self) -> State:
        """Return all that is remembered; see `facefusion.state`."""
        return {
            "known": [[vector.copy(), number] for vector, number in self.known],
            "met": self.met,
            "present": [[track, each.number, each.swapper.state()] for track, each in self.present.items()],
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.known = [(vector.copy(), number) for vector, number in state["known"]]
        self.met = state["met"]
        self.present = {}
        for track, number, remembered in state["present"]:
            self.present[track] = Person(number, self._swapper(number))
            self.present[track].swapper.restore(remembered)

    def _distance(self, number: int, image: Image, face: Face, vector: Vector) -> float:
        """Return how far somebody is from themselves with a face."""
        tried, alone = image.copy(), replace(face, track_id=None, share=1.0)
        self._swapper(number).swap(tried, alone)
        return identity_distance(self._vector(tried, face), vector)

    def _vector(self, image: Image, face: Face) -> Vector:
        recogniser = DlibResnet(partial(self.sessions.open, "dlib_resnet"))
        return np.asarray(recogniser.embed(image, [face.mesh])[0], np.float32)

    def _swapper(self, number: int) -> MeshSwapper:
        finder = FrontFinder(self.sessions.open("front"))
        return MeshSwapper(self.space.draw(self.seed, number), _LAYING, max_yaw=_NEVER_FADES, finder=finder)
