"""Faces whose expression others take: of a picture, or of a clip that plays beside the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from facefusion.errors import NoFaceError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.crops import FaceCrop
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.media.frame import Frame, Image
from facefusion.media.load import load_picture
from facefusion.media.open import FrameReader, open_reader
from facefusion.media.select import Start
from facefusion.options import LimitOptions
from facefusion.processors.live_portrait.animator import PortraitAnimator
from facefusion.processors.live_portrait.geometry import Floats
from facefusion.state import State

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Drive(Generic[T_co]):
    """What a driving face expresses at some time.

    Attributes:
        expression: as the model sees it.
        start: what it expressed in the first frame of its clip.
    """

    expression: T_co
    start: T_co


class Look(Protocol[T]):
    """How a model sees what a face expresses."""

    def of(self, image: Image, face: Face) -> T:
        """Return what a face of a picture, RGB uint8 (H, W, 3), expresses."""
        ...

    def state(self, expression: T) -> State:
        """Return that as a state; see `facefusion.state`."""
        ...

    def of_state(self, state: State) -> T:
        """Return what was saved."""
        ...


class ExpressionLook:
    """Sees expressions as key points that are off their places at rest, float32 (21, 3).

    Args:
        animator: tells them.
    """

    def __init__(self, animator: PortraitAnimator) -> None:
        self._animator = animator

    def of(self, image: Image, face: Face) -> Floats:
        """Return what a face expresses; see `Look`."""
        return expression_of(self._animator, image, face)

    def state(self, expression: Floats) -> State:
        """Return that as a state; see `Look`."""
        return {"points": expression.copy()}

    def of_state(self, state: State) -> Floats:
        """Return what was saved; see `Look`."""
        return np.asarray(state["points"], np.float32)


class DrivingFace(Protocol[T_co]):
    """A face whose expression others take."""

    def at(self, time: Fraction) -> Drive[T_co]:
        """Return what it expresses at a time of the target, in seconds; the first call is for the target's first frame.

        Args:
            time: no earlier than that of the call before.
        """
        ...

    def begin(self, time: Fraction) -> None:
        """Hear when the target's first frame is shown, where other frames come first."""
        ...

    def state(self) -> State:
        """Return where it is by now; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from there."""
        ...


class DrivingPicture(Generic[T]):
    """The largest face of a picture, which always expresses the same.

    Args:
        path: of the picture.
        limits: what is refused.
        analyser: finds the face.
        look: tells what it expresses.

    Raises:
        InputError: the picture cannot be read.
        NoFaceError: it shows no face.
    """

    def __init__(self, path: Path, limits: LimitOptions, analyser: FaceAnalyser, look: Look[T]) -> None:
        image = load_picture(path, limits).image
        faces = analyser.find(image)
        if not faces:
            raise NoFaceError(f"No face was found in {path}", "Use a picture that shows a face clearly, from the front")
        expression = look.of(image, faces[0])
        self._drive = Drive(expression, expression)

    def at(self, time: Fraction) -> Drive[T]:
        """Return what it expresses; see `DrivingFace`."""
        return self._drive

    def begin(self, time: Fraction) -> None:
        """Do nothing: it is the same at any time."""

    def state(self) -> State:
        """Return an empty state."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""


class DrivingClip(Generic[T]):
    """The largest face of a clip's first frame, followed through the clip; one frame is held at a time, and the next.

    The clip plays beside the target, its first frame with the target's. Frames that are never shown then are not
    looked at. After its last frame, and while the face is not to be seen, the last expression is held.

    Args:
        path: of the clip.
        limits: what is refused.
        analyser: finds the face.
        look: tells what it expresses.

    Raises:
        InputError: the clip cannot be read.
        NoFaceError: its first frame shows no face.
    """

    def __init__(self, path: Path, limits: LimitOptions, analyser: FaceAnalyser, look: Look[T]) -> None:
        self._path, self._limits, self._how = path, limits, look
        self._tracker = FaceTracker(analyser)
        self._track: int | None = None
        self._origin: Fraction | None = None
        self._reader: FrameReader
        self._shown, self._next = self._open(None)
        self._begin = self._shown.time
        try:
            self._expression = self._start = self._first()
        except BaseException:
            self.close()
            raise

    def at(self, time: Fraction) -> Drive[T]:
        """Return what the face expresses; see `DrivingFace`.

        Raises:
            InputError: the clip cannot be read any further.
        """
        self._origin = time if self._origin is None else self._origin
        moment = time - self._origin + self._begin
        shown = self._shown
        while self._next is not None and self._next.time <= moment:
            self._shown, self._next = self._next, next(self._frames, None)
        if self._shown is not shown:
            found = self._look(self._shown)
            self._expression = self._expression if found is None else found
        return Drive(self._expression, self._start)

    def begin(self, time: Fraction) -> None:
        """Let the clip begin with the target; see `DrivingFace`."""
        self._origin = time

    def state(self) -> State:
        """Return the place in the clip and what is known of the face; see `facefusion.state`."""
        return {
            "origin": None if self._origin is None else list(self._origin.as_integer_ratio()),
            "shown": [self._shown.index, self._shown.pts],
            "expression": self._how.state(self._expression),
            "start": self._how.state(self._start),
            "track": self._track,
            "tracker": self._tracker.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state, at its place in the clip.

        Raises:
            InputError: the clip cannot be read.
        """
        self.close()
        self._shown, self._next = self._open(Start(*state["shown"]))
        self._origin = None if state["origin"] is None else Fraction(*state["origin"])
        self._expression, self._start = (self._how.of_state(state[name]) for name in ("expression", "start"))
        self._track = state["track"]
        self._tracker.restore(state["tracker"])

    def close(self) -> None:
        """Close the clip, as often as one likes."""
        self._reader.close()

    def _open(self, start: Start | None) -> tuple[Frame, Frame | None]:
        """Open the clip at a frame; return that and the one after it."""
        self._reader = open_reader(self._path, limits=self._limits, start=start)
        try:
            self._frames = iter(self._reader)
            return next(self._frames), next(self._frames, None)
        except BaseException:
            self.close()
            raise

    def _first(self) -> T:
        """Return what the face expresses in the first frame."""
        found = self._look(self._shown)
        if found is None:
            raise NoFaceError(
                f"No face was found in the first frame of {self._path}", "Cut the clip so that it begins with the face"
            )
        return found

    def _look(self, frame: Frame) -> T | None:
        """Return what the face expresses in the next frame that is shown; None where it is not to be seen."""
        face = self._chosen(self._tracker.update(frame.image, float(frame.time)))
        if face is None:
            return None
        self._track = face.track_id
        return self._how.of(frame.image, face)

    def _chosen(self, faces: Sequence[Face]) -> Face | None:
        """Return the face that was followed so far, or the largest where that is gone."""
        same = [face for face in faces if face.track_id == self._track]
        return max(same or faces, key=lambda face: face.width * face.height, default=None)


def expression_of(animator: PortraitAnimator, image: Image, face: Face) -> Floats:
    """Return what a face expresses, float32 (21, 3)."""
    crop = FaceCrop.cut(image, face, animator.template, animator.size)
    return np.asarray(animator.motion([crop.image]).expression[0], np.float32)
