"""Jobs in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from facefusion.jobs.estimate import Estimate
from facefusion.jobs.measures import Range
from facefusion.jobs.quality.values import Quality
from facefusion.jobs.values import Event, Job


def job_facts(job: Job, quality: Quality | None = None) -> dict[str, Any]:
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
        "quality": None if quality is None else quality.to_json(),
    }


def job_line(job: Job, quality: Quality | None = None) -> str:
    """Return a job on one line."""
    state = "paused" if job.is_paused else job.state
    done = f" {job.segments_done}/{job.segments}" if job.segments else ""
    why = f": {job.failure.what}" if job.failure is not None else ""
    name = job.request.get("output", "")
    odd = f" [{', '.join(quality.flags)}]" if quality is not None and quality.is_suspicious else ""
    return f"{job.id}  {job.created:%Y-%m-%d %H:%M}  {job.priority}  {state}{done}  {name}{why}{odd}"


def job_lines(job: Job, quality: Quality | None = None) -> Iterator[str]:
    """Yield all that is known of a job, for people."""
    for name, value in job_facts(job).items():
        if value not in (None, {}, [], False) and name not in {"request", "result", "error", "review", "quality"}:
            yield f"{name.replace('_', ' ')}: {value}"
    if job.failure is not None:
        yield f"error: {job.failure.what}. {job.failure.hint}".rstrip()
    for each in (job.result or {}).get("outputs", ()):
        yield f"output: {each['name']}, {each['form']}, {each['size']} bytes, SHA-256 {each['sha256']}"
    for note in (job.result or {}).get("notes", ()):
        yield f"note: {note}"
    if job.review is not None:
        yield f"review: {'approved' if job.review.get('approves') else 'rejected'} by {job.review.get('by')}"
    if quality is not None:
        yield from _quality_lines(quality)


def estimate_facts(estimate: Estimate) -> dict[str, Any]:
    """Return what can be said of a job's time, as JSON values."""
    return asdict(estimate)


def estimate_lines(estimate: Estimate) -> Iterator[str]:
    """Yield what can be said of a job's time, for people."""
    if estimate.progress is not None:
        yield f"progress: {estimate.progress:.0%}, {estimate.frames_done} frames"
    if estimate.begins is not None and estimate.begins.high > 0:
        yield f"begins: in {_range(estimate.begins)}"
    for stage in estimate.stages:
        took = _range(stage.takes) if stage.takes is not None else "not known, too few were measured"
        yield f"{stage.kind}: {stage.tasks} to do, {took} (by {stage.rests_on} that were measured)"
    if estimate.ends is not None:
        yield f"ends: in {_range(estimate.ends)}"
    else:
        yield f"ends: not known, {estimate.why_not}"


def _quality_lines(quality: Quality) -> Iterator[str]:
    if quality.state == "waiting":
        yield "quality: will be measured"
    elif quality.state == "skipped":
        yield f"quality: not measured. {quality.why_not}"
    else:
        yield f"quality: {', '.join(quality.flags) or 'nothing unusual'}"
        known = ((name, value) for name, value in quality.measures.items() if value is not None)
        yield f"measures: {', '.join(f'{name} {value:.3g}' for name, value in known)}"


def _range(seconds: Range) -> str:
    return f"{_span(seconds.likely)} ({_span(seconds.low)} to {_span(seconds.high)})"


def _span(seconds: float) -> str:
    """Return a time in the two largest of its units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def event_facts(event: Event) -> dict[str, Any]:
    """Return an event as JSON values."""
    return {"id": event.id, "kind": event.kind, "at": event.at.isoformat(), "facts": dict(event.facts)}


def event_line(event: Event) -> str:
    """Return an event on one line."""
    facts = ", ".join(f"{name} {value}" for name, value in event.facts.items())
    return f"{event.at:%Y-%m-%d %H:%M:%S}  {event.kind}  {facts}".rstrip()


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
