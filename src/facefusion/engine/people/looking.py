"""Which frames of a target are looked at: all, so many spread evenly, or moments that are sought."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from facefusion.engine.people.sighting import Look
from facefusion.engine.sampling import sampled
from facefusion.media.frame import Frame
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.load import load_picture
from facefusion.media.open import open_reader
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions

MOST_LOOKS = 1500
"""Frames of a clip that are looked at, at most."""
MOST_READ = 9000
"""Frames up to which a clip is read through: about five minutes."""
SOUGHT = 300
"""Moments that are sought, spread evenly, in a clip that is longer."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How a target is looked at.

    Attributes:
        total: looks that are taken, as far as is known.
        follows: whether one look follows the other so soon that faces can be followed.
        step: frames from one look to the next; 0 where moments are sought.
        frames: of the target, as far as is known.
        all: the looks.
    """

    total: int
    follows: bool
    step: int
    frames: int | None
    all: Callable[[], Iterator[Look]]


def looks_at(info: PictureInfo | VideoInfo, limits: LimitOptions) -> Looks:
    """Say how a target is looked at.

    A clip of up to `MOST_LOOKS` frames is looked at frame by frame, one of up to `MOST_READ` in every second, third, …
    frame so that there are no more looks than that, and of a longer one `SOUGHT` moments.

    Args:
        info: of the target.
        limits: what is refused, and whether decoding is isolated.
    """
    if isinstance(info, PictureInfo):
        return Looks(1, False, 1, 1, partial(_picture, info, limits))
    frames = info.frames
    if frames is None and info.duration is not None:
        frames = max(1, round(info.duration * info.frame_rate))
    if frames is None or frames <= MOST_READ:
        step = 1 if frames is None else max(1, math.ceil(frames / MOST_LOOKS))
        total = MOST_LOOKS if frames is None else math.ceil(frames / step)
        return Looks(total, True, step, frames, partial(_read_through, info, limits, step))
    return Looks(SOUGHT, False, 0, frames, partial(_sought, info, limits))


def _picture(info: PictureInfo, limits: LimitOptions) -> Iterator[Look]:
    yield Look(0, 0, None, load_picture(info.path, limits).image)


def _read_through(info: VideoInfo, limits: LimitOptions, step: int) -> Iterator[Look]:
    first, number = None, 0
    with open_reader(info.path, limits=limits) as reader:
        pending = reader.pending() if isinstance(reader, VideoReader) else (partial(_same, frame) for frame in reader)
        for index, convert in enumerate(pending):
            if index % step == 0:
                frame = convert()
                first = frame.time if first is None else first
                yield Look(number, index, float(frame.time - first), frame.image)
                number += 1
            if number >= MOST_LOOKS:
                return


def _sought(info: VideoInfo, limits: LimitOptions) -> Iterator[Look]:
    for number, (time, image) in enumerate(sampled(info, limits, SOUGHT)):
        yield Look(number, None, float((time or info.start) - info.start), image)


def _same(frame: Frame) -> Frame:
    return frame
