"""Region fill: a burnt-in logo, which the user owns, filled from its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from facefusion.engine.post.hole import Hole
from facefusion.engine.post.memory import HoleMemory
from facefusion.errors import OptionsError
from facefusion.media.frame import Frame
from facefusion.media.region import Rectangle
from facefusion.options import OutputOptions
from facefusion.state import State

_LEAST_MARGIN, _LARGEST_MARGIN = 24, 96
"""Pixels around a rectangle that are looked at; as many as its shorter side has, between these."""


class RegionFill:
    """Fills rectangles of a video's frames; feed it every frame in order.

    Args:
        regions: the rectangles; they lie inside the frames.
    """

    def __init__(self, regions: Sequence[Rectangle]) -> None:
        self._regions = tuple(regions)
        self._holes: tuple[Hole, ...] = ()
        self._shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, options: OutputOptions) -> Self:
        """Make what fills the rectangles that the options name."""
        return cls(Rectangle.several(options.fill_region))

    def fill(self, frame: Frame) -> Frame:
        """Return the frame with the rectangles filled; every other pixel is as it was.

        Raises:
            OptionsError: a rectangle leaves nothing of the frame to fill it from.
        """
        if not self._regions:
            return frame
        if frame.image.shape != self._shape:
            self._begin(frame.image.shape)
        image = frame.image.copy()
        for region, hole in zip(self._regions, self._holes, strict=True):
            rows, columns = _window(region, image.shape)
            inner_rows, inner_columns = region.slices
            filled = hole.fill(frame.image[rows, columns])
            top, left = inner_rows.start - rows.start, inner_columns.start - columns.start
            image[region.slices] = filled[top : top + region.height, left : left + region.width]
        return frame.with_image(image)

    def state(self) -> State:
        """Return what is remembered of each rectangle; see `facefusion.state`."""
        memories = [hole.memory for hole in self._holes]
        return {
            "shape": list(self._shape),
            "memories": [None if memory is None else memory.state() for memory in memories],
        }

    def restore(self, state: State) -> None:
        """Go on from a state of a fill of the same rectangles."""
        if state["shape"]:
            self._begin(tuple(state["shape"]))
        for hole, saved in zip(self._holes, state["memories"], strict=True):
            hole.memory = None if saved is None else HoleMemory.of_state(saved)

    def _begin(self, shape: tuple[int, ...]) -> None:
        """Begin anew with frames of a size."""
        known = np.ones(shape[:2], np.uint8)
        for region in self._regions:
            known[region.slices] = 0
        windows = [known[_window(region, shape)] for region in self._regions]
        for region, window in zip(self._regions, windows, strict=True):
            if not window.any():
                raise OptionsError(
                    f"Option fill-region: around {region} nothing of the picture is left to fill it from",
                    "Make it smaller",
                )
        self._holes = tuple(Hole(window.copy()) for window in windows)
        self._shape = shape


def _window(region: Rectangle, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns that are looked at."""
    margin = min(max(_LEAST_MARGIN, min(region.width, region.height)), _LARGEST_MARGIN)
    rows = slice(max(0, region.y - margin), min(shape[0], region.y + region.height + margin))
    columns = slice(max(0, region.x - margin), min(shape[1], region.x + region.width + margin))
    return rows, columns
