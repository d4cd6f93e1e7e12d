"""Sampling: which frames of a video are worked on in full, and which get their edit from those.

All is decided by the pictures as they came in, before anything is done to them: a frame is only left to its neighbours
where these explain it, so that a cut, fast movement, a blink or a word is worked on in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from facefusion.engine.between.motion import Motion, MotionFinder
from facefusion.faces.pace import Every
from facefusion.faces.scene import has_changed, thumbnail
from facefusion.media.frame import Frame
from facefusion.processors.base import FaceFrame
from facefusion.state import State

MOST: Final = 4
"""With `auto`, every so many frames is worked on in full at least."""
MEAN_RESIDUAL: Final = 0.6
"""How far a face may be from what its neighbours say it is, in the mean over it, 0 to 255."""
WORST_RESIDUAL: Final = 5.0
"""The same anywhere in it."""
ALONE_RESIDUAL: Final = 3.0
"""How far it may be, in the mean, from what one of them alone says: there is no cut between them."""
SETTLED: Final = 16
"""Frames of a face that are worked on in full before any is left out, for processors to get to know it."""
_PAUSE: Final = 4
"""With `auto`, frames for which nothing is tried after a frame that its neighbours do not explain."""


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """A frame that gets its edit from its neighbours.

    Attributes:
        frame: the frame, as the processors would have got it.
        place: where it lies in time between those, 0 to 1.
        motions: of the faces that the frame before has.
    """

    frame: Frame
    place: float
    motions: tuple[Motion, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A frame that is worked on in full, and those before it that are not.

    Attributes:
        between: those since the last frame that is worked on in full, in order.
        key: the frame, with its faces.
    """

    between: tuple[Between, ...]
    key: FaceFrame


class FrameSampler:
    """Decides which frames of one video are worked on in full; feed it every frame in order.

    Args:
        every: one frame of so many at least; with `auto` as few as the scene allows.
        analyse: finds the faces of a frame; called for those that are worked on in full, in order.
    """

    def __init__(self, every: Every, analyse: Callable[[Frame], FaceFrame]) -> None:
        self._is_fixed = every != "auto"
        self._reach = 2 if every == "auto" else every
        self._pause = 0
        self._analyse = analyse
        self._finder = MotionFinder()
        self._known: dict[int, int] = {}
        self._before: FaceFrame | None = None
        self._waiting: list[Frame] = []

    def take(self, frame: Frame) -> list[Group]:
        """Take in the next frame; return what is decided by now."""
        if self._before is None or self._pause or self._reach == 1 or not self._is_settled():
            self._pause = max(self._pause - 1, 0)
            return [self._key(frame)]
        self._waiting.append(frame)
        return [] if len(self._waiting) < self._reach else self._decide()

    def end(self) -> list[Group]:
        """Decide about what waits: the next frame has nothing to do with those before it."""
        groups = self._decide() if self._waiting else []
        self._before = None
        return groups

    def state(self) -> State:
        """Return what is remembered where nothing waits; see `facefusion.state`."""
        return {"reach": self._reach, "pause": self._pause, "known": [list(pair) for pair in self._known.items()]}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._reach, self._pause = state["reach"], state["pause"]
        self._known = dict(state["known"])

    def _is_settled(self) -> bool:
        return all(frames == SETTLED for frames in self._known.values())

    def _decide(self) -> list[Group]:
        frames, self._waiting = self._waiting, []
        groups = self._groups(frames)
        if not self._is_fixed and len(groups) > 1:
            self._reach, self._pause = 2, _PAUSE
        elif not self._is_fixed:
            self._reach = min(self._reach + 1, MOST)
        return groups

    def _groups(self, frames: Sequence[Frame]) -> list[Group]:
        """Work on the last of some frames in full, and on as many of the others as have to be."""
        between = self._explained(frames)
        if between is not None:
            return [self._key(frames[-1], between)]
        middle = len(frames) // 2
        return [*self._groups(frames[:middle]), *self._groups(frames[middle:])]

    def _key(self, frame: Frame, between: Sequence[Between] = ()) -> Group:
        # With a reach of 1 no frame is ever looked back at.
        key = self._analyse(frame)
        self._before = None if self._reach == 1 else key
        tracks = [face.track_id for face in key.faces if face.track_id is not None]
        self._known = {track: min(self._known.get(track, 0) + 1, SETTLED) for track in tracks}
        return Group(tuple(between), key)

    def _explained(self, frames: Sequence[Frame]) -> list[Between] | None:
        """Return all but the last frame as ones between; None where one is not explained by its neighbours."""
        explained = []
        for frame in frames[:-1]:
            one = self._one(frame, frames[-1])
            if one is None:
                return None
            explained.append(one)
        return explained

    def _one(self, frame: Frame, after: Frame) -> Between | None:
        assert self._before is not None
        before = self._before.frame
        place = float((frame.time - before.time) / (after.time - before.time))
        if not self._before.faces:
            looks = [thumbnail(each.image) for each in (before, frame, after)]
            is_still = not has_changed(looks[0], looks[1]) and not has_changed(looks[1], looks[2])
            return Between(frame, place, ()) if is_still else None
        motions = []
        for face in self._before.faces:
            motion = self._finder.of_face(face, before.image, frame.image, after.image, place)
            if motion is not None and not _explains(motion):
                return None
            motions += [] if motion is None else [motion]
        return Between(frame, place, tuple(motions))


def _explains(motion: Motion) -> bool:
    """Whether neighbours explain a face well enough to lend it their edit."""
    return motion.mean <= MEAN_RESIDUAL and motion.worst <= WORST_RESIDUAL and motion.alone <= ALONE_RESIDUAL
