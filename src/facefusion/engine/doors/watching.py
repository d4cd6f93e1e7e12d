"""Looking at frames as they pass: is what they show refused?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.state import State
from facefusion.trust.content import (
    AgeWatch,
    ContentCheck,
    ContentWatch,
    minor_below,
    refuse,
    refuse_minors,
    where_in_video,
)
from facefusion.trust.policy.schema import ContentRules

Seen = Literal["target", "output", "performance", "live target", "live output"]


class Watch(Protocol):
    """Looks at some of the frames of one stream, and remembers which."""

    def see(self, image: Image, seconds: float | None) -> bool:
        """Look at the next frame where it is its turn.

        Args:
            image: RGB uint8 (H, W, 3).
            seconds: from the first frame; None of a picture.

        Returns:
            whether it was its turn.

        Raises:
            ContentRefusedError: it shows what is refused.
            ContentUncheckedError: it could not be looked at.
        """
        ...

    def meet(self, image: Image, faces: Sequence[Face], seconds: float | None) -> None:
        """Look at the faces of the next frame that are worked on, where it is their turn.

        Args:
            image: RGB uint8 (H, W, 3).
            faces: in it.
            seconds: from the first frame; None of a picture.

        Raises:
            ContentRefusedError: one seems to be a minor's.
            FaceBlockedError: one is on a list of faces that are not to be used.
            ContentUncheckedError: they could not be looked at.
        """
        ...

    def state(self) -> State:
        """Return what is remembered from frame to frame; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from where another run was."""
        ...


class FrameWatch:
    """Looks at the frames of one stream.

    Args:
        check: looks.
        rules: how often, and whose age is too low.
        what: whose frames they are.
        ask: raises where a face is on a list; given the picture, the face and how messages call its place.
    """

    def __init__(
        self, check: ContentCheck, rules: ContentRules, what: Seen, ask: Callable[[Image, Face, str], None]
    ) -> None:
        self._check, self._ask = check, ask
        self._what = what.rpartition(" ")[2]
        frames = rules.live_frames.value if what.startswith("live") else None
        self._frames = ContentWatch(rules.sampling_seconds.value, frames=frames)
        self._ages = AgeWatch(minor_below(rules.youngest.value))
        self._met: set[int] = set()

    def see(self, image: Image, seconds: float | None) -> bool:
        """Look at the next frame where it is its turn; see `Watch.see`."""
        if not self._frames.wants(image, seconds or 0.0):
            return False
        [verdict] = self._check.look([image])
        refuse(verdict, where_in_video(self._what, seconds))
        self._frames.saw(verdict)
        return True

    def meet(self, image: Image, faces: Sequence[Face], seconds: float | None) -> None:
        """Look at the next frame's faces where it is their turn; see `Watch.meet`."""
        where = where_in_video(self._what, seconds)
        for face in faces:
            if face.track_id is None or face.track_id not in self._met:
                self._ask(image, face, where)
        self._met |= {face.track_id for face in faces if face.track_id is not None}
        if not self._check.tells_ages:
            return
        due = self._ages.due(faces)
        ages = self._check.ages([FaceView(image, face) for face in due]) if due else []
        refuse_minors(self._ages.saw(due, ages), where)

    def state(self) -> State:
        """Return what is remembered from frame to frame; see `facefusion.state`."""
        return {"frames": self._frames.state(), "ages": self._ages.state(), "met": sorted(self._met)}

    def restore(self, state: State) -> None:
        """Go on from where another run was."""
        self._frames.restore(state["frames"])
        self._ages.restore(state["ages"])
        self._met = set(state["met"])
