"""A processor whose edit is seen in a part of the frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from facefusion.processors.base import (
    FaceFrame,
    Processor,
    begin_processor,
    delay_of,
    finish_processor,
    is_concurrent,
    notes_of,
)
from facefusion.processors.chained.region import Region
from facefusion.processors.kept import kept_frames, kept_state
from facefusion.state import State


class RegionalProcessor:
    """Gives a processor whole frames with the faces of a region, and lets its edit be seen there alone.

    Every pixel beside the region is as it was; where nothing is edited in it, the frame is the very object that came.

    Args:
        processor: what edits.
        region: where that is seen.

    Attributes:
        delay: as that of the processor.
        is_concurrent: likewise.
    """

    def __init__(self, processor: Processor, region: Region) -> None:
        self._processor, self._region = processor, region
        self._waiting: deque[FaceFrame] = deque()
        self.delay = delay_of(processor)
        self.is_concurrent = is_concurrent(processor)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the next frames; see `Processor`."""
        items = [item.settled() for item in batch]
        edited = self._processor.process([self._limited(item) for item in items])
        if not self.delay:
            return [self._seen(*pair) for pair in zip(items, edited, strict=True)]
        self._waiting.extend(items)
        return self._matched(edited)

    def finish(self) -> list[FaceFrame]:
        """Return what the processor keeps back; see `DelayingProcessor`."""
        return self._matched(finish_processor(self._processor))

    def begin(self, time: Fraction) -> None:
        """Hear when the target begins; see `begin_processor`."""
        begin_processor(self._processor, time)

    def notes(self) -> list[str]:
        """Return what the processor has to say when all is done; see `notes_of`."""
        return notes_of(self._processor)

    def state(self) -> State:
        """Return what is remembered; see `Processor`."""
        return {"processor": self._processor.state(), "waiting": kept_state(self._waiting)}

    def restore(self, state: State) -> None:
        """Go on from a state; see `Processor`."""
        self._processor.restore(state["processor"])
        self._waiting = deque(kept_frames(state["waiting"]))

    def _matched(self, edited: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return frames that come back, each with what it was before."""
        return [self._seen(self._waiting.popleft(), item) for item in edited]

    def _limited(self, item: FaceFrame) -> FaceFrame:
        """Return a frame with those of its faces that are to be edited."""
        height, width = item.frame.image.shape[:2]
        return item.with_faces([face for face in item.faces if self._region.concerns(face, height, width)])

    def _seen(self, before: FaceFrame, after: FaceFrame) -> FaceFrame:
        frame = self._region.seen(before.frame, after.settled().frame)
        return before if frame is before.frame else before.with_frame(frame)
