"""Operations on jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from facefusion.client.call import Ask, content, model, nothing, operation, values
from facefusion.client.pages import Page
from facefusion.client.values import Job, JobEvent, JobFrameList, JobTime, LinkList, NewLink, Shared


def _order(
    target: str,
    output: str,
    sources: Sequence[str],
    options: Mapping[str, Any] | None,
    *,
    deliver_to: str | None,
    digests: Mapping[str, str] | None,
) -> dict[str, Any]:
    order = {"target": target, "output": output, "sources": list(sources)}
    more = {"options": dict(options or {}), "digests": dict(digests or {}), "deliver_to": deliver_to}
    return order | {name: value for name, value in more.items() if value}


def _if_match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}-0"'}


@operation("POST", "/v1/jobs", model(Job))
def submit(
    target: str,
    output: str,
    *,
    sources: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    priority: int = 4,
    deliver_to: str | None = None,
    digests: Mapping[str, str] | None = None,
) -> Ask:
    """Ask for a job; when this returns it will be done.

    Args:
        target: picture or video to edit, as `upload:ID`, `job:ID` (its result), or an address.
        output: name of the result; its ending chooses the form.
        sources: pictures and clips of the new face, or `face:ID`.
        options: by name.
        priority: from 0 to 9; higher goes first.
        deliver_to: address that the result is copied to as well.
        digests: SHA-256 that files shall have, by what names them.
    """
    order = _order(target, output, sources, options, deliver_to=deliver_to, digests=digests)
    return Ask(json={**order, "priority": priority})


@operation("POST", "/v1/jobs/estimate", values)
def estimate(
    target: str,
    output: str,
    *,
    sources: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    deliver_to: str | None = None,
) -> Ask:
    """Return whether a job could be taken, and how it would be cut; arguments as of `submit`."""
    return Ask(json=_order(target, output, sources, options, deliver_to=deliver_to, digests=None))


@operation("GET", "/v1/jobs", model(Page[Job]))
def page(
    *,
    q: str | None = None,
    state: Sequence[str] = (),
    owner: str | None = None,
    created_since: datetime | None = None,
    created_before: datetime | None = None,
    priority: int | None = None,
    suspicious: bool = False,
    order: Literal["newest", "oldest"] = "newest",
    limit: int = 50,
    cursor: str | None = None,
) -> Ask:
    """Return a page of jobs, by when they came; all that is given must hold.

    Args:
        q: words, or how they begin, of files, processors, the identifier or the error; all must be there.
        state: in one of these states.
        owner: asked for by them.
        created_since: not before.
        created_before: before.
        priority: that they have.
        suspicious: something unusual was measured of them.
        order: which come first.
        limit: most of them.
        cursor: of the page before; None for the first.
    """
    times = {"created_since": created_since, "created_before": created_before}
    query = {name: time.isoformat() for name, time in times.items() if time is not None}
    more = {"q": q, "owner": owner, "priority": priority, "order": order, "limit": limit, "cursor": cursor}
    return Ask(query={**query, **more, "state": list(state) or None, "suspicious": suspicious or None})


@operation("GET", "/v1/jobs/{job_id}", model(Job))
def show(job_id: str) -> Ask:
    """Return a job, with how far it is."""
    return Ask({"job_id": job_id})


@operation("GET", "/v1/jobs/{job_id}/estimate", model(JobTime))
def time(job_id: str) -> Ask:
    """Return when a job begins and ends, as far as that can be told."""
    return Ask({"job_id": job_id})


@operation("GET", "/v1/jobs/{job_id}/events", model(Page[JobEvent]))
def events(job_id: str, *, after: int = 0, limit: int = 200) -> Ask:
    """Return what happened to a job, in order.

    Args:
        job_id: of the job.
        after: those after this one.
        limit: most of them.
    """
    return Ask({"job_id": job_id}, query={"after": after, "limit": limit})


@operation("POST", "/v1/jobs/{job_id}/cancel", model(Job))
def cancel(job_id: str, *, revision: int | None = None) -> Ask:
    """Stop a job.

    Args:
        job_id: of the job.
        revision: that it must have; any when None.
    """
    return Ask({"job_id": job_id}, headers=_if_match(revision))


@operation("POST", "/v1/jobs/{job_id}/pause", model(Job))
def pause(job_id: str, *, revision: int | None = None) -> Ask:
    """Begin nothing more of a job until it is resumed; arguments as of `cancel`."""
    return Ask({"job_id": job_id}, headers=_if_match(revision))


@operation("POST", "/v1/jobs/{job_id}/resume", model(Job))
def resume(job_id: str, *, revision: int | None = None) -> Ask:
    """Go on with a job that was paused; arguments as of `cancel`."""
    return Ask({"job_id": job_id}, headers=_if_match(revision))


@operation("POST", "/v1/jobs/{job_id}/retry", model(Job))
def retry(job_id: str, *, revision: int | None = None) -> Ask:
    """Try a job again that failed or was cancelled; arguments as of `cancel`."""
    return Ask({"job_id": job_id}, headers=_if_match(revision))


@operation("PUT", "/v1/jobs/{job_id}/priority", model(Job))
def prioritise(job_id: str, priority: int, *, revision: int | None = None) -> Ask:
    """Give a job another priority.

    Args:
        job_id: of the job.
        priority: from 0 to 9.
        revision: that it must have; any when None.
    """
    return Ask({"job_id": job_id}, json={"priority": priority}, headers=_if_match(revision))


@operation("POST", "/v1/jobs/{job_id}/approve", model(Job))
def approve(job_id: str, *, reason: str = "", revision: int | None = None) -> Ask:
    """Let the result of a job be fetched.

    Args:
        job_id: of the job.
        reason: why.
        revision: that it must have; any when None.
    """
    return Ask({"job_id": job_id}, json={"reason": reason}, headers=_if_match(revision))


@operation("POST", "/v1/jobs/{job_id}/reject", model(Job))
def reject(job_id: str, *, reason: str = "", revision: int | None = None) -> Ask:
    """Let nobody have the result of a job; arguments as of `approve`."""
    return Ask({"job_id": job_id}, json={"reason": reason}, headers=_if_match(revision))


@operation("GET", "/v1/jobs/{job_id}/result", content)
def result(job_id: str) -> Ask:
    """Return the result of a job as bytes; `download` is for what is large."""
    return Ask({"job_id": job_id}, query={"redirect": "false"})


@operation("GET", "/v1/jobs/{job_id}/outputs/{number}", content)
def output(job_id: str, number: int) -> Ask:
    """Return one output of a job as bytes; `download` is for what is large."""
    return Ask({"job_id": job_id, "number": str(number)}, query={"redirect": "false"})


@operation("GET", "/v1/jobs/{job_id}/target", content)
def target(job_id: str) -> Ask:
    """Return the picture or video that a job edits, as bytes, as long as it is kept."""
    return Ask({"job_id": job_id}, query={"redirect": "false"})


@operation("GET", "/v1/jobs/{job_id}/target/frames", content)
def target_frame(job_id: str, seconds: float, *, width: int | None = None, form: str = "jpg") -> Ask:
    """Return a frame of what a job edits, as bytes of a picture.

    Args:
        job_id: of the job.
        seconds: from the first frame.
        width: most pixels across; its own when None.
        form: `jpg`, `png` or `webp`.
    """
    return Ask({"job_id": job_id}, query={"time": seconds, "width": width, "form": form})


@operation("GET", "/v1/jobs/{job_id}/sources/{number}", content)
def source(job_id: str, number: int) -> Ask:
    """Return a source of a job as bytes, as long as it is kept.

    Args:
        job_id: of the job.
        number: of the source in the request, from 0.
    """
    return Ask({"job_id": job_id, "number": str(number)}, query={"redirect": "false"})


@operation("DELETE", "/v1/jobs/{job_id}", nothing)
def remove(job_id: str, *, revision: int | None = None) -> Ask:
    """Forget a job that is finished, with its result; arguments as of `cancel`."""
    return Ask({"job_id": job_id}, headers=_if_match(revision))


@operation("GET", "/v1/jobs/{job_id}/frames", model(JobFrameList))
def frames(job_id: str) -> Ask:
    """Return which small pictures there are of frames of a job that is not finished."""
    return Ask({"job_id": job_id})


@operation("GET", "/v1/jobs/{job_id}/frames/{number}", content)
def frame(job_id: str, number: int) -> Ask:
    """Return a small picture of one frame, as the bytes of a JPEG."""
    return Ask({"job_id": job_id, "number": str(number)})


@operation("GET", "/v1/jobs/{job_id}/thumbnail", content)
def thumbnail(job_id: str) -> Ask:
    """Return a small picture of the result, as the bytes of a JPEG."""
    return Ask({"job_id": job_id})


@operation("POST", "/v1/jobs/{job_id}/links", model(NewLink))
def share(job_id: str, *, hours: int = 72, label: str = "") -> Ask:
    """Make a link by which anybody who has it may fetch the result, without a key.

    Args:
        job_id: of the job.
        hours: after which it ends, up to 720.
        label: what it is for; whoever follows it does not see that.
    """
    return Ask({"job_id": job_id}, json={"hours": hours, "label": label})


@operation("GET", "/v1/jobs/{job_id}/links", model(LinkList))
def links(job_id: str) -> Ask:
    """Return the links of a job that have not ended, the newest first."""
    return Ask({"job_id": job_id})


@operation("DELETE", "/v1/jobs/{job_id}/links/{link_id}", nothing)
def unshare(job_id: str, link_id: str) -> Ask:
    """Take a link back."""
    return Ask({"job_id": job_id, "link_id": link_id})


@operation("GET", "/v1/shared/{token}", model(Shared))
def shared(token: str) -> Ask:
    """Return what a link leads to; needs no key."""
    return Ask({"token": token})


@operation("GET", "/v1/shared/{token}/file", content)
def shared_file(token: str) -> Ask:
    """Return the file that a link leads to, as bytes; needs no key."""
    return Ask({"token": token})


@operation("POST", "/v1/previews", content, has_key=False, is_slow=True)
def preview(
    target: str,
    *,
    sources: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    frame: int | None = None,
    time: float | None = None,
    max_side: int | None = None,
    compare: bool = False,
    form: str = "png",
) -> Ask:
    """Return one frame as a job would give it, as the bytes of a picture.

    Args:
        target: as of `submit`.
        sources: as of `submit`.
        options: as of `submit`.
        frame: its number, from 0.
        time: a moment instead, in seconds.
        max_side: longest side of the picture.
        compare: whether the frame before is beside it.
        form: `png`, `jpg` or `webp`.
    """
    given = {"frame": frame, "time": time, "max_side": max_side}
    order = {"target": target, "sources": list(sources), "options": dict(options or {}), "compare": compare}
    return Ask(json={**order, "form": form, **{name: each for name, each in given.items() if each is not None}})


@operation("POST", "/v1/previews/frames", values, has_key=False, is_harmless=True, is_slow=True)
def preview_frame(
    target: str,
    *,
    sources: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    frame: int | None = None,
    time: float | None = None,
    max_side: int | None = None,
    layers: Sequence[str] = (),
    session: str = "client",
) -> Ask:
    """Return one frame as data, from a preview that stays open; its pictures are files in Base64.

    Args:
        target: as of `submit`.
        sources: as of `submit`.
        options: as of `submit`.
        frame: its number, from 0.
        time: a moment instead, in seconds.
        max_side: longest side of the picture.
        layers: `before`, `changes`, `landmarks`.
        session: requests of one share what was found out; the newest takes the place of those that wait.
    """
    given = {"frame": frame, "time": time, "max_side": max_side}
    order = {"target": target, "sources": list(sources), "options": dict(options or {}), "layers": list(layers)}
    return Ask(json={**order, "session": session, **{name: each for name, each in given.items() if each is not None}})
