"""Filling in the frames between those that were worked on in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from facefusion.engine.between.carry import Edit, Neighbours
from facefusion.engine.between.motion import MotionFinder
from facefusion.engine.between.sampler import Between
from facefusion.processors.base import FaceFrame


class Filler:
    """Puts frames between edited ones, with the edit that these have.

    Args:
        between: by the index of an edited frame, the frames before it; they are taken out.
    """

    def __init__(self, between: dict[int, tuple[Between, ...]]) -> None:
        self._between = between
        self._finder = MotionFinder()
        self._last: tuple[FaceFrame, Edit] | None = None

    def filled(self, edited: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the next edited frames, each behind those that lie before it."""
        return [each for item in edited for each in self._with_before(item)]

    def _with_before(self, item: FaceFrame) -> Iterator[FaceFrame]:
        edit = Edit(item.before.image, item.frame.image)
        for one in self._between.pop(item.frame.index, ()):
            assert self._last is not None
            before, first = self._last
            neighbours = Neighbours(first, edit, self._finder)
            image = neighbours.carried(one.frame.image, one.place, one.motions)
            yield FaceFrame(one.frame.with_image(image), before.faces, one.frame)
        self._last = (item, edit)
        yield item
