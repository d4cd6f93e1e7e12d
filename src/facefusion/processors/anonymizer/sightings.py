"""Sightings: where each face is in each frame that is kept back, also where nobody found it.

A face that is found is followed on through frames in which it is not, until nothing there looks like it; and where it
is found first, back through the frames that are still kept. Where it is found again, what lies between counts as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np

from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.processors.anonymizer.following import Patch
from facefusion.state import State

UNSURE: Final = 4
"""Frames for which a face that nothing looks like any more is covered where it was."""
LONGEST: Final = 90
"""Most frames for which a face is followed that nobody finds."""
_SAME: Final = 0.2
"""Overlap of boxes from which they are of one face."""
_CERTAIN: Final = 0.75
"""Score from which one look is enough to be sure of a face."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Where a face is in a frame.

    Attributes:
        box: left, top, right, bottom, float32 (4,).
        face: as it was found; None where there is no mesh.
        is_found: whether it was found there, or else followed.
    """

    box: Vector
    face: Face | None = None
    is_found: bool = True

    def state(self) -> State:
        """Return it as a state; see `facefusion.state`."""
        face = None if self.face is None else face_state(self.face)
        return {"box": self.box.copy(), "face": face, "is_found": self.is_found}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return the sighting of a state."""
        face = None if state["face"] is None else restored_face(state["face"])
        return cls(state["box"].copy(), face, state["is_found"])


