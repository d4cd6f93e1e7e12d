"""Operations on models, processors, marks, the audit log, operations, and on whether the service works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from facefusion.client.call import Ask, model, operation, values
from facefusion.client.call import content as as_bytes
from facefusion.client.pages import Page
from facefusion.client.values import Chain, Entry, Failed, MeasuredJobList, Model, Operation, Verified


@operation("GET", "/v1/models", model(Page[Model]))
def models(*, task: str | None = None, state: str | None = None) -> Ask:
    """Return the models of the catalogue.

    Args:
        task: of this task alone.
        state: in this state alone, such as `ready`.
    """
    return Ask(query={"task": task, "state": state})


@operation("GET", "/v1/models/{name}", model(Model))
def show_model(name: str) -> Ask:
    """Return a model."""
    return Ask({"name": name})


@operation("POST", "/v1/models/pull", model(Operation))
def pull_models(names: Sequence[str]) -> Ask:
    """Let the service fetch weights.

    Args:
        names: models, tasks, or `all`.
    """
    return Ask(json={"models": list(names)})


@operation("POST", "/v1/models/import", model(Operation))
def import_models(upload: str) -> Ask:
    """Let the service read a bundle of models.

    Args:
        upload: identifier of the bundle.
    """
    return Ask(json={"upload": upload})


@operation("GET", "/v1/processors", values)
def processors() -> Ask:
    """Return what can be done to faces and frames, as JSON values."""
    return Ask()


@operation("GET", "/v1/options", values)
def options() -> Ask:
    """Return the options that a job may set, as a JSON Schema."""
    return Ask()


@operation("POST", "/v1/verify", model(Verified), has_key=False, is_slow=True)
def verify(content: bytes, *, name: str = "file") -> Ask:
    """Read all marks of a file; the service keeps nothing of it.

    Args:
        content: of the file.
        name: how the answer calls it.
    """
    return Ask(query={"name": name}, content=content, headers={"Content-Type": "application/octet-stream"})


@operation("POST", "/v1/uploads/{upload_id}/verify", model(Verified), has_key=False, is_slow=True)
def verify_upload(upload_id: str) -> Ask:
    """Read all marks of an upload."""
    return Ask({"upload_id": upload_id})


@operation("GET", "/v1/operations", model(Page[Operation]))
def operations(*, limit: int = 50, cursor: str | None = None) -> Ask:
    """Return a page of what the service did beside requests, the newest first.

    Args:
        limit: most of them.
        cursor: of the page before; None for the first.
    """
    return Ask(query={"limit": limit, "cursor": cursor})


@operation("GET", "/v1/operations/{operation_id}", model(Operation))
def show_operation(operation_id: str) -> Ask:
    """Return something that the service does beside requests."""
    return Ask({"operation_id": operation_id})


@operation("POST", "/v1/operations/{operation_id}/cancel", model(Operation))
def cancel_operation(operation_id: str) -> Ask:
    """Ask something that the service does beside requests to end."""
    return Ask({"operation_id": operation_id})


@operation("GET", "/v1/audit", model(Page[Entry]))
def audit(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str | Sequence[str] = (),
    job: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    **more: Any,
) -> Ask:
    """Return a page of the audit log, the oldest first unless `order` says otherwise.

    Args:
        since: not older.
        until: older than this.
        kind: such as `published`; several for entries of any of them.
        job: as the log knows it.
        limit: most entries.
        cursor: of the page before; None for the first.
        more: `result`, `actor`, `pseudonym`, `consent`, `subject`, `input`, `output`, or `order` (`newest`).
    """
    return Ask(query=_wanted(since, until, kind, job) | {"limit": limit, "cursor": cursor, **more})


@operation("GET", "/v1/audit/export", as_bytes, is_slow=True)
def export_entries(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str | Sequence[str] = (),
    job: str | None = None,
    **more: Any,
) -> Ask:
    """Return entries as lines of JSON with their signatures, as bytes; arguments as of `audit`."""
    return Ask(query=_wanted(since, until, kind, job) | more)


@operation("GET", "/v1/audit/chain", model(Chain))
def chain() -> Ask:
    """Return what the last check of the audit log found."""
    return Ask()


@operation("POST", "/v1/audit/chain", model(Chain))
def check_chain() -> Ask:
    """Have the audit log checked, beside this call."""
    return Ask()


@operation("GET", "/v1/audit/{entry_id}", model(Entry))
def show_entry(entry_id: str) -> Ask:
    """Return an entry of the audit log."""
    return Ask({"entry_id": entry_id})


@operation("GET", "/v1/health/live", values)
def live() -> Ask:
    """Return whether the service lives."""
    return Ask()


@operation("GET", "/v1/health/ready", values)
def ready() -> Ask:
    """Return whether the service can work; where it cannot, that is an error."""
    return Ask()


@operation("GET", "/v1/version", values)
def version() -> Ask:
    """Return what runs there."""
    return Ask()


@operation("GET", "/v1/queue", values)
def queue() -> Ask:
    """Return how much waits, is done and was done."""
    return Ask()


@operation("GET", "/v1/workers", values)
def workers() -> Ask:
    """Return who works there."""
    return Ask()


@operation("GET", "/v1/failures", model(Failed))
def failures(
    *, since: datetime | None = None, until: datetime | None = None, by: Sequence[str] = (), limit: int = 100
) -> Ask:
    """Return which jobs failed and have not been tried again, and why.

    Args:
        since: when they failed at the earliest.
        until: before that.
        by: what is counted together: `reason`, `stage`, `worker`, `version`.
        limit: most jobs that are listed.
    """
    return Ask(query={**_times(since, until), "by": list(by) or None, "limit": limit})


@operation("GET", "/v1/quality", model(MeasuredJobList))
def quality(
    *, since: datetime | None = None, until: datetime | None = None, suspicious: bool = False, limit: int = 100
) -> Ask:
    """Return what was measured of finished jobs, the latest first.

    Args:
        since: when they were measured at the earliest.
        until: before that.
        suspicious: only those of which a figure is outside its bounds.
        limit: most jobs.
    """
    return Ask(query={**_times(since, until), "suspicious": suspicious or None, "limit": limit})


def _times(since: datetime | None, until: datetime | None) -> dict[str, str]:
    return {name: time.isoformat() for name, time in (("since", since), ("until", until)) if time is not None}


def _wanted(
    since: datetime | None, until: datetime | None, kind: str | Sequence[str], job: str | None
) -> dict[str, Any]:
    kinds = [kind] if isinstance(kind, str) else list(kind)
    times = {"since": since, "until": until}
    told = {name: None if time is None else time.isoformat() for name, time in times.items()}
    return {**told, "kind": kinds, "job": job}
