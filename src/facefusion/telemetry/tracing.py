"""Traces: what one request caused, from the API through the queue to the stages of workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

from facefusion.telemetry.traceparent import TraceParent

SpanKind = Literal["server", "consumer", "internal"]
"""`server`: a request is answered; `consumer`: something is done that a queue gave; `internal`: all else."""
Attributes = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """One piece of work of a trace, while it goes on."""

    @property
    def place(self) -> TraceParent | None:
        """Where the trace goes on from here; None where there is none."""
        ...

    def rename(self, name: str) -> None:
        """Call it otherwise, by what is known only now."""
        ...

    def note(self, attributes: Attributes) -> None:
        """Say more of it."""
        ...

    def fail(self, reason: str) -> None:
        """Say that it failed.

        Args:
            reason: class of the error; never words that may hold a name.
        """
        ...


class Tracer(Protocol):
    """Begins spans. Safe to use from several threads."""

    def span(
        self, name: str, *, after: TraceParent | None = None, kind: SpanKind = "internal", **attributes: str | int
    ) -> AbstractContextManager[Span]:
        """Return a span that lasts as long as a block; an error that leaves it is noted by its class.

        Args:
            name: of what is done, one of few.
            after: where the trace goes on; a new one begins where None.
            kind: of it.
            attributes: that say more, with _ in their names in place of stops.
        """
        ...

    def past(
        self, name: str, begin: float, end: float, *, after: TraceParent | None, **attributes: str | int | float
    ) -> None:
        """Tell of what is over.

        Args:
            name: of what was done.
            begin: when, in seconds since 1970.
            end: when it was over.
            after: the span that it belongs to.
            attributes: as of `span`.
        """
        ...

    def close(self) -> None:
        """Send what is still to be sent, for some seconds at most."""
        ...


class Untraced:
    """Begins spans that nobody is told of; whatever comes with a request is still carried on."""

    @contextmanager
    def span(
        self, name: str, *, after: TraceParent | None = None, kind: SpanKind = "internal", **attributes: str | int
    ) -> Iterator[Span]:
        """Yield what remembers the place alone; see `Tracer.span`."""
        yield Passing(after)

    def past(
        self, name: str, begin: float, end: float, *, after: TraceParent | None, **attributes: str | int | float
    ) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Passing:
    """A span that nobody is told of.

    Args:
        place: of what comes before, if anything does: that is what is carried on.
    """

    def __init__(self, place: TraceParent | None) -> None:
        self.place = place

    def rename(self, name: str) -> None:
        """Do nothing."""

    def note(self, attributes: Attributes) -> None:
        """Do nothing."""

    def fail(self, reason: str) -> None:
        """Do nothing."""
