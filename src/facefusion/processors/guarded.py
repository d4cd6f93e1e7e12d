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
    is_concurrent,
    notes_of,
)
from facefusion.processors.registry import package_of_processor
from facefusion.state import State


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

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch edited; see `Processor`."""
        with self._told():
            edited = self._processor.process(batch)
            indices = [item.frame.index for item in edited]
        if indices != [item.frame.index for item in batch]:
            raise self._error(f"gave back {len(indices)} frames for {len(batch)}, or others")
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
            return self._processor.state()

    def restore(self, state: State) -> None:
        """Go on from a state; see `Processor`."""
        with self._told():
            self._processor.restore(state)

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
