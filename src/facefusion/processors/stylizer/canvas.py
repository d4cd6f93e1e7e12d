"""The canvas: the size at which looks are worked out, and how it is brought back to that of the frame.

What costs time is done on a canvas of at most 540 lines; edges are drawn at full size from what was found there, so
that they are as sharp in a frame of 2160 lines as in one of 540.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.stylizer.flow import Plane

LINES = 540
"""Shorter side of the canvas at most, in pixels; strokes are measured at this size."""
_GREY = np.array([[0.299, 0.587, 0.114]], np.float32)


def canvas_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of the canvas for a frame of a shape."""
    factor = min(1.0, LINES / min(shape[:2]))
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def on_canvas(image: Image) -> Image:
    """Return a frame at the size of its canvas, RGB uint8."""
    size = canvas_size(image.shape)
    if size == image.shape[:2]:
        return image
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def unit_of(canvas: npt.NDArray[np.generic]) -> float:
    """Return how many pixels of a canvas one of 540 lines takes: small frames get small strokes."""
    return float(min(canvas.shape[:2])) / LINES


def grey(image: npt.NDArray[np.generic]) -> Plane:
    """Return the lightness of a picture, RGB (H, W, 3), 0 to 255, float32 (H, W)."""
    return np.asarray(cv2.transform(np.asarray(image, np.float32), _GREY), np.float32)


def at_size(field: Plane, size: tuple[int, int]) -> Plane:
    """Return a field of the canvas at a size (height, width), smoothly."""
    if field.shape[:2] == size:
        return field
    return np.asarray(cv2.resize(field, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def as_image(field: Plane) -> Image:
    """Return RGB float32, 0 to 255, rounded, as uint8."""
    return np.asarray(cv2.convertScaleAbs(np.maximum(field, 0)), np.uint8)