@dataclass(slots=True)
class Track:
    """A face through frames.

    Attributes:
        patch: what it looked like last.
        missed: frames since it was found.
        unlike: frames since anything looked like it.
    """

    patch: Patch
    missed: int = 0
    unlike: int = 0

    def state(self) -> State:
        """Return it as a state; see `facefusion.state`."""
        return {"patch": self.patch.state(), "counts": [self.missed, self.unlike]}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return the track of a state."""
        return cls(Patch.of_state(state["patch"]), *state["counts"])


@dataclass(slots=True)
class Seen:
    """What is known of one frame.

    Attributes:
        image: RGB uint8 (H, W, 3).
        begins_scene: whether it has nothing to do with the frame before.
        sightings: by the number of the face's track.
    """

    image: Image
    begins_scene: bool
    sightings: dict[int, Sighting] = field(default_factory=dict)


class Sightings:
    """Keeps account of faces over frames; feed it every frame in order.

    Attributes:
        tracks: those that are followed, by number.
    """

    def __init__(self) -> None:
        self.tracks: dict[int, Track] = {}
        self._doubtful: set[int] = set()
        self._next = -1

    def take(
        self, now: Seen, kept: Sequence[Seen], faces: Sequence[Face], boxes: Sequence[tuple[Vector, float]]
    ) -> None:
        """Take in the next frame.

        Args:
            now: the frame; gets its sightings.
            kept: the frames before it that are kept back, in order; get sightings of faces that come to be known.
            faces: found in the frame, each with its track.
            boxes: of what else looks like a face, and how surely, 0 to 1.
        """
        if now.begins_scene:
            self.tracks = {}
        for place, face in enumerate(faces):
            number = place if face.track_id is None else face.track_id
            self._see(number, Sighting(face.box, face), now, kept, is_sure=True)
        for box, score in boxes:
            if all(box_overlap(box, each.box) < _SAME for each in now.sightings.values()):
                self._see(self._number_of(box, now), Sighting(box), now, kept, is_sure=score > _CERTAIN)
        for number, track in list(self.tracks.items()):
            if number not in now.sightings:
                self._follow(number, track, now)
        remembered = self.tracks.keys() | {number for seen in (*kept, now) for number in seen.sightings}
        self._doubtful &= remembered

    def sure(self, seen: Seen) -> dict[int, Sighting]:
        """Return what is to be covered in a frame, by track."""
        return {number: each for number, each in seen.sightings.items() if number not in self._doubtful}

    def state(self) -> State:
        """Return all that is remembered; see `facefusion.state`."""
        tracks = [[number, track.state()] for number, track in self.tracks.items()]
        return {"next": self._next, "doubtful": sorted(self._doubtful), "tracks": tracks}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._next, self._doubtful = state["next"], set(state["doubtful"])
        self.tracks = {number: Track.of_state(track) for number, track in state["tracks"]}

    def _see(self, number: int, sighting: Sighting, now: Seen, kept: Sequence[Seen], *, is_sure: bool) -> None:
        """Take in that a face was found."""
        now.sightings[number] = sighting
        patch, track = Patch.of(now.image, sighting.box), self.tracks.get(number)
        if track is None:
            self.tracks[number] = Track(patch)
            self._doubtful |= set() if is_sure else {number}
            met = _follow_back(number, patch, kept, now)
            if is_sure and met is not None:
                # What was found there was this face, and is none that one may doubt any more.
                self._doubtful.discard(met)
            return
        if track.missed:
            _bridge(number, sighting, kept, track.missed)
        track.patch, track.missed, track.unlike = patch, 0, 0
        self._doubtful.discard(number)

    def _follow(self, number: int, track: Track, now: Seen) -> None:
        """Follow a face into a frame in which it was not found."""
        found = track.patch.found(now.image)
        track.missed += 1
        track.unlike = track.unlike + 1 if found is None else 0
        taken = found is not None and _taken(found, now) is not None
        if track.unlike > UNSURE or track.missed > LONGEST or taken:
            del self.tracks[number]
            return
        box = track.patch.box if found is None else found
        now.sightings[number] = Sighting(box, is_found=False)
        if found is not None:
            track.patch = replace(track.patch, box=box)

    def _number_of(self, box: Vector, now: Seen) -> int:
        """Return the number of the track that a box goes on, or of a new one."""
        others = {number: track.patch.box for number, track in self.tracks.items() if number not in now.sightings}
        overlaps = {number: box_overlap(box, other) for number, other in others.items()}
        best = max(overlaps, key=lambda number: overlaps[number], default=None)
        if best is not None and overlaps[best] > _SAME:
            return best
        self._next -= 1
        return self._next + 1


def _follow_back(number: int, patch: Patch, kept: Sequence[Seen], now: Seen) -> int | None:
    """Follow a face that was found first back through the frames before, as far as anything looks like it.

    Returns:
        the number of what was found already where it would be; None where nothing was.
    """
    unlike, after = 0, now
    for seen in reversed(kept):
        if after.begins_scene:
            return None
        found = patch.found(seen.image)
        unlike = unlike + 1 if found is None else 0
        met = None if found is None else _taken(found, seen)
        if unlike > UNSURE or met is not None:
            return met
        patch = patch if found is None else replace(patch, box=found)
        seen.sightings[number] = Sighting(patch.box, is_found=False)
        after = seen
    return None


def _bridge(number: int, again: Sighting, kept: Sequence[Seen], missed: int) -> None:
    """Make sure of where a face was while it was not found: also between where it was before and where it is again."""
    gap = list(kept)[-missed:]
    for place, seen in enumerate(gap):
        followed = seen.sightings.get(number)
        if followed is None or followed.is_found:
            continue
        share = np.float32((place + 1) / (len(gap) + 1))
        between = gap[0].sightings[number].box if number in gap[0].sightings else followed.box
        line = between + share * (again.box - between)
        low, high = np.minimum(followed.box, line), np.maximum(followed.box, line)
        box = np.concatenate([low[:2], high[2:]])
        seen.sightings[number] = replace(followed, box=np.asarray(box, np.float32))


def _taken(box: Vector, seen: Seen) -> int | None:
    """Return the number of another face that was found where this one would be; None where there is none."""
    there = (number for number, each in seen.sightings.items() if each.is_found and box_overlap(box, each.box) > 0.5)
    return next(there, None)
