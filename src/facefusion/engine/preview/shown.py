"""What a preview shows of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facefusion.faces.draw import draw_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Frame, Image, Opacity, resized
from facefusion.media.planes.opacity import on_white
from facefusion.media.planes.opacity import shown as seen_through
from facefusion.processors.base import FaceFrame

_NOTHING = 2
"""Change in grey levels up to which a pixel is as it was."""
_HOLES = 0.012
"""Width of holes that are closed, where old and new happen to be alike, as a share of the shorter side."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame before and after.

    Attributes:
        index: its number.
        time: in seconds from the first frame; None for a picture.
        before: as it was decoded, RGB uint8 (H, W, 3).
        after: as the processors leave it, RGB uint8 of the same size; on white where they make it transparent.
        faces: all faces that were found, in the order in which they are counted, in pixels of both pictures.
        edited: those that were worked on.
        opacity: what processors leave of the opacity, uint8 (H, W); None for all of it.
        changed: where processors changed the picture, uint8 (H, W), 255 there and 0 elsewhere; None where nobody asked.
    """

    index: int
    time: float | None
    before: Image
    after: Image
    faces: tuple[Face, ...]
    edited: tuple[Face, ...]
    opacity: Opacity | None = None
    changed: Opacity | None = None

    @property
    def compared(self) -> Image:
        """Both pictures side by side, before on the left, RGB uint8 (H, 2 W, 3)."""
        return np.concatenate([self.before, self.after], axis=1)


def shown(
    frame: Frame,
    item: FaceFrame,
    faces: Sequence[Face],
    *,
    index: int,
    time: float | None,
    max_side: int | None,
    boxes: bool,
    changed: Opacity | None = None,
) -> Shown:
    """Return what is shown of a frame, in one size.

    Args:
        frame: before any processor.
        item: after all of them, with the faces that were worked on.
        faces: all that were found, in pixels of `frame`.
        index: number of the frame.
        time: of the frame in seconds.
        max_side: longest side in pixels; no limit when None.
        boxes: whether faces are drawn into the picture before.
        changed: where processors changed the picture, as of `changed_by`; None where nobody asked.
    """
    edited, opacity = item.frame.image, seen_through(item.frame.opacity, item.frame.opaque)
    if opacity is not None:
        edited = on_white(edited, opacity)
    before = draw_faces(frame.image, faces) if boxes else frame.image
    height, width = edited.shape[:2]
    factor = min(1.0, (max_side or max(width, height)) / max(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return Shown(
        index,
        time,
        resized(before, *size),
        resized(edited, *size),
        tuple(face.enlarged(size[0] / frame.image.shape[1]) for face in faces),
        tuple(face.enlarged(size[0] / width) for face in item.faces),
        None if opacity is None else resized(opacity, *size),
        None if changed is None else resized(changed, *size),
    )


def changed_by(before: Image, after: Image) -> Opacity:
    """Return where a picture was changed, uint8 (H, W) of the first, 255 there and 0 elsewhere.

    Args:
        before: RGB uint8 (H, W, 3).
        after: the same edited, of any size.
    """
    height, width = before.shape[:2]
    difference = cv2.absdiff(before, resized(after, width, height)).max(2)
    _, seen = cv2.threshold(difference, _NOTHING, 255, cv2.THRESH_BINARY)
    side = max(3, round(min(height, width) * _HOLES) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(seen, cv2.MORPH_CLOSE, kernel), np.uint8)
