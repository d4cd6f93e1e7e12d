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
from facefusion.processors.anonymizer.heads import Head
from facefusion.processors.anonymizer.softness import KEPT, Softness
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import State

TRIALS: Final = 8
"""Faces that are tried for a person; the one by which they are known least is taken."""
_HARDER: Final = 1.15
"""How much farther outlines go of eight more faces, which are tried where none of the first is far enough."""
_FAR: Final = 0.74
"""Identity distance between somebody and themselves with a new face that is far enough."""
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
        soft: how soft it is, see `Softness`.
        swapper: lays it over theirs.
        head: the outline that goes with it.
    """

    number: int
    soft: tuple[float, ...]
    swapper: MeshSwapper
    head: Head

    def lay(self, image: Image, face: Face) -> None:
        """Lay the face over theirs, and change the outline around it, in place."""
        self.swapper.swap(image, face)
        self.head.lay(image, face.mesh, max(abs(face.pose.yaw), abs(face.pose.pitch)))


@dataclass(slots=True)
class People:
    """Gives people faces that nobody has.

    Attributes:
        seed: of all the faces.
        sessions: opens networks.
        space: that the faces are drawn from.
        known: identity vector of everybody who got a face, the number of that face, and how soft it is; who was met
            last stands at the end. Nobody else gets to know them, and they are gone with the job.
        present: those who are followed, by track.
        met: how many got a face so far, also those who are not known any more.
        softness: tells how soft a face is.
    """

    seed: int
    sessions: SessionFactory
    space: FaceSpace = field(default_factory=FaceSpace.load)
    known: list[tuple[Vector, int, tuple[float, ...]]] = field(default_factory=list)
    present: dict[int, Person] = field(default_factory=dict)
    met: int = 0
    softness: Softness = field(init=False)

    def __post_init__(self) -> None:
        self.softness = Softness.of(self.space)

    def lay(self, image: Image, face: Face, track: int | None) -> None:
        """Lay the face that a person gets over theirs, in place.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: where the face is.
            track: the number by which they are followed; None where they are not.
        """
        if track is None:
            self._person(*self.choose(image, face)).lay(image, replace(face, track_id=None, share=1.0))
            return
        if track not in self.present:
            self.present[track] = self._person(*self.choose(image, face))
        self.present[track].lay(image, replace(face, track_id=track, share=1.0))

    def choose(self, image: Image, face: Face) -> tuple[int, tuple[float, ...]]:
        """Return the number of the face that somebody gets and how soft it is.

        It is the same as before, or the one they are known by least.
        """
        vector = self._vector(image, face)
        distances = [identity_distance(known, vector) for known, *_ in self.known]
        place = min(range(len(distances)), key=lambda place: distances[place], default=None)
        if place is not None and distances[place] < _SAME:
            self.known.append(self.known.pop(place))
            return self.known[-1][1:]
        soft, first = self.softness.measure(image, face), 2 * TRIALS * self.met
        tried: dict[int, float] = {}
        for number in range(first, first + 2 * TRIALS):
            if number == first + TRIALS and max(tried.values()) > _FAR:
                break
            tried[number] = self._distance(self._person(number, soft), image, face, vector)
        number = max(tried, key=lambda number: tried[number])
        self.known = [*self.known, (vector, number, soft)][-_MOST_KNOWN:]
        self.met += 1
        return number, soft

    def forget(self, present: Collection[int]) -> None:
        """Let go of all but these tracks; who they were is kept."""
        self.present = {track: person for track, person in self.present.items() if track in present}

    def state(self) -> State:
        """Return all that is remembered; see `facefusion.state`."""
        return {
            "known": [[vector.copy(), number, list(soft)] for vector, number, soft in self.known],
            "met": self.met,
            "present": [
                [track, each.number, list(each.soft), each.swapper.state()] for track, each in self.present.items()
            ],
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.known = [(vector.copy(), number, tuple(soft)) for vector, number, soft in state["known"]]
        self.met = state["met"]
        self.present = {}
        for track, number, soft, remembered in state["present"]:
            self.present[track] = self._person(number, tuple(soft))
            self.present[track].swapper.restore(remembered)

    def _distance(self, person: Person, image: Image, face: Face, vector: Vector) -> float:
        """Return how far somebody is from themselves with a face."""
        tried, alone = image.copy(), replace(face, track_id=None, share=1.0)
        person.lay(tried, alone)
        return identity_distance(self._vector(tried, face), vector)

    def _vector(self, image: Image, face: Face) -> Vector:
        recogniser = DlibResnet(partial(self.sessions.open, "dlib_resnet"))
        return np.asarray(recogniser.embed(image, [face.mesh])[0], np.float32)

    def _person(self, number: int, soft: tuple[float, ...]) -> Person:
        finder = FrontFinder(self.sessions.open("front"))
        model = self.space.draw(self.seed, number, dict(zip(KEPT, soft, strict=True)))
        swapper = MeshSwapper(model, _LAYING, max_yaw=_NEVER_FADES, finder=finder)
        further = 1.0 if number % (2 * TRIALS) < TRIALS else _HARDER
        return Person(number, soft, swapper, Head.draw(self.seed, number, further))
