"""Jobs: asked for, looked at, stopped, reviewed, fetched."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from facefusion.jobs.board import JobBoard
from facefusion.jobs.estimate import Estimator
from facefusion.jobs.quality.samples import Samples
from facefusion.jobs.quality.values import Quality
from facefusion.jobs.request import JobRequest
from facefusion.jobs.roots import roots_of
from facefusion.jobs.states import FINAL, JobState
from facefusion.jobs.values import Job
from facefusion.jobs.work.delivering import deliver_result
from facefusion.jobs.work.removing import remove_job_files
from facefusion.service.etags import revision_wanted
from facefusion.service.events import EventStream
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.review import check_fetchable, check_reviewer, is_visible
from facefusion.service.gateway.still import Still
from facefusion.service.jobs.answers import (
    EventList,
    JobAnswer,
    JobPage,
    event_answer,
    job_answer,
    tag_of_job,
)
from facefusion.service.jobs.creation import found, new_job, submitted
from facefusion.service.jobs.downloads import handed_out, output_of
from facefusion.service.jobs.estimates import Estimate, TimeAnswer, estimated, time_answer
from facefusion.service.jobs.listing import WantedJobs, how_far, jobs_page
from facefusion.service.jobs.steering import Held, Judged, Steered, told, woken
from facefusion.service.paging import Page
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, ServiceRoute, answered, keep_within
from facefusion.service.values import Body, Digest, Id
from facefusion.service.values import Query as Parameters
from facefusion.service.worker_names import worker_names

ROUTER: Final = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=ServiceRoute)
_MOST_SOURCES: Final = 64

Reader = Annotated[Caller, Depends(require("jobs:read"))]
Writer = Annotated[Caller, Depends(require("jobs:write"))]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Order(Body):
    """What a job is to do. A file is named as `upload:ID`, `face:ID`, `job:ID` (its result), or by an address."""

    sources: list[Text] = Field(
        default=[], max_length=_MOST_SOURCES, description="pictures and clips of the new face, or a face"
    )
    target: Annotated[Text, Field(description="picture or video to edit")]
    output: Annotated[str, Field(min_length=1, max_length=150, description="name of the result, such as film.mp4")]
    deliver_to: Annotated[Text | None, Field(description="address that the result is copied to as well")] = None
    options: dict[str, Any] = Field(default={}, description="by name; see /v1/options")
    digests: dict[Text, Digest] = Field(default={}, description="SHA-256 that files shall have, by what names them")

    def request(self) -> JobRequest:
        """Return it as workers take it.

        Raises:
            OptionsError: something in it is unknown or impossible.
        """
        return JobRequest.parse(self.model_dump(include=set(Order.model_fields), exclude_defaults=True))


class NewJobOrder(Order):
    """A job that is to be done."""

    priority: Annotated[int, Field(ge=0, le=9, description="higher goes first")] = 4


class Priority(Body):
    """Another priority."""

    priority: Annotated[int, Field(ge=0, le=9)]


class Reason(Body):
    """Why a result is approved or rejected."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class WhichJobs(Page):
    """Which jobs are listed; all that is given must hold."""

    q: Annotated[
        str | None,
        Field(max_length=200, description="words, or how they begin, of files, processors, the identifier, the error"),
    ] = None
    state: list[JobState] = Field(default=[], max_length=9, description="in one of these states")
    owner: Annotated[str | None, Field(max_length=200, description="asked for by them")] = None
    created_since: Annotated[AwareDatetime | None, Field()] = None
    created_before: Annotated[AwareDatetime | None, Field()] = None
    priority: Annotated[int | None, Field(ge=0, le=9)] = None
    suspicious: Annotated[bool, Field(description="something unusual was measured of them")] = False
    order: Annotated[
        Literal["newest", "oldest"], Field(description="which come first; a cursor goes on in its own order")
    ] = "newest"


class WhichEvents(Parameters):
    """Which events are wanted, where they are not streamed."""

    after: Annotated[int, Field(ge=0, description="those after this one")] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class HowToFetch(Parameters):
    """How a result is handed out."""

    redirect: Annotated[bool, Field(description="whether the answer may lead to the storage")] = True


@ROUTER.post("", status_code=201, response_model=JobAnswer, responses=documented(404, 409))
def create(order: NewJobOrder, request: Request, parts: Parts, caller: Writer, _key: IdempotencyKey = None) -> Response:
    """Ask for a job; when this is answered it will be done, whatever is killed."""
    what = found(parts, caller, order.request())
    new = new_job(parts, caller, what, order.priority)

    def keep(connection: Connection, job: Job) -> None:
        keep_within(request, connection, _created(job))

    return _created(woken(parts, submitted(parts, new, what.uploads, keep)))


