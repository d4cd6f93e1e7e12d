"""Under which keys files lie in storage. The lease's token is in them, so that two workers never write one object."""

from __future__ import annotations

from facefusion.jobs.values import Lease


def upload_key(tenant: str, upload: str) -> str:
    """Return where a file lies that was handed in."""
    return f"{tenant}/uploads/{upload}"


def people_prefix(tenant: str, upload: str) -> str:
    """Return below what pictures of the people of an upload lie."""
    return f"{upload_key(tenant, upload)}.people"


def portrait_key(tenant: str, upload: str, number: int) -> str:
    """Return where the portrait of somebody of an upload lies."""
    return f"{people_prefix(tenant, upload)}/{number}.jpg"


def person_key(tenant: str, person: str) -> str:
    """Return where the picture lies by which somebody of an upload is known again.

    Args:
        tenant: whose the upload is.
        person: the upload and the number of the person, as references have it: `ID/N`.
    """
    upload, _, number = person.partition("/")
    return f"{people_prefix(tenant, upload)}/{number}.png"


def face_key(tenant: str, face: str) -> str:
    """Return where a face file lies."""
    return f"{tenant}/faces/{face}"


def job_prefix(tenant: str, job: str) -> str:
    """Return below what all files of a job lie."""
    return f"{tenant}/jobs/{job}"


def task_prefix(lease: Lease) -> str:
    """Return below what one attempt at a task puts its files: of a plan the file itself."""
    folder = job_prefix(lease.job.tenant, lease.job.id)
    if lease.kind == "plan":
        return f"{folder}/plan-{lease.token}"
    if lease.kind == "segment":
        return f"{folder}/segments/{lease.number}-{lease.token}"
    return f"{folder}/result-{lease.token}"


def frames_prefix(lease: Lease) -> str:
    """Return below what one attempt at a task puts small pictures of frames, which go when the job is finished."""
    return f"{job_prefix(lease.job.tenant, lease.job.id)}/frames/{lease.kind}{lease.number}-{lease.token}"


def thumbnail_key(lease: Lease) -> str:
    """Return where the small picture of a result lies; no output is called so, as outputs have the ending of a form."""
    return f"{task_prefix(lease)}/shown/thumbnail"
