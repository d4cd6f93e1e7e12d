"""Thumbnail: the one frame that shows best what the video is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from facefusion.engine.post.shrink import shrunk
from facefusion.engine.post.spread import Spread
from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE
from facefusion.faces.quality import sharpness
from facefusion.faces.types import Face, Points
from facefusion.media.frame import Frame, Image
from facefusion.state import State

LONGEST = 1280
"""Longer side of the thumbnail at most, in pixels."""
_BINS = 8
"""Parts of a video without faces of which the sharpest frames are kept."""
_THIRD = 1 / 3
_NEAR = 0.12
"""Distance from the first third at which a frame is near it, as a share of the video."""
_OVERVIEW = 320
_OPEN = 0.22
"""Height of an open eye by its width."""
_CLOSED_VALUE = 0.2
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 96)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A frame without a face.

    Attributes:
        place: which frame it is, from 0.
        sharpness: the higher, the sharper.
        jpeg: the picture, small enough to be kept several times.
    """

    place: int
    sharpness: float
    jpeg: Image


class Thumbnail:
    """Keeps the best frame so far; show it every frame in order.

    The best has the largest edited face, seen from the front, sharp, with open eyes. In a video without such faces it
    is the sharpest frame near the end of the first third.

    Args:
        pixel_aspect: width of the frames' pixels over their height; those of the thumbnail are square.
    """

    def __init__(self, pixel_aspect: Fraction = Fraction(1)) -> None:
        self._pixel_aspect = pixel_aspect
        self._best = 0.0
        self._picture: Image | None = None
        self._others: Spread[_Candidate] = Spread(_BINS, merge=_sharper)

    def see(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Look at the next frame.

        Args:
            frame: as edited.
            faces: the faces that were edited.
        """
        for face in faces:
            self._see_face(frame.image, face)
        if self._picture is None:
            self._others.add(self._candidate(frame.image))
        else:
            self._others.items = []

    def picture(self) -> Image | None:
        """Return the best frame so far, RGB uint8; None before the first frame."""
        if self._picture is not None:
            return self._picture
        if not self._others.items:
            return None
        places = [candidate.place / self._others.count for candidate in self._others.items]
        distances = [abs(place - _THIRD) for place in places]
        limit = max(_NEAR, min(distances))
        near = [each for each, distance in zip(self._others.items, distances, strict=True) if distance <= limit]
        best = cv2.imdecode(max(near, key=lambda each: each.sharpness).jpeg, cv2.IMREAD_COLOR_RGB)
        return np.asarray(best, np.uint8)

    def begin_at(self, index: int, frames: int) -> None:
        """Take the frames that are shown for a part of a longer video, from a frame of it on."""
        self._others.begin_at(index, frames)

    def take_behind(self, state: State) -> None:
        """Take over what another kept of the part of the video that comes next, by its state."""
        if state["picture"] is not None and state["best"] > self._best:
            self._best, self._picture = state["best"], state["picture"].copy()
        stride, mine = state["stride"], self._others.items
        others = [_Candidate(place, sharp, jpeg.copy()) for place, sharp, jpeg in state["others"]]
        completes = bool(mine and others) and mine[-1].place // stride == others[0].place // stride
        self._others.take_behind(stride, state["count"], others, completes=completes)

    def state(self) -> State:
        """Return what is kept; see `facefusion.state`."""
        return {
            "best": self._best,
            "picture": None if self._picture is None else self._picture.copy(),
            "stride": self._others.stride,
            "count": self._others.count,
            "others": [[each.place, each.sharpness, each.jpeg.copy()] for each in self._others.items],
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._best = state["best"]
        self._picture = None if state["picture"] is None else state["picture"].copy()
        self._others.stride, self._others.count = state["stride"], state["count"]
        self._others.items = [_Candidate(place, sharp, jpeg.copy()) for place, sharp, jpeg in state["others"]]

    def _see_face(self, image: Image, face: Face) -> None:
        # Sharpness, which takes longest to find out, is 1 at best.
        value = _face_value(face, image.shape)
        if value <= self._best:
            return
        value *= sharpness(image, face)
        if value > self._best:
            self._best, self._picture = value, self._kept(image)

    def _kept(self, image: Image) -> Image:
        return shrunk(image, LONGEST, self._pixel_aspect)

    def _candidate(self, image: Image) -> _Candidate:
        grey = cv2.cvtColor(shrunk(image, _OVERVIEW), cv2.COLOR_RGB2GRAY)
        value = float(cv2.Laplacian(grey, cv2.CV_32F).var())
        kept = None if self._others.begins or not self._others.items else self._others.items[-1]
        if kept is not None and value <= kept.sharpness:
            return kept
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(self._kept(image), cv2.COLOR_RGB2BGR), _JPEG)
        return _Candidate(self._others.count, value, np.asarray(jpeg, np.uint8).ravel())


def _sharper(first: _Candidate, second: _Candidate) -> _Candidate:
    return second if second.sharpness > first.sharpness else first


def _face_value(face: Face, shape: tuple[int, ...]) -> float:
    """Return how well a face shows, apart from its sharpness: its width in pixels, less for each flaw."""
    frontal = float(np.cos(np.radians(face.pose.yaw)) * np.cos(np.radians(face.pose.pitch)))
    low, high = np.maximum(face.box[:2], 0), np.minimum(face.box[2:], [shape[1], shape[0]])
    inside = float(np.prod(np.maximum(high - low, 0)) / max(face.width * face.height, 1.0))
    return face.width * max(frontal, 0.0) ** 2 * inside**2 * _openness(face.mesh)


def _openness(mesh: Points) -> float:
    """Return how open the less open eye is, from 0.2 for a closed one to 1."""
    heights = []
    for rim in (LEFT_EYE, RIGHT_EYE):
        outer, lower, inner, upper = (mesh[rim[place]] for place in (0, 4, 8, 12))
        heights.append(float(np.linalg.norm(upper - lower) / max(float(np.linalg.norm(inner - outer)), 1e-3)))
    return float(np.clip(min(heights) / _OPEN, _CLOSED_VALUE, 1))
