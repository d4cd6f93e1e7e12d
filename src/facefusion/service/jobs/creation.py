"""From an order to a job in the queue: everything that can be refused at once is refused at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from facefusion.errors import JobStateError, OptionsError, StorageAddressError, UploadError
from facefusion.jobs.database import looking, until_it_goes_through, writing
from facefusion.jobs.origin import origin_now
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.roots import roots_of
from facefusion.jobs.storage.addresses import allowed_root, parsed_address
from facefusion.jobs.values import Job, NewJob
from facefusion.service.editing.people import person_of
from facefusion.service.faces.store import KeptFace, built, face_with
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import ServiceParts
from facefusion.service.uploads.store import ready, use_uploads
from facefusion.service.uploads.values import Upload

Keep = Callable[[Connection, Job], None]
_LONGEST_NAME = 255
_CLIPS = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".ts", ".mxf", ".gif", ".apng"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a request names, once it was found.

    Attributes:
        request: with the digests of its files.
        uploads: that it needs.
        is_clip: whether its target moves; None where that is not known before it is read.
        frames: of the target; None where that is not known.
        names: of files, by what names them in the request.
    """

    request: JobRequest
    uploads: tuple[Upload, ...]
    is_clip: bool | None
    frames: int | None
    names: Mapping[str, str]

    def is_cut(self, cut_after: int) -> bool:
        """Whether its job is cut into segments; a clip of unknown length is, as it may be long.

        Args:
            cut_after: frames of a clip from which on that is done.
        """
        if self.is_clip is None:
            return Path(self.request.target).suffix.lower() in _CLIPS
        return self.is_clip and (self.frames is None or self.frames > cut_after)


def found(parts: ServiceParts, caller: Caller, request: JobRequest) -> Found:
    """Look for everything that a request names.

    Raises:
        ResourceUnknownError: an upload or a face is not there.
        JobUnknownError, JobStateError: a job is not there, or has no result.
        UploadError: an upload is not finished, or cannot be used so.
        StorageAddressError: an address is not below those that the tenant may name.
        OptionsError: a file of the request is another than it says.
    """
    uploads, digests, names = [], dict[str, str](), dict[str, str]()
    is_clip, frames = None, None
    for text in request.references():
        reference = Reference.parse(text)
        if reference.kind == "upload":
            upload = ready(parts.uploads.get(reference.value, tenant=caller.tenant))
            uploads.append(upload)
            digests[text], names[text] = upload.sha256 or "", upload.name
            if text == request.target:
                is_clip, frames = _seen(ready(upload, "picture", "video"))
        elif reference.kind == "person":
            upload, digests[text] = _person(parts, caller, text, reference, request)
            uploads.append(upload)
            names[text] = upload.name
        elif reference.kind == "face":
            face = _face(parts, caller, text, reference, request)
            digests[text], names[text] = face.sha256 or "", face.name
        elif reference.kind == "job":
            job = parts.board.job(reference.value, tenant=caller.tenant)
            output = _output(job)
            digests[text], names[text] = str(output["sha256"]), str(output["name"])
            if text == request.target:
                is_clip = (job.result or {}).get("kind") == "video"
                frames = job.frames if is_clip else None
        else:
            _check_address(parts, caller, reference.value)
            names[text] = reference.value.rstrip("/").rpartition("/")[2][:_LONGEST_NAME]
    if request.deliver_to is not None:
        _check_address(parts, caller, request.deliver_to)
    for text, digest in request.digests.items():
        if digests.get(text, digest) != digest:
            raise OptionsError(f"{text} has another SHA-256 than the request says", "Upload it again")
    used = tuple({each.id: each for each in uploads}.values())
    return Found(request.pinned(digests), used, is_clip, frames, names)


def _face(parts: ServiceParts, caller: Caller, text: str, reference: Reference, request: JobRequest) -> KeptFace:
    if text == request.target:
        raise UploadError("A face is no target", "Name a picture or a video as the target")
    with looking(parts.engine) as connection:
        return built(face_with(connection, reference.value, tenant=caller.tenant))


