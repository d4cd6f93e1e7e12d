"""The processor that smooths edits over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.scene import CutDetector
from facefusion.media.frame import Image
from facefusion.media.region import Rectangle
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.temporal_smoother.flicker import is_flicker, unexplained
from facefusion.processors.temporal_smoother.motion import Floats, Motion
from facefusion.state import State

REMEMBERED: Final = 2
"""Frames whose pixels are remembered: the last one before and after it was edited, and what rounding left."""
_MARGIN: Final = 24
"""Pixels around an edit in which motion is looked for, too; of a frame of 540 lines, more of larger ones."""
_LINES: Final = 540
_PARTS: Final = np.float32(254)
"""Parts of a level in which what rounding leaves is remembered."""


@dataclass(frozen=True, slots=True, eq=False)
class _Last:
    """The frame before.

    Attributes:
        original: before any edit, RGB uint8 (H, W, 3).
        result: as it was given back, likewise.
        part: where it was edited; None where it was not.
        rest: what rounding left there, int8 (h, w, 3), in parts of a level; of no size where nothing was edited.
        time: when it is shown.
    """

    original: Image
    result: Image
    part: Rectangle | None
    rest: npt.NDArray[np.int8]
    time: Fraction

    def around(self, part: Rectangle) -> Floats:
        """Return the result, with what rounding left, in a part of the frame, float32 (h, w, 3)."""
        values, own = self.result[part.slices].astype(np.float32), self.part
        if own is None:
            return values
        x0, y0 = max(part.x, own.x), max(part.y, own.y)
        x1, y1 = min(part.x + part.width, own.x + own.width), min(part.y + part.height, own.y + own.height)
        if x1 > x0 and y1 > y0:
            rest = self.rest[y0 - own.y : y1 - own.y, x0 - own.x : x1 - own.x]
            values[y0 - part.y : y1 - part.y, x0 - part.x : x1 - part.x] += rest / _PARTS
        return values


class TemporalSmoother:
    """Takes flicker out of edits: where the original is still, what was made of it is still, too.

    Each frame is compared with the one before along the motion of the original. What changed in the edit and not in the
    original is held back, and comes through over some frames if it lasts. Pixels that nobody edited stay as they are.

    Args:
        strength: how much of the flicker goes, 0 to 1.
        seconds: how long frames before have a say.
    """

    def __init__(self, strength: float, seconds: float) -> None:
        self._strength = strength
        self._seconds = seconds
        self._cuts = CutDetector()
        self._last: _Last | None = None

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job."""
        options = context.options.temporal_smoother
        return cls(options.temporal_smoother_strength / 100, options.temporal_smoother_seconds)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with steadier edits."""
        if self._strength == 0:
            return list(batch)
        return [self._smoothed(item) for item in batch]

    def state(self) -> State:
        """Return what is remembered of the frame before; see `facefusion.state`."""
        last = self._last
        return {
            "cuts": self._cuts.state(),
            "last": None
            if last is None
            else {
                "original": last.original.copy(),
                "result": last.result.copy(),
                "part": last.part and [last.part.x, last.part.y, last.part.width, last.part.height],
                "rest": last.rest.copy(),
                "time": list(last.time.as_integer_ratio()),
            },
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._cuts.restore(state["cuts"])
        last: dict[str, Any] | None = state["last"]
        self._last = None if last is None else _last_of(last)

    def _smoothed(self, item: FaceFrame) -> FaceFrame:
        original, edited = item.before.image, item.frame.image
        is_new = self._cuts.update(original)
        last, part = self._last, edited_part(original, edited)
        image, rest = edited, np.zeros((part.height, part.width, 3) if part else (0, 0, 3), np.int8)
        if last is not None and part is not None and not is_new and last.result.shape == edited.shape:
            values = self._values(last, original, edited, part, item.frame.time)
            image = edited.copy()
            image[part.slices] = np.clip(np.rint(values), 0, 255)
            left = np.clip(values - image[part.slices], -0.5, 0.5)
            rest = np.rint(left * _PARTS).astype(np.int8)
        self._last = _Last(original, image, part, rest, item.frame.time)
        return item if image is edited else item.with_frame(item.frame.with_image(image))

    def _values(self, last: _Last, original: Image, edited: Image, part: Rectangle, time: Fraction) -> Floats:
        """Return the edited part of a frame with less flicker, float32 (h, w, 3)."""
        wide = _widened(part, original.shape)
        motion = Motion.between(last.original, original, wide)
        inner = np.s_[part.y - wide.y : part.y - wide.y + part.height, part.x - wide.x : part.x - wide.x + part.width]
        motion = Motion(motion.x[inner], motion.y[inner], motion.trust[inner])
        reached = _reached(motion, original.shape)
        x, y = motion.x - np.float32(reached.x), motion.y - np.float32(reached.y)
        near = Motion(x, y, motion.trust)
        here, before = edited[part.slices].astype(np.float32), original[part.slices].astype(np.float32)
        moved = near.carried(last.original[reached.slices].astype(np.float32))
        change = unexplained(here - near.carried(last.around(reached)), before - moved)
        was_edited = touched(last.original[reached.slices], last.result[reached.slices]).astype(np.float32)
        is_edit = touched(original[part.slices], edited[part.slices]) & (near.carried(was_edited) > 0.5)
        passed = max(float(time - last.time), 0.0)
        kept = self._strength * math.exp(-passed / self._seconds)
        held = np.float32(kept) * motion.trust * is_flicker(change) * is_edit
        return np.asarray(here - held[:, :, None] * change, np.float32)


def _last_of(state: State) -> _Last:
    """Return a frame before, as it was saved."""
    part = state["part"]
    return _Last(
        state["original"].copy(),
        state["result"].copy(),
        None if part is None else Rectangle(*part),
        state["rest"].copy(),
        Fraction(*state["time"]),
    )


def edited_part(original: Image, edited: Image) -> Rectangle | None:
    """Return the smallest box around all that was edited; None where nothing was."""
    if original is edited:
        return None
    differs = (original != edited).any(2)
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if not len(rows):
        return None
    x, y = int(columns[0]), int(rows[0])
    return Rectangle(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def touched(original: Image, edited: Image) -> npt.NDArray[np.bool_]:
    """Return what was edited, (h, w): pixels that happen to be as before count where those around are not."""
    differs = (original != edited).any(2).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0)


def _widened(part: Rectangle, shape: Sequence[int]) -> Rectangle:
    margin = max(_MARGIN, round(_MARGIN * shape[0] / _LINES))
    x0, y0 = max(part.x - margin, 0), max(part.y - margin, 0)
    x1, y1 = min(part.x + part.width + margin, shape[1]), min(part.y + part.height + margin, shape[0])
    return Rectangle(x0, y0, x1 - x0, y1 - y0)


def _reached(motion: Motion, shape: Sequence[int]) -> Rectangle:
    """Return the box of the frame before that motion reaches into, and what cubic interpolation needs around it."""
    x0, y0 = (int(np.clip(np.floor(each.min()) - 2, 0, most - 1)) for each, most in _axes(motion, shape))
    x1, y1 = (int(np.clip(np.ceil(each.max()) + 3, 1, most)) for each, most in _axes(motion, shape))
    return Rectangle(x0, y0, max(x1 - x0, 1), max(y1 - y0, 1))


def _axes(motion: Motion, shape: Sequence[int]) -> tuple[tuple[Floats, int], tuple[Floats, int]]:
    return (motion.x, shape[1]), (motion.y, shape[0])
