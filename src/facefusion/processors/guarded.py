"""Processors of other packages at work: what goes wrong in them is told as theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

from facefusion.errors import FaceFusionError, ProcessorError
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    ProcessorContext,
    ProcessorSpec,
    begin_processor,
    delay_of,
    finish_processor,
    is_concurrent,
    notes_of,
    spec_delay,
)
from facefusion.processors.registry import package_of_processor
from facefusion.state import State

_REMEMBERED, _KEPT = "remembered", "kept"


class GuardedProcessor:
    """A processor of another package.

    Args:
        spec: announces it.
        package: that brings it.
        context: what it is made from.

    Raises:
        ProcessorError: it could not be made; so also where it is at work.
    """

    def __init__(self, spec: ProcessorSpec, package: str, context: ProcessorContext) -> None:
        self._name, self._package = spec.name, package
        with self._told():
            self._processor = spec.create(context)
        self.is_concurrent = is_concurrent(self._processor)
        self.delay = delay_of(self._processor)
        if self.delay > spec_delay(spec, context.options):
            raise self._error(f"keeps back {self.delay} frames, more than its ProcessorSpec says")
        self._kept: list[int] = []

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch edited, or what is not kept back of it and of those before; see `Processor`."""
        with self._told():
            edited = self._processor.process(batch)
            indices = [item.frame.index for item in edited]
        wanted = [*self._kept, *(item.frame.index for item in batch)]
        if not self.delay and indices != wanted:
            raise self._error(f"gave back {len(indices)} frames for {len(batch)}, or others")
        self._check_order(indices, wanted)
        if len(self._kept) > self.delay:
            raise self._error(f"keeps back {len(self._kept)} frames, and said {self.delay}")
        return edited

    def finish(self) -> list[FaceFrame]:
        """Return what is kept back; see `DelayingProcessor`."""
        with self._told():
            edited = finish_processor(self._processor)
            indices = [item.frame.index for item in edited]
        self._check_order(indices, self._kept)
        if self._kept:
            raise self._error(f"lost {len(self._kept)} frames")
        return edited

    def begin(self, time: Fraction) -> None:
        """Hear when the target begins; see `begin_processor`."""
        with self._told():
            begin_processor(self._processor, time)

    def notes(self) -> list[str]:
        """Return what it has to say when all is done; see `notes_of`."""
        with self._told():
            return notes_of(self._processor)

    def state(self) -> State:
        """Return what is remembered; see `Processor`."""
        with self._told():
            remembered = self._processor.state()
        return {_REMEMBERED: remembered, _KEPT: list(self._kept)} if self.delay else remembered

    def restore(self, state: State) -> None:
        """Go on from a state; see `Processor`."""
        with self._told():
            self._processor.restore(state[_REMEMBERED] if self.delay else state)
        self._kept = list(state[_KEPT]) if self.delay else []

    def _check_order(self, indices: list[int], wanted: list[int]) -> None:
        """Make sure that frames come out in the order in which they came, and note those that do not yet."""
        if indices != wanted[: len(indices)]:
            raise self._error(f"gave back frames {indices} where {wanted} come next")
        self._kept = wanted[len(indices) :]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (FaceFusionError, MemoryError):
            raise
        except Exception as error:
            raise self._error(f"failed ({type(error).__name__}: {error})") from error

    def _error(self, what: str) -> ProcessorError:
        hint = f"Tell the authors of {self._package}; --traceback shows where it happened"
        return ProcessorError(f"The processor {self._name!r} of {self._package} {what}", hint)


def create_processor(spec: ProcessorSpec, context: ProcessorContext) -> Processor:
    """Make a processor for a job.

    Raises:
        ProcessorError: one of another package cannot be made.
        FaceFusionError: an option or a model does not fit.
    """
    package = package_of_processor(spec)
    return spec.create(context) if package is None else GuardedProcessor(spec, package, context)
