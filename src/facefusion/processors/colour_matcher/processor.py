"""The processor that matches colours."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Final, Self

import cv2
import numpy as np

from facefusion.errors import OptionsError
from facefusion.faces.mesh import OVAL
from facefusion.faces.types import Face
from facefusion.media.finder import FrameFinder
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
from facefusion.media.open import moves
from facefusion.options import LimitOptions, Options
from facefusion.options.finishing import ColourMatcherOptions
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.colour_matcher.palette import Floats, Grade, Palette
from facefusion.processors.colour_matcher.shots import ShotPalette
from facefusion.state import State

_AROUND: Final = 1.15
"""Size of what is spared around a face, in sizes of its outline."""
_SOFT: Final = 0.06
"""Softness of its edge, in widths of the face."""


class ColourMatcher:
    """Gives frames the colours of a reference, the same way all through a shot.

    Args:
        wanted: the palette of the reference.
        options: how far and where.
    """

    def __init__(self, wanted: Palette, options: ColourMatcherOptions) -> None:
        self._wanted = wanted
        self._strength = options.colour_matcher_strength / 100
        self._spares_faces = options.colour_matcher_area == "outside-faces"
        self._shot = ShotPalette(wanted.method)

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: no reference is given, or it has no frame at the moment asked for.
            InputError: it cannot be read.
        """
        options = context.options.colour_matcher
        return cls(Palette.of(_reference(options, context.options.limits), options.colour_matcher_method), options)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with other colours."""
        return [self._matched(item) for item in batch]

    def state(self) -> State:
        """Return what is remembered of the shot; see `facefusion.state`."""
        return self._shot.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._shot.restore(state)

    def _matched(self, item: FaceFrame) -> FaceFrame:
        if self._strength == 0:
            return item
        image = item.frame.image
        share = beside(item.faces, image.shape) if self._spares_faces and item.faces else None
        palette = self._shot.update(image, item.frame.time, share)
        grade = Grade.between(palette, self._wanted, self._strength)
        return item.with_frame(item.frame.with_image(grade.applied(image, share)))


def spares_faces(options: Options) -> bool:
    """Return whether the options ask for faces to stay as they are, so that they have to be found."""
    return options.colour_matcher.colour_matcher_area == "outside-faces"


def beside(faces: Sequence[Face], shape: Sequence[int]) -> Floats:
    """Return what lies beside faces, float32 (H, W): 1 there, 0 on them, and between at their edges.

    Args:
        faces: in pixels of the picture.
        shape: height and width of the picture, and more.
    """
    share = np.ones(shape[:2], np.float32)
    for face in faces:
        outline = face.mesh[list(OVAL), :2]
        middle = outline.mean(0)
        points = np.rint(middle + _AROUND * (outline - middle)).astype(np.int32)
        sigma = max(0.5, _SOFT * face.width)
        reach = int(np.ceil(3 * sigma)) + 1
        left, top = np.clip(points.min(0) - reach, 0, (shape[1], shape[0])).tolist()
        right, bottom = np.clip(points.max(0) + reach + 1, 0, (shape[1], shape[0])).tolist()
        if right <= left or bottom <= top:
            continue
        drawn = np.ones((bottom - top, right - left), np.float32)
        cv2.fillPoly(drawn, [points - np.array([left, top], np.int32)], 1 - face.share)
        soft = cv2.GaussianBlur(drawn, (0, 0), sigma)
        share[top:bottom, left:right] = np.minimum(share[top:bottom, left:right], soft)
    return share


def _reference(options: ColourMatcherOptions, limits: LimitOptions) -> Image:
    """Return the picture whose colours count."""
    path = options.colour_matcher_reference
    if path is None:
        raise OptionsError(
            "The colour matcher has no reference",
            "Name the picture or clip whose colours frames get with --colour-matcher-reference",
        )
    if not moves(path):
        return load_picture(path, limits).image
    with closing(FrameFinder(path, limits)) as finder:
        return finder.frame(finder.index_at(options.colour_matcher_time)).image
