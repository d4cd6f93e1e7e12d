"""In which frames of a video faces are looked at for their apparent age, and when that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from facefusion.faces.types import Face
from facefusion.state import State
from facefusion.trust.content.ages import MINOR_BELOW

_BEYOND_DOUBT: Final = 8.0
"""Years above the limit from which one look at a followed face is enough."""
_LOOKS: Final = 3
"""Looks at any other followed face, whose median counts."""
_FORGOTTEN_AFTER: Final = 250
"""Frames after which a track that is gone is forgotten."""


@dataclass(slots=True)
class _Track:
    seen: int
    ages: list[float] = field(default_factory=list)
    looks: int = 0


class AgeWatch:
    """Says which faces of a video are to be looked at; ask it for every frame in order.

    A face is looked at when it comes. One that is plainly grown-up is left alone from then on; any other is looked at
    in the frames that follow, until there are three opinions.

    Args:
        below: apparent age in years below which somebody is not to be worked on.
    """

    def __init__(self, below: float = MINOR_BELOW) -> None:
        self._below = below
        self._frame = 0
        self._tracks: dict[int, _Track] = {}

    def due(self, faces: Sequence[Face]) -> list[Face]:
        """Return the faces of the next frame that are to be looked at; those without a track always are."""
        self._frame += 1
        for track in [key for key, track in self._tracks.items() if self._frame - track.seen > _FORGOTTEN_AFTER]:
            del self._tracks[track]
        return [face for face in faces if self._is_due(face.track_id)]

    def saw(self, faces: Sequence[Face], ages: Sequence[float | None]) -> list[Face]:
        """Take in the apparent ages of faces that were due, and return those that seem to be minors'.

        Args:
            faces: in the order of `due`, all or some.
            ages: in years; None where it could not be told.
        """
        return [face for face, age in zip(faces, ages, strict=True) if self._is_minor(face.track_id, age)]

    def state(self) -> State:
        """Return what is remembered of each track; see `facefusion.state`."""
        tracks = [[key, track.seen, track.looks, list(track.ages)] for key, track in self._tracks.items()]
        return {"frame": self._frame, "tracks": tracks}

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._frame = state["frame"]
        self._tracks = {key: _Track(seen, list(ages), looks) for key, seen, looks, ages in state["tracks"]}

    def _is_due(self, key: int | None) -> bool:
        if key is None:
            return True
        track = self._tracks.setdefault(key, _Track(self._frame))
        track.seen = self._frame
        return track.looks < _LOOKS and not (track.ages and track.ages[0] >= self._below + _BEYOND_DOUBT)

    def _is_minor(self, key: int | None, age: float | None) -> bool:
        if key is None:
            return age is not None and age < self._below
        track = self._tracks.setdefault(key, _Track(self._frame))
        track.looks += 1
        if age is not None:
            track.ages.append(age)
        return track.looks >= _LOOKS and bool(track.ages) and float(np.median(track.ages)) < self._below
