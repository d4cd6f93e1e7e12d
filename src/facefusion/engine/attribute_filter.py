"""Selection by what somebody is taken for: age, gender and race, as far as a classifier can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from facefusion.faces.enrich import FaceEnricher, Need
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Attributes, Face
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from facefusion.state import State

_NEEDS: Final[frozenset[Need]] = frozenset({"attributes"})
_VOTES: Final = 5
"""Looks at a followed face that decide together: a classifier is not always of one opinion."""
_EVERY: Final = 5
"""Frames between looks at one face."""
_FORGOTTEN_AFTER: Final = 250
"""Frames after which a track that is gone is forgotten."""


class AttributeFilter:
    """Says which faces are of the kind that is asked for; those of a video are looked at several times.

    Args:
        enricher: asks the classifier.
        options: what kind is asked for.
    """

    def __init__(self, enricher: FaceEnricher, options: FaceSelectionOptions) -> None:
        self._enricher = enricher
        self._options = options
        self._frame = 0
        self._votes: dict[int, tuple[int, int, int]] = {}
        self._seen: dict[int, int] = {}

    def select(self, image: Image, faces: Sequence[Face]) -> list[Face]:
        """Return those faces of a picture or frame that are of the kind asked for, in their order.

        Args:
            image: RGB uint8 (H, W, 3).
            faces: in its pixels.
        """
        self._frame += 1
        asked = [face for face in faces if self._is_due(face.track_id)]
        said = self._enricher.enrich([FaceView(image, face) for face in asked], _NEEDS)
        fits = {id(face): self._fits(more.attributes) for face, more in zip(asked, said, strict=True)}
        chosen = [face for face in faces if self._decide(face, fits.get(id(face)))]
        for track in [track for track, frame in self._seen.items() if self._frame - frame > _FORGOTTEN_AFTER]:
            del self._seen[track], self._votes[track]
        return chosen

    def state(self) -> State:
        """Return what is remembered of each track; see `facefusion.state`."""
        return {
            "frame": self._frame,
            "votes": [[track, *votes] for track, votes in self._votes.items()],
            "seen": [[track, frame] for track, frame in self._seen.items()],
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._frame = state["frame"]
        self._votes = {track: (fitting, votes, frame) for track, fitting, votes, frame in state["votes"]}
        self._seen = dict(state["seen"])

    def _is_due(self, track: int | None) -> bool:
        if track is None or track not in self._votes:
            return True
        _, votes, asked = self._votes[track]
        return votes < _VOTES and self._frame - asked >= _EVERY

    def _decide(self, face: Face, fits: bool | None) -> bool:
        """Count a vote, if there is one, and return what all of them say."""
        if face.track_id is None:
            return bool(fits)
        fitting, votes, asked = self._votes.get(face.track_id, (0, 0, self._frame))
        if fits is not None:
            fitting, votes, asked = fitting + fits, votes + 1, self._frame
        self._votes[face.track_id] = (fitting, votes, asked)
        self._seen[face.track_id] = self._frame
        return 2 * fitting > votes

    def _fits(self, attributes: Attributes | None) -> bool:
        """Whether attributes are of the kind asked for; an age fits where most of its range does."""
        if attributes is None:
            return False
        options = self._options
        middle = sum(attributes.age) / 2
        start, end = options.face_selector_age_start, options.face_selector_age_end
        return (
            (start is None or middle >= start)
            and (end is None or middle < end)
            and options.face_selector_gender in (None, attributes.gender)
            and options.face_selector_race in (None, attributes.race)
        )
