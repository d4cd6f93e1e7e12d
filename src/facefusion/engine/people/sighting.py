"""A sighting: what is known of one face for as long as it can be followed."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.acquaintance import Acquaintance
from facefusion.faces.quality import merit, sharpness
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions

_MARGIN = 0.6
"""Margin around a face that is kept of its frame, as a share of its longer side."""
_OTHERS = 0.15
"""Margin around other faces that is painted over with them."""
_LARGEST = 480
"""Longest side in pixels of what is kept of a frame."""
_BETTER = 1.1
"""How much better a view has to be to take the place of another."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A face where it is seen best.

    Attributes:
        image: what is around it, without other faces, RGB uint8 (H, W, 3).
        head: the box of the face in `image`, float32 (4,).
        face: in pixels of its frame.
        frame: number of the frame; None where it is not known.
        seconds: when it is shown; None of a picture.
        sharpness: of the face.
        merit: how well it serves, see `facefusion.faces.quality.merit`.
    """

    image: Image
    head: npt.NDArray[np.float32]
    face: Face
    frame: int | None
    seconds: float | None
    sharpness: float
    merit: float


@dataclass(frozen=True, slots=True)
class Look:
    """A frame that is looked at.

    Attributes:
        number: of the look, from 0.
        frame: number of the frame; None where it is not known.
        seconds: when it is shown; None of a picture.
        image: RGB uint8 (H, W, 3).
    """

    number: int
    frame: int | None
    seconds: float | None
    image: Image


@dataclass(slots=True, eq=False)
class Sighting:
    """One face, from when it came to when it was lost.

    Attributes:
        scene: number of the shot.
        looks: numbers of those in which it was seen.
        usable: in how many of them a job works on it.
        area: pixels of its box, added up.
        known: whose face it is.
        view: where it is seen best; None before the first look.
        seconds: of the first and of the last look.
        boxes: of the first and of the last look.
    """

    scene: int
    looks: list[int] = field(default_factory=list)
    usable: int = 0
    area: float = 0.0
    known: Acquaintance = field(default_factory=Acquaintance)
    view: View | None = None
    seconds: tuple[float | None, float | None] = (None, None)
    boxes: tuple[Vector, Vector] | None = None

    def see(self, look: Look, face: Face, others: list[Face], options: FaceSelectionOptions) -> None:
        """Take in the face of one look."""
        self.seconds = (look.seconds if not self.looks else self.seconds[0], look.seconds)
        self.boxes = (face.box if self.boxes is None else self.boxes[0], face.box)
        self.looks.append(look.number)
        self.area += face.width * face.height
        self.usable += face.width >= options.face_min_size and abs(face.pose.yaw) <= options.face_max_yaw
        sharp = sharpness(look.image, face)
        worth = merit(face, sharp)
        if self.view is None or worth > self.view.merit * _BETTER:
            image, head = _around(look.image, face, others)
            self.view = View(image, head, face, look.frame, look.seconds, sharp, worth)


def _around(image: Image, face: Face, others: list[Face]) -> tuple[Image, npt.NDArray[np.float32]]:
    """Return what is around a face, other faces painted over, and the box of the face in it."""
    margin = max(face.width, face.height) * _MARGIN
    left, top, right, bottom = _within(face.box, margin, image)
    part = image[top:bottom, left:right].copy()
    corner = np.array([left, top, left, top], np.float32)
    head = np.asarray(face.box - corner, np.float32)
    for other in others:
        _paint_over(part, other.box - corner, max(other.width, other.height) * _OTHERS, keep=head)
    factor = min(1.0, _LARGEST / max(part.shape[:2]))
    if factor < 1:
        size = max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return part, head * np.float32(factor)


def _within(box: Vector, margin: float, image: Image) -> tuple[int, int, int, int]:
    """Return the pixels of a box with a margin, as far as the picture reaches; at least one."""
    height, width = image.shape[:2]
    left, top = (
        int(np.clip(np.floor(each - margin), 0, most - 1)) for each, most in zip(box[:2], (width, height), strict=True)
    )
    right, bottom = (
        int(np.clip(np.ceil(each + margin), least + 1, most))
        for each, least, most in zip(box[2:], (left, top), (width, height), strict=True)
    )
    return left, top, right, bottom


def _paint_over(part: Image, box: Vector, margin: float, *, keep: npt.NDArray[np.float32]) -> None:
    """Let a face be grey, in place, but for what belongs to the one that is meant."""
    if box[2] + margin <= 0 or box[3] + margin <= 0 or box[0] - margin >= part.shape[1]:
        return
    if box[1] - margin >= part.shape[0]:
        return
    left, top, right, bottom = _within(box, margin, part)
    own = part[tuple(slice(low, high) for low, high in _rows(keep, part))].copy()
    part[top:bottom, left:right] = 128
    part[tuple(slice(low, high) for low, high in _rows(keep, part))] = own


def _rows(box: npt.NDArray[np.float32], part: Image) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, right, bottom = _within(box, 0.0, part)
    return (top, bottom), (left, right)
