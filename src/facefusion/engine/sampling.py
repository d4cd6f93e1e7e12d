"""Sampling: the frames of a file that are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.load import load_picture
from facefusion.media.open import open_reader
from facefusion.media.select import Selection
from facefusion.options import LimitOptions
from facefusion.options.moments import Moment

READ_SECONDS = 60
"""Clips up to this long are read through; in longer ones the moments to look at are sought."""


def sampled(
    info: PictureInfo | VideoInfo, limits: LimitOptions, samples: int
) -> Iterator[tuple[Fraction | None, Image]]:
    """Yield the pictures to look at, RGB uint8 (H, W, 3), each with its time in seconds.

    Args:
        info: a picture, of which there is one without a time, or a video.
        limits: what is refused.
        samples: how many frames of a video, spread evenly over it.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(info, PictureInfo):
        yield None, load_picture(info.path, limits).image
    elif info.duration is not None and info.duration > READ_SECONDS:
        yield from _sought(info, info.duration, limits, samples)
    else:
        yield from _read_through(info, limits, samples)


def _sought(
    info: VideoInfo, duration: Fraction, limits: LimitOptions, samples: int
) -> Iterator[tuple[Fraction, Image]]:
    """Yield frames at regular distances, the first among them, without reading all that lies between."""
    for number in range(samples):
        moment = duration * number / samples
        selection = Selection(start=Moment(seconds=moment) if number else None)
        with open_reader(info.path, limits=limits, selection=selection) as reader:
            frame = next(iter(reader), None)
            if frame is not None:
                yield info.start + moment, frame.image


def _read_through(info: VideoInfo, limits: LimitOptions, samples: int) -> Iterator[tuple[Fraction, Image]]:
    """Yield frames at regular distances, the first and the last among them where the clip says how many it has."""
    most = round(info.frame_rate * READ_SECONDS)
    last = max((most if info.frames is None else min(info.frames, most)) - 1, 0)
    wanted = {round(place * last / max(samples - 1, 1)) for place in range(samples)}
    with open_reader(info.path, limits=limits) as reader:
        for frame in reader:
            if frame.index in wanted:
                yield frame.time, frame.image
            if frame.index >= last:
                return
