"""Motion: how a part of a picture moved between a frame and its neighbours, and how well that explains the frame.

Dense optical flow by DIS: Kroeger et al., "Fast optical flow using dense inverse search", 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.region import Rectangle

Field = npt.NDArray[np.float32]
_FACE: Final = 96
"""Width of a face, in pixels, at which its motion is looked at."""
_AROUND: Final = 1.6
"""Side of the part of the picture that is looked at, in sides of the face."""
_BELIEVED: Final = 0.9
"""Half axes of the ellipse of the face in which residuals count, in halves of its box."""
_LEAST: Final = 32
"""Pixels across and down, at least, of the picture that motion is looked for in: a patch of 8 at a quarter of the size.

Of fewer than 12 DIS makes nothing; a picture less high than this that is long enough makes it read beyond the end."""
_WINDOW: Final = 5
"""Side of the window over which residuals are averaged, so that noise does not count."""
_NOISE: Final = 3.0
"""Residual, 0 to 255, below which both neighbours explain a pixel well."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where the pixels of a part of a frame come from.

    Attributes:
        region: the part.
        before: how far to go, in pixels of the frame, to where a pixel is in the frame before, float32 (h, w, 2); it
            has fewer pixels than the region, of which it covers all.
        after: the same of the frame after.
        share: how far the frame before is believed, 0 to 1, float32 (h, w); the rest is the frame after's.
        mean: residual within the face, 0 to 255: how far the frame is from what its neighbours say it is.
        worst: the same where it is largest.
        alone: the same in the mean, of that neighbour by itself which explains the frame less.
    """

    region: Rectangle
    before: Field
    after: Field
    share: Field
    mean: float
    worst: float
    alone: float


class MotionFinder:
    """Finds the motion of faces."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def of_face(self, face: Face, before: Image, frame: Image, after: Image, place: float) -> Motion | None:
        """Return the motion around a face; None where nothing of it lies in the picture.

        Args:
            face: as it is in the frame before.
            before: RGB uint8 (H, W, 3), as all three.
            frame: between the two.
            after: the other neighbour.
            place: of the frame in time between its neighbours, 0 to 1.
        """
        region = _around(face, frame.shape)
        if region is None:
            return None
        scale = min(1.0, _FACE / max(face.width, 1.0))
        return self._find(region, scale, _ellipse(face, region, scale), (before, frame, after), place)

    def of_region(self, region: Rectangle, pictures: tuple[Image, Image, Image], place: float) -> Motion:
        """Return the motion of any part of the picture; arguments as of `of_face`."""
        scale = min(1.0, 2 * _FACE / max(region.width, region.height))
        return self._find(region, scale, None, pictures, place)

    def _find(
        self,
        region: Rectangle,
        scale: float,
        mask: npt.NDArray[np.uint8] | None,
        pictures: tuple[Image, Image, Image],
        place: float,
    ) -> Motion:
        before, frame, after = (_small(picture[region.slices], scale) for picture in pictures)
        start = np.zeros((*frame.shape, 2), np.float32)
        flows = [np.asarray(self._flow.calc(frame, other, start.copy()), np.float32) for other in (before, after)]
        warped = [_moved(other.astype(np.float32), flow) for other, flow in zip((before, after), flows, strict=True)]
        alone = [_averaged(np.abs(each - frame)) for each in warped]
        doubts = [each**2 + np.float32(_NOISE**2) for each in alone]
        share = np.float32(1 - place) * doubts[1]
        share /= share + np.float32(place) * doubts[0]
        residual = np.abs(_averaged(warped[1] + share * (warped[0] - warped[1]) - frame))
        counted = np.ones(share.shape, bool) if mask is None or not mask.any() else mask > 0
        residuals = float(residual[counted].mean()), float(residual[counted].max())
        worse = max(float(each[counted].mean()) for each in alone)
        size = np.array([region.width / frame.shape[1], region.height / frame.shape[0]], np.float32)
        return Motion(region, flows[0] * size, flows[1] * size, share, *residuals, worse)


def _around(face: Face, shape: tuple[int, ...]) -> Rectangle | None:
    left, top, right, bottom = face.box.tolist()
    x, y, half = (left + right) / 2, (top + bottom) / 2, _AROUND * max(right - left, bottom - top) / 2
    x0, y0 = int(max(x - half, 0)), int(max(y - half, 0))
    x1, y1 = int(min(x + half, shape[1])), int(min(y + half, shape[0]))
    return Rectangle(x0, y0, x1 - x0, y1 - y0) if min(x1 - x0, y1 - y0) >= 1 else None


def _ellipse(face: Face, region: Rectangle, scale: float) -> npt.NDArray[np.uint8]:
    """Return the face as an ellipse in the small picture, uint8 (h, w), 255 within."""
    width, height = _size(region.height, region.width, scale)
    mask = np.zeros((height, width), np.uint8)
    across, down = width / region.width, height / region.height
    left, top, right, bottom = face.box.tolist()
    middle = ((left + right) / 2 - region.x) * across, ((top + bottom) / 2 - region.y) * down
    axes = _BELIEVED * (right - left) / 2 * across, _BELIEVED * (bottom - top) / 2 * down
    points = cv2.ellipse2Poly((round(middle[0]), round(middle[1])), (round(axes[0]), round(axes[1])), 0, 0, 360, 6)
    return np.asarray(cv2.fillConvexPoly(mask, np.array(points, np.int32), 255), np.uint8)


def _small(part: Image, scale: float) -> npt.NDArray[np.uint8]:
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = grey.shape
    size = _size(height, width, scale)
    if size == (width, height):
        return grey
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _size(height: int, width: int, scale: float) -> tuple[int, int]:
    """Return width and height of the small picture; DIS wants some pixels, however few the part has."""
    return max(round(width * scale), _LEAST), max(round(height * scale), _LEAST)


def _moved(values: Field, flow: Field) -> Field:
    height, width = values.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x += flow[..., 0]
    y += flow[..., 1]
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _averaged(values: Field) -> Field:
    return np.asarray(cv2.blur(values, (_WINDOW, _WINDOW)), np.float32)