def _person(
    parts: ServiceParts, caller: Caller, text: str, reference: Reference, request: JobRequest
) -> tuple[Upload, str]:
    """Return the upload that somebody is seen in, and the digest of the picture by which they are known again."""
    if text == request.target:
        raise UploadError("Somebody of an upload is no target", "Name the upload itself as the target")
    upload = ready(parts.uploads.get(reference.upload or "", tenant=caller.tenant), "picture", "video")
    digest = person_of(parts, upload, int(reference.value.partition("/")[2]))["sha256"]
    if digest is None:
        raise UploadError(f"No view of {text} is clear enough to know them again by", "Name a picture of them instead")
    return upload, str(digest)


def new_job(parts: ServiceParts, caller: Caller, what: Found, priority: int) -> NewJob:
    """Return the job that a request asks for."""
    processors = what.request.options.get("processors", parts.options.processors)
    named = (processors,) if isinstance(processors, str) else tuple(processors)
    rules = parts.quotas.rules(caller.tenant)
    return NewJob(
        caller.tenant,
        caller.actor,
        what.request.to_json(),
        priority=priority,
        is_cut=what.is_cut(parts.settings.cut_after),
        needs_review=parts.reviews.needs_review(caller.tenant, _words(named), rules),
        names=what.names,
        words=_words(named),
        origin=origin_now(),
    )


@until_it_goes_through
def submitted(parts: ServiceParts, new: NewJob, uploads: Sequence[Upload], keep: Keep | None) -> Job:
    """Put a job into the queue, with what it needs and the answer that is kept for it, all or nothing.

    Args:
        parts: of the service.
        new: the job.
        uploads: that it needs.
        keep: keeps the answer to an idempotency key; None where there is none.

    Raises:
        JobQuotaError: the tenant may have no further job, or none of this priority.
        ResourceUnknownError: an upload went meanwhile.
        JobsUnavailableError: the database cannot be used.
    """
    with writing(parts.engine) as connection:
        job = _submitted(connection, parts, new, uploads)
        if keep is not None:
            keep(connection, job)
    return job


@dataclass(frozen=True, slots=True)
class Submitter:
    """Takes jobs as the routes do, within a transaction of whoever asks for them on somebody's behalf.

    Attributes:
        parts: of the service.
    """

    parts: ServiceParts

    def __call__(self, connection: Connection, request: JobRequest, *, tenant: str, owner: str, priority: int) -> Job:
        """Take a job.

        Args:
            connection: in a transaction that writes.
            request: what it is to do.
            tenant: for whom.
            owner: who asks for it.
            priority: from 0 to 9.

        Raises:
            FaceFusionError: as of `found` and `submitted`.
        """
        caller = Caller(tenant, owner, frozenset())
        what = found(self.parts, caller, request)
        new = new_job(self.parts, caller, what, priority)
        return _submitted(connection, self.parts, new, what.uploads)


def _submitted(connection: Connection, parts: ServiceParts, new: NewJob, uploads: Sequence[Upload]) -> Job:
    job = parts.board.submitted(connection, new)
    use_uploads(connection, list(uploads), job.number)
    return job


def _words(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for name in names for word in str(name).split(","))


def _seen(upload: Upload) -> tuple[bool, int | None]:
    is_clip = upload.kind == "video"
    frames = upload.facts.get("frames")
    if is_clip and frames is None and upload.facts.get("seconds"):
        frames = round(upload.facts["seconds"] * upload.facts.get("frame_rate", 25))
    return is_clip, frames


def _output(job: Job) -> dict[str, object]:
    if job.state != "succeeded" or not job.result:
        raise JobStateError(f"Job {job.id} is {job.state} and has no result to be used", "Wait until it has succeeded")
    return dict(job.result["outputs"][0])


def _check_address(parts: ServiceParts, caller: Caller, address: str) -> None:
    try:
        allowed_root(parsed_address(address), roots_of(parts.settings.allowed_roots, caller.tenant))
    except StorageAddressError as error:
        raise StorageAddressError(
            "An address is below none of the places that you may name", "Upload the file instead"
        ) from error
