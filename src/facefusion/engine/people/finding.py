"""Finding the people of a target: faces are found, followed, recognised and grouped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from facefusion.engine.people.grouping import grouped
from facefusion.engine.people.looking import Looks, looks_at
from facefusion.engine.people.sighting import Look, Sighting, View
from facefusion.engine.people.values import FoundPeople, FoundPerson
from facefusion.errors import CancelledError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_detection
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.media.probe import probe
from facefusion.options import Options

MOST_PEOPLE = 32
"""People that are told of: who fills most of the frames."""
_MOST_SIGHTINGS = 160
"""Sightings that are held at one time; of more, those of one person are joined and the least are let go."""
_GONE = 8
"""Looks after which a face that was lost is lost for good."""
_FLEETING = 3
"""Looks below which what is seen of a longer clip is no person, but a mistake of the detector or a passer-by."""
_PORTRAIT = 256


def find_people(
    path: Path,
    options: Options,
    sessions: SessionFactory,
    *,
    progress: Callable[[float], None] = lambda share: None,
    cancel: threading.Event | None = None,
) -> FoundPeople:
    """Find everybody who is to be seen in a picture or a clip.

    Args:
        path: the target.
        options: how faces are found, limits, and from which size and up to which turn a job works on a face.
        sessions: opens models.
        progress: told which share is done, 0 to 1.
        cancel: the work stops soon after this is set.

    Raises:
        InputError: the target cannot be read.
        CancelledError: `cancel` was set.
    """
    looks = looks_at(probe(path, options.limits), options.limits)
    finder = PeopleFinder(FaceAnalyser.create(options.faces, sessions), options, looks)
    for look in looks.all():
        if cancel is not None and cancel.is_set():
            raise CancelledError("The search for people was stopped", "Ask for it again")
        finder.see(look)
        progress(min(1.0, (look.number + 1) / looks.total))
    return finder.result()


class PeopleFinder:
    """Goes through the looks of one target, and holds no more of them than is of use.

    Args:
        analyser: finds faces and tells them apart.
        options: what a usable face is.
        looks: how the target is looked at.
    """

    def __init__(self, analyser: FaceAnalyser, options: Options, looks: Looks) -> None:
        self._analyser, self._options, self._looks = analyser, options.faces, looks
        self._tracker = FaceTracker(analyser) if looks.follows else None
        self._open: dict[int, Sighting] = {}
        self._over: list[list[Sighting]] = []
        self._scene = self._seen = 0

    def see(self, look: Look) -> None:
        """Take in the next look."""
        faces = self._faces(look)
        for number, face in enumerate(faces):
            track = face.track_id if face.track_id is not None else -1 - number
            sighting = self._open.setdefault(track, Sighting(self._scene))
            sighting.see(look, face, [other for other in faces if other is not face], self._options)
            if sighting.known.wants(face):
                vector = self._analyser.recogniser.embed(look.image, [face.mesh])[0]
                sighting.known.learn(face, vector)
        self._seen += 1
        self._close(look.number)

    def result(self) -> FoundPeople:
        """Return who was seen."""
        self._close(None)
        groups = [group for group in _joined(self._over) if not self._is_fleeting(group)]
        groups.sort(key=lambda group: -sum(each.area for each in group))
        people = tuple(self._person(group) for group in groups[:MOST_PEOPLE])
        return FoundPeople(people, self._seen, self._looks.frames, max(0, len(groups) - MOST_PEOPLE))

    def _faces(self, look: Look) -> list[Face]:
        if self._tracker is None:
            self._scene += 1
            if self._looks.total == 1:
                return self._analyser.find(look.image)
            regions = [region_of_detection(found) for found in self._analyser.detect(look.image)]
            return [face for face in self._analyser.fit(look.image, regions, refine=True) if face is not None]
        faces = self._tracker.update(look.image, look.seconds or 0.0, frames=self._looks.step)
        self._scene += self._tracker.begins_scene
        return faces

    def _close(self, now: int | None) -> None:
        """Take out sightings that are over: all, or those that were lost long enough before a look."""
        is_over = now is None or self._tracker is None
        for track, sighting in list(self._open.items()):
            if is_over or (now is not None and now - sighting.looks[-1] > _GONE):
                self._over.append([self._open.pop(track)])
        if len(self._over) > _MOST_SIGHTINGS:
            joined = _joined(self._over)
            joined.sort(key=lambda group: -sum(each.area for each in group))
            self._over = joined[: _MOST_SIGHTINGS // 2]

    def _is_fleeting(self, group: Sequence[Sighting]) -> bool:
        looks = sum(len(each.looks) for each in group)
        return self._looks.follows and self._seen > 2 * _FLEETING and looks < _FLEETING

    def _person(self, group: Sequence[Sighting]) -> FoundPerson:
        views = sorted((each.view for each in group if each.view is not None), key=lambda view: -view.merit)
        best = next((view for view in views[:4] if self._is_clear(view.image)), None)
        view = best or views[0]
        looks = sum(len(each.looks) for each in group)
        left, top, right, bottom = (round(float(each), 1) for each in view.face.box)
        return FoundPerson(
            portrait=_portrait(view),
            reference=None if best is None else best.image,
            frame=view.frame,
            seconds=view.seconds,
            box=(left, top, right, bottom),
            pose=view.face.pose,
            width=view.face.width,
            sharpness=view.sharpness,
            first=min((each.seconds[0] for each in group if each.seconds[0] is not None), default=None),
            last=max((each.seconds[1] for each in group if each.seconds[1] is not None), default=None),
            share=looks / max(1, self._seen),
            usable=sum(each.usable for each in group) / max(1, looks),
        )

    def _is_clear(self, image: Image) -> bool:
        """Whether a job finds one face in a picture, and no other."""
        return len(self._analyser.find(image)) == 1


def _joined(groups: Sequence[list[Sighting]]) -> list[list[Sighting]]:
    """Return the sightings of each person, of those that were joined before and those that were not."""
    return grouped([each for group in groups for each in group])


def _portrait(view: View) -> Image:
    """Return the head of a view in a square, as far as there is one."""
    left, top, right, bottom = view.head
    side = max(right - left, bottom - top) * 1.7
    x, y = (left + right) / 2, (top + bottom) / 2 - 0.06 * side
    height, width = view.image.shape[:2]
    side = min(side, height, width)
    start = np.clip([x - side / 2, y - side / 2], 0, [width - side, height - side]).astype(int)
    end = start + max(1, int(side))
    part = np.ascontiguousarray(view.image[start[1] : end[1], start[0] : end[0]])
    if max(part.shape[:2]) <= _PORTRAIT:
        return part
    return np.asarray(cv2.resize(part, (_PORTRAIT, _PORTRAIT), interpolation=cv2.INTER_AREA), np.uint8)
