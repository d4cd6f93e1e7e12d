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


def cut(frames: Iterable[Frame], *, batch_size: int, segment_length: int) -> Iterator[tuple[list[Frame], Cut | None]]:
    """Yield the frames in batches, none across the end of a segment, each with the cut after it, if there is one.

    Segments are counted from the first frame of the job: wherever the work begins anew, the cuts are at the same
    frames.

    Args:
        frames: in order; their indexes count from the first frame of the job.
        batch_size: most frames in a batch.
        segment_length: frames in a segment.
    """
    iterator = iter(frames)
    ahead = next(iterator, None)
    while ahead is not None:
        batch = [ahead]
        ahead = next(iterator, None)
        while ahead is not None and len(batch) < batch_size and ahead.index % segment_length:
            batch.append(ahead)
            ahead = next(iterator, None)
        is_end = ahead is None or ahead.index % segment_length == 0
        following = None if ahead is None or not is_end else describe(ahead)
        yield batch, Cut(batch[-1].index // segment_length, following) if is_end else None


def describe(frame: Frame) -> NextFrame:
    """Return what tells a frame from any other."""
    return NextFrame(frame.index, frame.pts, hashlib.sha256(np.ascontiguousarray(frame.image).data).hexdigest())
