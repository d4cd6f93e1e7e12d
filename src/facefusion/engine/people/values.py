"""What is told of the people of a target."""

from __future__ import annotations

from dataclasses import dataclass

from facefusion.faces.types import Pose
from facefusion.media.frame import Image


@dataclass(frozen=True, slots=True, eq=False)
class FoundPerson:
    """Somebody of a target.

    Attributes:
        portrait: their head where it is seen best, RGB uint8 (H, W, 3), at most 256 pixels high and wide.
        reference: a picture by which a job knows them again, with no other face in it; None where there is none.
        frame: number of the frame that both are from; None where moments were sought in a long clip.
        seconds: when it is shown, counted from the first frame; None of a picture.
        box: left, top, right, bottom of the face in it, in pixels.
        pose: of the head in it.
        width: of the face in it, in pixels.
        sharpness: of the face in it, 0 (blurred) to 1 (crisp).
        first, last: when they are seen, in seconds from the first frame; None of a picture.
        share: of the frames that were looked at and show them, 0 to 1.
        usable: of those, the share in which a job with usual options works on the face: large and not turned away.
    """

    portrait: Image
    reference: Image | None
    frame: int | None
    seconds: float | None
    box: tuple[float, float, float, float]
    pose: Pose
    width: float
    sharpness: float
    first: float | None
    last: float | None
    share: float
    usable: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundPeople:
    """Everybody of a target.

    Attributes:
        people: who fills most of the frames first.
        looks: frames that were looked at.
        frames: of the target, as far as is known.
        left_out: further people who are seen less than all of these, and are not told of.
    """

    people: tuple[FoundPerson, ...]
    looks: int
    frames: int | None
    left_out: int = 0
