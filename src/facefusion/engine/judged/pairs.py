"""Pairs: the same moments of a target and of what a job made of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from facefusion.errors import InputDamagedError
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
from facefusion.media.open import Start, moves, open_reader
from facefusion.media.region import Rectangle
from facefusion.media.select import EVERYTHING, Selection
from facefusion.media.still.reader import StillsReader
from facefusion.media.times import read_times
from facefusion.options import LimitOptions, Options


@dataclass(frozen=True, slots=True)
class Pair:
    """One moment before and after the work.

    Attributes:
        before: of the target, RGB uint8 (H, W, 3).
        after: of the result, of the same size: the larger of the two was made smaller.
    """

    before: Image
    after: Image


def pairs(target: Path, result: Path, options: Options, count: int) -> Iterator[Pair]:
    """Yield pairs of frames, spread evenly over the result.

    Args:
        target: that was edited.
        result: what came of it.
        options: of the job: which part of the target was worked on.
        count: most pairs of a clip, at least 1; a picture is one.

    Raises:
        InputError: one of the two cannot be read.
    """
    if not moves(result):
        images = load_picture(target, options.limits).image, load_picture(result, options.limits).image
        yield _pair(_cropped(images[0], options.input.crop), images[1])
        return
    before = _Clip.open(target, options.limits, Selection.of(options))
    after = _Clip.open(result, options.limits, EVERYTHING)
    for place in spread(len(after.pts), count):
        other = place if len(before.pts) == len(after.pts) else before.nearest(after.time(place))
        yield _pair(before.image(other), after.image(place))


def spread(total: int, count: int) -> list[int]:
    """Return the numbers of frames to look at: the middles of equal parts, each frame once."""
    count = min(total, count)
    return [(2 * place + 1) * total // (2 * count) for place in range(count)]


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip in which single frames are sought.

    Attributes:
        path: where it is.
        limits: what is refused.
        selection: what of it is given out.
        pts: presentation times of all frames, in ticks.
        time_base: seconds in a tick.
    """

    path: Path
    limits: LimitOptions
    selection: Selection
    pts: Sequence[int]
    time_base: Fraction

    @classmethod
    def open(cls, path: Path, limits: LimitOptions, selection: Selection) -> _Clip:
        with open_reader(path, limits=limits, selection=selection) as reader:
            time_base = reader.info.time_base
            stills = tuple(reader.times()) if isinstance(reader, StillsReader) else None
        pts = read_times(path, limits, selection).pts if stills is None else stills
        if not pts:
            raise InputDamagedError(f"No frame of {path} can be read", "Copy it again")
        return cls(path, limits, selection, pts, time_base)

    def time(self, place: int) -> Fraction:
        """Return when a frame is shown, in seconds after the first."""
        return (self.pts[place] - self.pts[0]) * self.time_base

    def nearest(self, time: Fraction) -> int:
        """Return the number of the frame that is shown at a moment, or next to it."""
        wanted = self.pts[0] + round(time / self.time_base)
        place = min(bisect_left(self.pts, wanted), len(self.pts) - 1)
        return place - 1 if place and wanted - self.pts[place - 1] < self.pts[place] - wanted else place

    def image(self, place: int) -> Image:
        """Return a frame.

        Raises:
            InputDamagedError: there is none.
        """
        start = Start(place, self.pts[place]) if place else None
        with open_reader(self.path, limits=self.limits, selection=self.selection, start=start) as reader:
            for frame in reader:
                return frame.image
        raise InputDamagedError(f"Frame {place} of {self.path} cannot be read", "Copy it again")


def _cropped(image: Image, crop: tuple[int, ...]) -> Image:
    if not crop:
        return image
    kept = Rectangle.several(crop)[0]
    return image[kept.y : kept.y + kept.height, kept.x : kept.x + kept.width]


def _pair(before: Image, after: Image) -> Pair:
    """Return two pictures as a pair, of one size."""
    if before.shape == after.shape:
        return Pair(before, after)
    if before.shape[0] * before.shape[1] < after.shape[0] * after.shape[1]:
        return Pair(before, _resized(after, before))
    return Pair(_resized(before, after), after)


def _resized(image: Image, like: Image) -> Image:
    size = like.shape[1], like.shape[0]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
