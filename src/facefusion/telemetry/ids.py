"""By what lines of logs belong together: the request, the job, the task and the trace that they are about.

This is the second piece of ambient state beside `set_options`. It says what belongs together, in logs and with jobs
that are handed in meanwhile; nothing else that is done depends on it. A thread that is begun within knows nothing of it
unless it runs in a copy of the context.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from facefusion.telemetry.traceparent import TraceParent

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_IDS: Final[ContextVar[Mapping[str, str]]] = ContextVar("facefusion_log_ids", default=_NONE)
_REQUEST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{7,63}")
_PLACE: Final = "traceparent"
_NAMES: Final = ("request", "job", "task")


@contextmanager
def known_as(
    *,
    request: str | None = None,
    job: str | None = None,
    task: str | None = None,
    place: TraceParent | None = None,
) -> Iterator[None]:
    """Have it known what is being done, for as long as a block lasts; what is None stays what it is.

    Args:
        request: identifier of the request that is answered, or that a job came by.
        job: identifier of the job.
        task: of the job, such as `segment-3`.
        place: in the trace.
    """
    given = {"request": request, "job": job, "task": task, _PLACE: None if place is None else str(place)}
    token = _IDS.set({**_IDS.get(), **{name: value for name, value in given.items() if value is not None}})
    try:
        yield
    finally:
        _IDS.reset(token)


def log_ids() -> dict[str, str]:
    """Return what is being done now, as far as it is known: `request`, `job`, `task` and `trace`."""
    found, place = _IDS.get(), place_now()
    ids = {name: found[name] for name in _NAMES if name in found}
    return ids if place is None else {**ids, "trace": place.trace}


def place_now() -> TraceParent | None:
    """Return where the trace goes on of what is being done now; None where there is none."""
    return TraceParent.parse(_IDS.get().get(_PLACE, ""))


def request_id(given: str | None) -> str:
    """Return the identifier of a request: what the caller says where that is a plain word, else a new one."""
    return given if given is not None and _REQUEST.fullmatch(given) else secrets.token_hex(16)