@ROUTER.post("/estimate", responses=documented(404, 409))
def estimate(order: Order, parts: Parts, caller: Writer) -> Estimate:
    """Say whether a job could be taken, how it would be cut, and how long it may take; nothing is begun."""
    return estimated(parts, found(parts, caller, order.request()))


@ROUTER.get("", response_model=JobPage, responses=documented())
def show_all(which: Annotated[WhichJobs, Query()], parts: Parts, caller: Reader) -> Response:
    """List jobs, by when they came."""
    wanted = WantedJobs(
        caller.tenant,
        tuple(which.state),
        which.owner,
        since=which.created_since,
        until=which.created_before,
        priority=which.priority,
        suspicious=which.suspicious,
        question=(which.q or "").strip() or None,
        is_oldest_first=which.order == "oldest",
    )
    beyond = parts.cursors.number(which.cursor)
    jobs = jobs_page(parts.engine, wanted, beyond=beyond, limit=which.limit)
    quality = Samples(parts.engine).of(each for each in jobs if each.result is not None)
    shown = [job_answer(each, quality=quality.get(each.number)) for each in jobs[: which.limit]]
    return answered(JobPage(jobs=shown, next=parts.cursors.next_of(jobs, which.limit)))


@ROUTER.get(
    "/{job_id}",
    response_model=JobAnswer,
    responses=documented(404, also={304: {"description": "It is as the client has it"}}),
)
def show(
    job_id: Id,
    parts: Parts,
    caller: Reader,
    _if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """Show one job, with how far it is."""
    job = parts.board.job(job_id, tenant=caller.tenant)
    done = how_far(parts.engine, job)
    return answered(job_answer(job, done, _quality(parts, job)), ETag=tag_of_job(job, done))


@ROUTER.get("/{job_id}/estimate", responses=documented(404))
def estimate_time(job_id: Id, parts: Parts, caller: Reader) -> TimeAnswer:
    """Say when a job begins and ends, as far as that can be told from what was measured here."""
    return time_answer(Estimator(parts.engine).estimate(job_id, tenant=caller.tenant))


@ROUTER.get(
    "/{job_id}/events",
    response_model=EventList,
    responses=documented(
        404,
        also={
            200: {
                "description": "Events in order, or a stream of them where `Accept` asks for `text/event-stream`",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            204: {"description": "Nothing follows `Last-Event-ID`, and nothing will"},
        },
    ),
)
def show_events(
    *,
    job_id: Id,
    request: Request,
    which: Annotated[WhichEvents, Query()],
    parts: Parts,
    caller: Reader,
    last_event_id: Annotated[str | None, Header(pattern="^[0-9]{1,18}$", description="where a stream goes on")] = None,
) -> Response:
    """Show what happened to a job, or tell of it as it happens.

    A stream has the events `progress` and `frame` besides, which have no number. It ends when the job does; a client
    that comes back after that with `Last-Event-ID` is answered with 204, which tells browsers not to ask again.
    """
    job = parts.board.job(job_id, tenant=caller.tenant)
    names = worker_names(parts.records, caller)
    if "text/event-stream" not in request.headers.get("accept", ""):
        events = parts.board.events(job_id, tenant=caller.tenant, after=which.after, limit=which.limit)
        return answered(EventList(events=[event_answer(each, names) for each in events]))
    after = which.after if last_event_id is None else int(last_event_id)
    is_over = last_event_id is not None and job.state in FINAL
    if is_over and not parts.board.events(job_id, tenant=caller.tenant, after=after, limit=1):
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = EventStream(
        parts, job, after, names=names, shows_frames=is_visible(job, caller), still=Still.of(request.scope)
    )
    return StreamingResponse(stream, headers=headers, media_type="text/event-stream")


_CHANGED: Final[dict[str, Any]] = {"response_model": JobAnswer, "responses": documented(404, 409, 412)}


@ROUTER.post("/{job_id}/cancel", **_CHANGED)
def cancel(job: Steered) -> Response:
    """Stop a job; whoever works at it hears of it within seconds."""
    return told(job.board.cancel(job.job_id, tenant=job.tenant))


@ROUTER.post("/{job_id}/pause", **_CHANGED)
def pause(job: Steered) -> Response:
    """Begin nothing more of a job until it is resumed; what is being done goes to its end."""
    return told(job.board.pause(job.job_id, tenant=job.tenant))


@ROUTER.post("/{job_id}/resume", **_CHANGED)
def resume(job: Steered) -> Response:
    """Go on with a job that was paused."""
    return told(woken(job.parts, job.board.resume(job.job_id, tenant=job.tenant)))


@ROUTER.post("/{job_id}/retry", **_CHANGED)
def retry(job: Steered) -> Response:
    """Try a job again that failed or was cancelled, from what is finished of it."""
    return told(woken(job.parts, job.board.retry(job.job_id, tenant=job.tenant)))


@ROUTER.put("/{job_id}/priority", **_CHANGED)
def prioritise(job: Held, order: Priority) -> Response:
    """Give a job another priority, which holds for what is not begun yet."""
    return told(job.board.prioritise(job.job_id, order.priority, tenant=job.tenant))


@ROUTER.post("/{job_id}/approve", **_CHANGED)
def approve(job: Judged, order: Reason) -> Response:
    """Let the result of a job be fetched; whoever asked for the job cannot do that."""
    return told(_reviewed(job.parts, job.caller, job.job_id, order, job.if_match, approves=True))


@ROUTER.post("/{job_id}/reject", **_CHANGED)
def reject(job: Judged, order: Reason) -> Response:
    """Let nobody have the result of a job; whoever asked for the job cannot do that."""
    return told(_reviewed(job.parts, job.caller, job.job_id, order, job.if_match, approves=False))


_MEDIA: Final = ("application/octet-stream", "audio/*", "image/*", "video/*")
_BYTES: Final = {kind: {"schema": {"type": "string"}} for kind in _MEDIA}
FILE: Final[dict[int, dict[str, Any]]] = {
    200: {"description": "The file", "content": _BYTES},
    206: {"description": "A part of it", "content": _BYTES},
    304: {"description": "It is as the client has it"},
    307: {"description": "The file is in the storage, at `Location`"},
    416: {"description": "It has no such part"},
}


@ROUTER.get("/{job_id}/result", response_class=Response, responses=documented(404, 409, also=FILE))
def fetch_result(
    job_id: Id, request: Request, how: Annotated[HowToFetch, Query()], parts: Parts, caller: Reader
) -> Response:
    """Fetch the result of a job: the first of its outputs."""
    return _fetched(parts, caller, request, job_id, 0, how=how)


@ROUTER.get("/{job_id}/outputs/{number}", response_class=Response, responses=documented(404, 409, also=FILE))
def fetch_output(
    *,
    job_id: Id,
    number: Annotated[int, Field(ge=0, le=1000)],
    request: Request,
    how: Annotated[HowToFetch, Query()],
    parts: Parts,
    caller: Reader,
) -> Response:
    """Fetch one output of a job."""
    return _fetched(parts, caller, request, job_id, number, how=how)


@ROUTER.delete("/{job_id}", status_code=204, response_class=Response, responses=documented(404, 409, 412))
def remove(job: Held) -> Response:
    """Forget a job that is finished, with its result."""
    remove_job_files(job.parts.storage, job.board.remove(job.job_id, tenant=job.tenant))
    return Response(status_code=204)


def _quality(parts: ServiceParts, job: Job) -> Quality | None:
    """Return what was measured of a job; of one without a result nothing was, and nobody is asked."""
    return None if job.result is None else Samples(parts.engine).of([job]).get(job.number)


def _reviewed(
    parts: ServiceParts, caller: Caller, job_id: str, order: Reason, if_match: str | None, *, approves: bool
) -> Job:
    def check(job: Job) -> None:
        revision_wanted(if_match, job.revision)
        check_reviewer(job, caller)

    board = JobBoard(parts.engine, check=check)
    delivered: list[str] = []
    if approves:  # who is told that a result is approved finds it where it was to be delivered
        job = board.job(job_id, tenant=caller.tenant)
        check(job)
        allowed = roots_of(parts.settings.allowed_roots, job.tenant)
        delivered = deliver_result(job, parts.storage, allowed, settings=parts.places)
    return board.review(
        job_id,
        tenant=caller.tenant,
        reviewer=caller.actor,
        approves=approves,
        reason=order.reason,
        delivered=delivered,
    )


def _fetched(
    parts: ServiceParts, caller: Caller, request: Request, job_id: str, number: int, *, how: HowToFetch
) -> Response:
    job = parts.board.job(job_id, tenant=caller.tenant)
    check_fetchable(job, caller)
    return handed_out(parts, request, output_of(job, number), may_redirect=how.redirect)


def _created(job: Job) -> Response:
    return answered(job_answer(job), 201, Location=f"/v1/jobs/{job.id}", ETag=tag_of_job(job, None))
