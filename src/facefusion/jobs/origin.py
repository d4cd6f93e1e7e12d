"""By which request and trace a job came: kept with it, so that what workers do and log belongs to that."""

from __future__ import annotations

from typing import Final

from facefusion.jobs.values import Job
from facefusion.telemetry.ids import log_ids, place_now
from facefusion.telemetry.traceparent import TraceParent

_REQUEST: Final = "request"
_TRACE: Final = "traceparent"
_ALL: Final = 1 << 32


def origin_now() -> dict[str, str] | None:
    """Return what is kept of where a job comes from that is being handed in now; None where nothing is known."""
    place = place_now()
    found = {_REQUEST: log_ids().get(_REQUEST), _TRACE: None if place is None else str(place)}
    return {name: value for name, value in found.items() if value is not None} or None


def request_of(job: Job) -> str | None:
    """Return by which request a job came; None where nobody said."""
    return (job.origin or {}).get(_REQUEST)


def trace_of(job: Job, share: float) -> TraceParent:
    """Return where the trace of a job goes on: where its request was, else in a trace of its own, the same each time.

    A job's identifier has the form of that of a trace, and chance made it.

    Args:
        job: whose it is.
        share: of the traces that begin here which are kept, 0 to 1.
    """
    found = TraceParent.parse((job.origin or {}).get(_TRACE, ""))
    return found or TraceParent(job.id, job.id[-16:], is_sampled=int(job.id[:8], 16) < share * _ALL)
