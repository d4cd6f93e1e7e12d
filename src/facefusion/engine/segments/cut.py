"""Cutting: where one segment ends and the next begins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facefusion.engine.segments.marker import NextFrame
from facefusion.media.frame import Frame


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a segment.

    Attributes:
        number: of the segment that ends, from 0.
        following: the frame that comes next; None where the video ends.
    """

    number: int
    following: NextFrame | None


def cut(frames: Iterable[Frame], *, segment_length: int) -> Iterator[Frame | Cut]:
    """Yield the frames, and after the last of each segment the cut.

    Segments are counted from the first frame of the job: wherever the work begins anew, the cuts are at the same
    frames.

    Args:
        frames: in order; their indexes count from the first frame of the job.
        segment_length: frames in a segment.
    """
    last: int | None = None
    for frame in frames:
        if last is not None and frame.index % segment_length == 0:
            yield Cut(last // segment_length, describe(frame))
        yield frame
        last = frame.index
        del frame  # it is not held while the next one is waited for
    if last is not None:
        yield Cut(last // segment_length, None)


def describe(frame: Frame) -> NextFrame:
    """Return what tells a frame from any other."""
    return NextFrame(frame.index, frame.pts, hashlib.sha256(np.ascontiguousarray(frame.image).data).hexdigest())
