"""Where files of a request lie in storage, and how they are called."""

from __future__ import annotations

from facefusion.errors import StorageAddressError
from facefusion.jobs.keys import person_key
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage.base import Stored
from facefusion.service.gateway.caller import Caller
from facefusion.service.parts import ServiceParts


def stored_of(text: str, parts: ServiceParts, caller: Caller, request: JobRequest) -> tuple[Stored, str]:
    """Return where a file of a request lies, and how it is called; `found` has made sure that it is there.

    Raises:
        StorageAddressError: it is an address of the caller's own.
        ResourceUnknownError, JobUnknownError: it went meanwhile.
    """
    reference, digest = Reference.parse(text), request.digests.get(text, "")
    if reference.kind == "upload":
        upload = parts.uploads.get(reference.value, tenant=caller.tenant)
        return Stored(upload.key, upload.size, digest), upload.name
    if reference.kind == "person":
        key = person_key(caller.tenant, reference.value)
        return Stored(key, parts.storage.size(key) or 0, digest), "person.png"
    if reference.kind == "face":
        key = f"{caller.tenant}/faces/{reference.value}"
        return Stored(key, parts.storage.size(key) or 0, digest), "source.face"
    if reference.kind == "job":
        job = parts.board.job(reference.value, tenant=caller.tenant)
        output = (job.result or {})["outputs"][0]
        return Stored.of_json(output), str(output["name"])
    raise StorageAddressError("A preview takes no addresses", "Upload the file, or ask for a job")
