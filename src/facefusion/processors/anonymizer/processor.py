"""The processor that makes faces unrecognisable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from facefusion.faces.analyser import face_search
from facefusion.faces.scene import CutDetector
from facefusion.faces.search import USUAL_TILES, FaceSearch
from facefusion.faces.types import Detection, Vector
from facefusion.media.frame import Image
from facefusion.options.anonymizer import AnonymizerOptions
from facefusion.processors.anonymizer.covering import Cover, Oval, cover
from facefusion.processors.anonymizer.people import People
from facefusion.processors.anonymizer.report import Report
from facefusion.processors.anonymizer.sightings import Seen, Sighting, Sightings
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.face_swapper.mesh.filters import smoothstep
from facefusion.processors.kept import kept_frames, kept_state
from facefusion.state import State

DELAY: Final = 12
"""Frames that are kept back, so that a face is covered before it is found first."""
_TURNED: Final = (48.0, 60.0)
"""Degrees of turn: up to the first a new face is enough, from the second on it is blurred as well."""
_NODDED: Final = (35.0, 50.0)
_LEAST_WIDTH: Final = 24.0
"""Width in pixels below which a face is blurred: there is no expression to be kept."""
_LEAST_PRESENCE: Final = 0.7
"""Confidence in a mesh below which a face is blurred."""


class Anonymizer:
    """Makes every face that it is given, and every other that it finds, unrecognisable.

    Args:
        options: how.
        people: gives people new faces; asked only where these are wanted.
        search: looks for faces that nobody follows; None to do without.
        covers_all: whether those count that it finds itself: not where the user has selected some faces.
    """

    delay = DELAY

    def __init__(
        self, options: AnonymizerOptions, people: People | None, search: FaceSearch | None, *, covers_all: bool = True
    ) -> None:
        self._options = options
        self._people = people
        self._search = search if covers_all else None
        self._cuts = CutDetector()
        self._sightings = Sightings()
        self._kept: list[tuple[FaceFrame, Seen]] = []
        self._report = Report()

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job."""
        options, faces = context.options.anonymizer, context.options.faces
        people = People(options.anonymizer_seed, context.sessions) if options.anonymizer_method == "synthetic" else None
        tiles = faces.face_detector_tiles or USUAL_TILES
        search = face_search(faces.model_copy(update={"face_detector_tiles": tiles}), context.sessions)
        selects = faces.face_selector_mode != "many" or faces.selects_by_attributes or context.options.face_map
        return cls(options, people, search, covers_all=not selects)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the frames that have been kept back long enough, their faces unrecognisable."""
        done = []
        for item in batch:
            self._take(item)
            if len(self._kept) > self.delay:
                done.append(self._release())
        return done

    def finish(self) -> list[FaceFrame]:
        """Return the frames that are kept back; see `DelayingProcessor`."""
        return [self._release() for _ in range(len(self._kept))]

    def notes(self) -> list[str]:
        """Return in which frames faces were covered otherwise than was asked, a sentence each."""
        return self._report.notes()

    def state(self) -> State:
        """Return what is remembered, with the frames that are kept back; see `facefusion.state`."""
        return {
            "kept": kept_state(item for item, _ in self._kept),
            "seen": [_seen_state(seen) for _, seen in self._kept],
            "cuts": self._cuts.state(),
            "sightings": self._sightings.state(),
            "people": None if self._people is None else self._people.state(),
            "report": self._report.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        items = kept_frames(state["kept"])
        self._kept = [(item, _restored_seen(item, seen)) for item, seen in zip(items, state["seen"], strict=True)]
        self._cuts.restore(state["cuts"])
        self._sightings.restore(state["sightings"])
        self._report.restore(state["report"])
        if self._people is not None:
            self._people.restore(state["people"])

    def _take(self, item: FaceFrame) -> None:
        """Take in the next frame: find what is to be covered in it, and in those that are kept back."""
        image = item.before.image
        is_picture = any(face.track_id is None for face in item.faces)
        seen = Seen(image, self._cuts.update(image) or is_picture)
        boxes = [] if self._search is None else [_box(each) for each in self._search.quick(image)]
        self._sightings.take(seen, [each for _, each in self._kept], item.faces, boxes)
        self._kept.append((item, seen))

    def _release(self) -> FaceFrame:
        """Return the first frame that is kept back, edited."""
        item, seen = self._kept.pop(0)
        sightings = self._sightings.sure(seen)
        instead = False
        edited = item
        if sightings:
            image = item.frame.image.copy()
            instead = bool(sum(not self._cover(image, number, each) for number, each in sightings.items()))
            edited = item.with_frame(item.frame.with_image(image))
        followed = any(not each.is_found for each in sightings.values())
        self._report.see(item.frame.index, covered=len(sightings), followed=followed, instead=instead)
        if self._people is not None:
            kept = {number for _, each in self._kept for number in each.sightings}
            self._people.forget(kept | self._sightings.tracks.keys())
        return edited

    def _cover(self, image: Image, number: int, sighting: Sighting) -> bool:
        """Cover a face, in place; return whether as it was asked."""
        face, method = sighting.face, self._options.anonymizer_method
        if method != "synthetic":
            self._hide(image, sighting, method)
            return True
        if face is None or face.presence < _LEAST_PRESENCE or face.width < _LEAST_WIDTH or self._people is None:
            self._hide(image, sighting, "blur")
            return False
        self._people.lay(image, face, None if face.track_id is None else number)
        turned = float(
            max(
                smoothstep(np.float32(abs(face.pose.yaw)), *_TURNED),
                smoothstep(np.float32(abs(face.pose.pitch)), *_NODDED),
            )
        )
        if turned:
            self._hide(image, sighting, "blur", turned)
        return not turned

    def _hide(self, image: Image, sighting: Sighting, how: Cover, share: float = 1.0) -> None:
        oval = Oval.of_box(sighting.box) if sighting.face is None else Oval.of_face(sighting.face)
        cover(image, oval, how, self._options.anonymizer_strength, share)


def _box(found: Detection) -> tuple[Vector, float]:
    return found.box, float(found.score)


def _seen_state(seen: Seen) -> State:
    sightings = [[number, sighting.state()] for number, sighting in seen.sightings.items()]
    return {"begins_scene": seen.begins_scene, "sightings": sightings}


def _restored_seen(item: FaceFrame, state: State) -> Seen:
    sightings = {number: Sighting.of_state(each) for number, each in state["sightings"]}
    return Seen(item.before.image, state["begins_scene"], sightings)
