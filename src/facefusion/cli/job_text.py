"""Jobs in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from facefusion.jobs.values import Event, Job


def job_facts(job: Job) -> dict[str, Any]:
    """Return what is known of a job, as JSON values."""
    return {
        "id": job.id,
        "tenant": job.tenant,
        "owner": job.owner,
        "state": job.state,
        "is_paused": job.is_paused,
        "priority": job.priority,
        "created": _text(job.created),
        "started": _text(job.started),
        "finished": _text(job.finished),
        "segments": job.segments,
        "segments_done": job.segments_done,
        "frames": job.frames,
        "request": dict(job.request),
        "error": None if job.failure is None else job.failure.to_json(),
        "result": None if job.result is None else dict(job.result),
        "review": None if job.review is None else dict(job.review),
    }


def job_line(job: Job) -> str:
    """Return a job on one line."""
    state = "paused" if job.is_paused else job.state
    done = f" {job.segments_done}/{job.segments}" if job.segments else ""
    why = f": {job.failure.what}" if job.failure is not None else ""
    return (
        f"{job.id}  {job.created:%Y-%m-%d %H:%M}  {job.priority}  {state}{done}  {job.request.get('output', '')}{why}"
    )


def job_lines(job: Job) -> Iterator[str]:
    """Yield all that is known of a job, for people."""
    for name, value in job_facts(job).items():
        if value not in (None, {}, [], False) and name not in {"request", "result", "error", "review"}:
            yield f"{name.replace('_', ' ')}: {value}"
    if job.failure is not None:
        yield f"error: {job.failure.what}. {job.failure.hint}".rstrip()
    for each in (job.result or {}).get("outputs", ()):
        yield f"output: {each['name']}, {each['form']}, {each['size']} bytes, SHA-256 {each['sha256']}"
    for note in (job.result or {}).get("notes", ()):
        yield f"note: {note}"
    if job.review is not None:
        yield f"review: {'approved' if job.review.get('approves') else 'rejected'} by {job.review.get('by')}"


def event_facts(event: Event) -> dict[str, Any]:
    """Return an event as JSON values."""
    return {"id": event.id, "kind": event.kind, "at": event.at.isoformat(), "facts": dict(event.facts)}


def event_line(event: Event) -> str:
    """Return an event on one line."""
    facts = ", ".join(f"{name} {value}" for name, value in event.facts.items())
    return f"{event.at:%Y-%m-%d %H:%M:%S}  {event.kind}  {facts}".rstrip()


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
