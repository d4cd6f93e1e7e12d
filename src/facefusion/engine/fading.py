"""Fading: in a video no new face appears or goes from one frame to the next, but where the scene changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.types import Face, Vector
from facefusion.state import State

SECONDS = 0.2
"""Time over which a new face comes or goes."""
_WITHIN = (0.42, 0.56)
"""Share of the mesh within the frame at which a face is about to be lost, and from which it is whole."""
_PRESENCE = (0.5, 0.75)
"""The same of the landmarker's confidence."""
_SAME_PLACE = 0.5
"""Overlap from which a new track continues another."""
_LEAST = 0.02
"""Share below which nothing is to be seen."""
_FORGOTTEN_AFTER = 2.0
"""Seconds after which a track that is not seen is forgotten."""


@dataclass(slots=True)
class _Fade:
    """How far one track's new face is there."""

    role: int
    share: float
    time: float
    box: Vector


class Fades:
    """Lets new faces come and go; feed it every frame."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Fade] = {}
        self._time: float | None = None

    def update(
        self, cast: Sequence[tuple[Face, int | None]], shape: Sequence[int], time: float, *, begins_scene: bool
    ) -> list[Face]:
        """Return the faces of which something is to be seen, each with its role and share.

        Args:
            cast: faces of the next frame with the role of each; None for one that is to be left as it is.
            shape: height and width of the frame.
            time: of the frame in seconds.
            begins_scene: whether it is the first or comes after a cut: then faces are whole at once.
        """
        step = 1.0 if begins_scene or self._time is None else max(time - self._time, 0.0) / SECONDS
        if begins_scene:
            self._tracks = {}
        shown = [self._faded(face, role, shape, time=time, step=step) for face, role in cast]
        self._time = time
        self._tracks = {track: fade for track, fade in self._tracks.items() if time - fade.time < _FORGOTTEN_AFTER}
        return [face for face in shown if face.share > _LEAST]

    def state(self) -> State:
        """Return how far all are; see `facefusion.state`."""
        tracks = [[track, fade.role, fade.share, fade.time, fade.box.copy()] for track, fade in self._tracks.items()]
        return {"tracks": tracks, "time": self._time}

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._tracks = {
            track: _Fade(role, share, time, box.copy()) for track, role, share, time, box in state["tracks"]
        }
        self._time = state["time"]

    def _inherited(self, face: Face, role: int) -> float:
        """Return the share of the same role's face that was in this place in the last frame under another number."""
        before = (
            fade for fade in self._tracks.values()
            if fade.role == role and fade.time == self._time and box_overlap(fade.box, face.box) > _SAME_PLACE
        )  # fmt: skip
        return max((fade.share for fade in before), default=0.0)

    def _faded(self, face: Face, role: int | None, shape: Sequence[int], *, time: float, step: float) -> Face:
        """Move a face's share towards what it should be; where its role changes, the old one goes first."""
        if face.track_id is None:
            return replace(face, role=role or 0, share=0.0 if role is None else 1.0)
        fade = self._tracks.get(face.track_id)
        if fade is None:
            if role is None:
                return replace(face, share=0.0)
            share = min(self._inherited(face, role), _presence(face, shape))
            fade = self._tracks[face.track_id] = _Fade(role, share, time, face.box)
        elif self._time is not None and fade.time < self._time:
            # What was not seen for a while comes back as if it had faded out meanwhile.
            fade.share = max(fade.share - (self._time - fade.time) / SECONDS, 0.0)
        goal = _presence(face, shape) if role == fade.role else 0.0
        fade.share += min(max(goal - fade.share, -step), step)
        fade.time, fade.box = time, face.box
        shown = replace(face, role=fade.role, share=fade.share)
        if fade.share < _LEAST and role is not None:
            fade.role = role
        return shown


def _presence(face: Face, shape: Sequence[int]) -> float:
    """Return how far a face is there: less where it leaves the frame or is about to be lost."""
    return _ramp(_within(face, shape), *_WITHIN) * _ramp(face.presence, *_PRESENCE)


def _within(face: Face, shape: Sequence[int]) -> float:
    """Return which share of the mesh lies within the frame, 0 to 1."""
    left, top, right, bottom = face.box.tolist()
    if left >= 0 and top >= 0 and right < shape[1] and bottom < shape[0]:
        return 1.0
    places = face.mesh[:, :2]
    return float(((places >= 0) & (places < [shape[1], shape[0]])).all(1).mean())


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
