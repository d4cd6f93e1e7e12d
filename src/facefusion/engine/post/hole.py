"""One hole in a video: filled from around it, and from what was seen there before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.engine.post.diffuse import Field, diffuse
from facefusion.engine.post.exemplar import complete
from facefusion.engine.post.grain import grain_beside
from facefusion.engine.post.memory import GUESSED, HoleMemory
from facefusion.engine.post.motion import displacement, motion
from facefusion.media.frame import Image

_MISMATCH = 14.0
"""Difference around the hole at which what is remembered is hardly trusted, in grey levels."""
_CUT = 30.0
"""Median difference around the hole that ends a scene, in grey levels."""
_CHANGED_LIGHT = 3.0
"""Median difference around the hole that makes the memory be taken anew, in grey levels."""
_AT_REST = 0.1
"""Displacement that is none, in pixels."""
_FAR = 3.0
"""Displacement at which the memory is taken anew, in pixels."""
_NEAR = 24
"""Pixels around the hole in which it is seen whether the picture moved."""
_CLEARLY = 0.85
"""Share of the difference at rest that a movement must get below."""
_LONGEST = 25
"""Frames for which the memory's surroundings are kept at most."""
_GUESS_LONGEST = 12
"""Frames for which a guess is kept at least."""
_DOUBT = 0.3
"""Doubt from which a pixel of the hole wants a guess."""
_DOUBTED_SHARE = 0.04
"""Share of such pixels from which a new guess is made."""
_EDGE = 12
"""Pixels around the hole from which differences are carried into it."""
_SOFT = 2.0
"""Smoothing of differences along the hole's edge, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class _Comparison:
    """The memory against the frame.

    Attributes:
        before: the memory as it was.
        memory: as it lies in this frame.
        distance: how far it was moved, in pixels.
        lit: median difference around the hole, in grey levels, float32 (3,).
        shift: what the memory's colours lack, carried into the hole, float32 (H, W, 3).
        trust: in each pixel of the memory, 0 to 1, float32 (H, W).
    """

    before: HoleMemory
    memory: HoleMemory
    distance: float
    lit: Field
    shift: Field
    trust: Field


class Hole:
    """Fills the unknown part of a window, frame after frame, and remembers it.

    Where the camera moves, what was beside the hole is carried into it; where it rests, the fill stays as it is while
    its surroundings do, so that it does not flicker.

    Args:
        known: 0 where pixels are unknown, 1 elsewhere, uint8 (H, W); both there.
    """

    def __init__(self, known: npt.NDArray[np.uint8]) -> None:
        self._known = known
        self._share = known.astype(np.float32)
        reach = np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8)
        self._near = cv2.dilate(1 - known, reach).astype(np.float32) * self._share
        self._inner = _around(known, _EDGE)
        self.memory: HoleMemory | None = None

    def fill(self, view: Image) -> Image:
        """Return the window filled; known pixels come out as they went in.

        Args:
            view: RGB uint8 (H, W, 3).
        """
        compared = None if self.memory is None else self._compare(view, self.memory)
        filled, sure = self._begin(view) if compared is None else self._go_on(view, compared)
        # What was not seen is a mean of several patches, and would be too smooth in a picture with grain.
        novelty = np.clip((1 - sure) / (1 - GUESSED), 0, 1)[..., None]
        rounded = np.clip(np.rint(filled + grain_beside(view, self._known) * novelty), 0, 255).astype(np.uint8)
        return np.where(self._known[..., None] > 0, view, rounded)

    def _begin(self, view: Image) -> tuple[Field, Field]:
        """Begin to remember, with a guess."""
        guess = self._guess(view, None)
        sure = np.maximum(self._share, np.float32(GUESSED))
        self.memory = HoleMemory(self._completed(view, guess), sure, guess)
        return guess, sure

    def _compare(self, view: Image, memory: HoleMemory) -> _Comparison | None:
        """Lay the memory over the frame; None where they show different scenes."""
        before = memory
        transform = motion(_grey(memory.picture), _grey(self._completed(view, memory.picture)), self._known)
        distance = displacement(transform, view.shape)
        seen = view.astype(np.float32)
        if distance >= _AT_REST:
            moved = memory.moved(transform)
            # Somebody who walks by moves too; what counts is what is around the hole.
            is_moved = self._unlike(seen, moved) < _CLEARLY * self._unlike(seen, memory)
            memory, distance = (moved, distance) if is_moved else (memory, 0.0)
        both = self._share * (memory.sure > 0)
        if not both.any():
            return None
        difference = seen - memory.picture
        around = difference[(both * self._near) > 0]
        if not len(around) or float(np.median(np.abs(around).mean(1))) > _CUT:
            return None
        # Light that changed everywhere alike is no disagreement.
        lit = np.median(around, axis=0)
        carried = self._carried(np.dstack([difference, cv2.absdiff(difference, np.full_like(difference, lit))]), both)
        mismatch = carried[..., 3:].max(2)
        trust = np.minimum(memory.sure / GUESSED, 1) * np.exp(-np.square(mismatch / _MISMATCH))
        return _Comparison(before, memory, distance, lit, carried[..., :3], trust)

    def _unlike(self, view: Field, memory: HoleMemory) -> float:
        """Return the mean difference near the hole, in grey levels; none where the memory shows nothing of it."""
        where = (self._near * (memory.sure > 0)).astype(np.uint8)
        return sum(cv2.mean(cv2.absdiff(view, memory.picture), where)) / 3 if where.any() else np.inf

    def _go_on(self, view: Image, compared: _Comparison) -> tuple[Field, Field]:
        """Fill by memory where it is trusted, else by a guess; return the fill and how sure it is."""
        memory, shift, trust = compared.memory, compared.shift, compared.trust
        doubted = (trust < 1 - _DOUBT)[self._known == 0].mean() > _DOUBTED_SHARE
        if doubted and memory.guess_age >= _GUESS_LONGEST:
            guess = self._guess(view, memory.picture + shift)
            memory = replace(memory, guess=guess - shift, guess_age=0)
        picture = memory.picture + (1 - trust)[..., None] * (memory.guess - memory.picture)
        filled = picture + shift
        sure = np.maximum(self._share, np.maximum(memory.sure * trust, np.float32(GUESSED)))
        self._learn(view, replace(compared, memory=memory), picture, sure)
        return filled, sure

    def _learn(self, view: Image, compared: _Comparison, picture: Field, sure: Field) -> None:
        """Take over what is new: all of it when the memory is old, else the fill alone, and that only at rest.

        A memory that was moved is kept as it was: being moved again and again would blur it.
        """
        memory, before = compared.memory, compared.before
        if compared.distance > _FAR or float(np.abs(compared.lit).max()) > _CHANGED_LIGHT or before.age >= _LONGEST:
            shift = compared.shift
            whole = self._completed(view, picture + shift)
            self.memory = HoleMemory(whole, sure, memory.guess + shift, 0, memory.guess_age + 1)
        elif compared.distance < _AT_REST:
            kept = self._completed(before.picture, picture)
            self.memory = HoleMemory(kept, sure, memory.guess, before.age + 1, memory.guess_age + 1)
        else:
            self.memory = replace(before, age=before.age + 1, guess_age=before.guess_age + 1)

    def _guess(self, view: Image, start: Field | None) -> Field:
        """Fill by the looks of this frame alone, and meet what is around the hole's edge."""
        guess = complete(view, self._share, start)
        return guess + self._carried(view - guess, self._share)

    def _carried(self, difference: Field, where: Field) -> Field:
        """Carry differences around the hole smoothly into it; 0 far from it."""
        carried = np.zeros(difference.shape, np.float32)
        inner = where[self._inner]
        if inner.any():
            weight = cv2.GaussianBlur(inner, (0, 0), _SOFT)
            soft = cv2.GaussianBlur(difference[self._inner] * inner[..., None], (0, 0), _SOFT)
            carried[self._inner] = diffuse(np.asarray(soft / np.maximum(weight, 1e-3)[..., None], np.float32), inner)
        return carried

    def _completed(self, view: Image | Field, filled: Field) -> Field:
        return np.where(self._known[..., None] > 0, view, filled).astype(np.float32)


def _grey(picture: Field) -> Image:
    rounded = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(rounded, cv2.COLOR_RGB2GRAY), np.uint8)


def _around(known: npt.NDArray[np.uint8], margin: int) -> tuple[slice, slice]:
    """Return rows and columns of the hole and its edge."""
    places = [np.flatnonzero((known == 0).any(axis)) for axis in (1, 0)]
    rows, columns = (slice(max(0, int(each[0]) - margin), int(each[-1]) + 1 + margin) for each in places)
    return rows, columns
