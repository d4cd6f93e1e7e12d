"""A processor that works in some stretches of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from facefusion.options.moments import Stretch
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    begin_processor,
    delay_of,
    finish_processor,
    notes_of,
    run_processor,
)
from facefusion.state import State


class TimedProcessor:
    """Gives a processor the frames of some stretches; all others leave as the very objects that came.

    Where a stretch begins the processor is as new: what it remembers of another stretch is not true any more. It knows
    when the clip began all the same.

    Args:
        processor: as it is when a job begins.
        stretches: in which it works, counted from the first frame of the clip.

    Attributes:
        delay: as that of the processor.
    """

    def __init__(self, processor: Processor, stretches: Sequence[Stretch]) -> None:
        self._processor, self._stretches = processor, tuple(stretches)
        self._new = processor.state()
        self._is_inside = False
        self._begin: Fraction | None = None
        self._told: list[str] = []
        self.delay = delay_of(processor)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the next frames, nothing held of any; see `Processor`."""
        return [item.settled() for item in self.hold(batch)]

    def hold(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the next frames; see `HoldingProcessor`."""
        given: list[FaceFrame] = []
        inside: list[FaceFrame] = []
        for item in batch:
            if self._is_meant(item):
                self._enter()
                inside.append(item)
            else:
                given += self._left(inside)
                given.append(item)
                inside = []
        return given + (run_processor(self._processor, inside) if inside else [])

    def finish(self) -> list[FaceFrame]:
        """Return what the processor keeps back; see `DelayingProcessor`."""
        return finish_processor(self._processor)

    def begin(self, time: Fraction) -> None:
        """Hear when the target begins; see `begin_processor`."""
        self._begin = time

    def notes(self) -> list[str]:
        """Return what the processor has to say of each stretch when all is done; see `notes_of`."""
        return [*self._told, *(notes_of(self._processor) if self._is_inside else [])]

    def state(self) -> State:
        """Return what is remembered; see `Processor`."""
        begin = None if self._begin is None else [self._begin.numerator, self._begin.denominator]
        remembered = {"processor": self._processor.state(), "is_inside": self._is_inside, "begin": begin}
        return {**remembered, "told": list(self._told)}

    def restore(self, state: State) -> None:
        """Go on from a state; see `Processor`."""
        self._processor.restore(state["processor"])
        self._is_inside = state["is_inside"]
        self._begin = None if state["begin"] is None else Fraction(*state["begin"])
        self._told = list(state["told"])

    def _is_meant(self, item: FaceFrame) -> bool:
        frame = item.frame
        self._begin = frame.time if self._begin is None else self._begin
        return any(stretch.holds(frame.index, frame.time - self._begin) for stretch in self._stretches)

    def _enter(self) -> None:
        if self._is_inside:
            return
        self._is_inside = True
        self._processor.restore(self._new)
        if self._begin is not None:
            begin_processor(self._processor, self._begin)

    def _left(self, inside: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return what is still to come of a stretch, given its last frames."""
        if not self._is_inside:
            return []
        self._is_inside = False
        edited = run_processor(self._processor, inside) if inside else []
        edited += finish_processor(self._processor)
        self._told += notes_of(self._processor)
        return edited
