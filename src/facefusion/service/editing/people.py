"""People of uploads: found beside requests, and kept with the upload until that goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from facefusion.engine.people.finding import find_people
from facefusion.engine.people.values import FoundPeople, FoundPerson
from facefusion.errors import CancelledError, ResourceUnknownError, UploadError
from facefusion.jobs.database import reading, writing
from facefusion.jobs.keys import people_prefix, person_key, portrait_key
from facefusion.options import Options
from facefusion.service.background.operations import Operation, Operations
from facefusion.service.editing.pictures import encoded, encoded_exactly
from facefusion.service.parts import ServiceParts
from facefusion.service.staging import stage
from facefusion.service.tables import UPLOAD_PEOPLE, UPLOADS
from facefusion.service.uploads.values import Upload

KIND: Final = "upload.people"
_QUALITY: Final = 88
_TELL_EVERY: Final = 1.0

PeopleState = Literal["finding", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class KeptPeople:
    """The people of an upload as the database has them.

    Attributes:
        operation: that finds them, or found them.
        share: of the upload that was looked at, 0 to 1.
        found: what was found, as JSON values; None before that.
    """

    operation: Operation | None
    share: float
    found: Mapping[str, Any] | None

    @property
    def state(self) -> PeopleState:
        """How far it is."""
        if self.found is not None:
            return "ready"
        is_running = self.operation is not None and self.operation.state == "running"
        return "finding" if is_running else "failed"


def begun(parts: ServiceParts, upload: Upload, owner: str) -> Operation | None:
    """Note that people of an upload are to be found; None where they are there, or somebody does so already.

    Args:
        parts: of the service.
        upload: a picture or a clip.
        owner: who asks.

    Raises:
        ResourceUnknownError: the upload went meanwhile.
        OverloadedError: too much of this waits already.
    """
    with writing(parts.engine) as connection:
        # Of two who ask at one time, the second waits here, and finds that the first does it.
        held = select(UPLOADS.c.number).where(UPLOADS.c.number == upload.number).with_for_update()
        if connection.execute(held).one_or_none() is None:
            raise ResourceUnknownError(f"There is no upload {upload.id}", "Upload the file again")
        kept = _kept(connection, parts.operations, upload)
        if kept is not None and kept.state != "failed":
            return None
        operation = parts.operations.begin(
            connection, tenant=upload.tenant, owner=owner, kind=KIND, about=upload.name[:200]
        )
        values = {"operation": operation.id, "share": 0.0, "found": None}
        if kept is None:
            connection.execute(insert(UPLOAD_PEOPLE).values(upload=upload.number, **values))
        else:
            mine = UPLOAD_PEOPLE.c.upload == upload.number
            connection.execute(update(UPLOAD_PEOPLE).where(mine).values(**values))
        return operation


def kept_people(parts: ServiceParts, upload: Upload) -> KeptPeople:
    """Return the people of an upload, as far as they were found.

    Raises:
        ResourceUnknownError: nobody has asked for them.
    """
    with reading(parts.engine) as connection:
        kept = _kept(connection, parts.operations, upload)
    if kept is None:
        raise ResourceUnknownError(f"Nobody has asked for the people of the upload {upload.id}", "Ask for them first")
    return kept


def person_of(parts: ServiceParts, upload: Upload, number: int) -> Mapping[str, Any]:
    """Return what is known of one person.

    Raises:
        ResourceUnknownError: there is nobody of that number.
        UploadError: they are not found yet.
    """
    found = kept_people(parts, upload).found
    if found is None:
        raise UploadError(f"The people of the upload {upload.id} are not found yet", "Wait until they are")
    if not 0 <= number < len(found["people"]):
        raise ResourceUnknownError(f"The upload {upload.id} has no person {number}")
    person: Mapping[str, Any] = found["people"][number]
    return person


def finding(
    parts: ServiceParts, upload: Upload, options: Options, operation: Operation
) -> Callable[[Callable[[str], None], threading.Event], Mapping[str, Any]]:
    """Return what finds the people of an upload and keeps them.

    Args:
        parts: of the service.
        upload: a picture or a clip.
        options: as they hold for the caller.
        operation: that does it.
    """

    def work(notify: Callable[[str], None], stop: threading.Event) -> Mapping[str, Any]:
        if stop.is_set():
            raise CancelledError("The service was stopped before it did this", "Ask for it again")
        progress = _Progress(parts, upload, operation)
        with stage(parts.storage, parts.scratch) as place, parts.warm.used() as warm:
            [path] = place.bring([upload])
            with warm.sessions(options, 0, notify) as sessions:
                found = find_people(path, options, sessions, progress=progress.tell, cancel=stop)
        _keep(parts, upload, operation, found)
        return {"upload": upload.id, "people": len(found.people)}

    return work


class _Progress:
    """Tells the database how far it is, once a second at most."""

    def __init__(self, parts: ServiceParts, upload: Upload, operation: Operation) -> None:
        self._parts, self._upload, self._operation = parts, upload, operation
        self._told = time.monotonic()

    def tell(self, share: float) -> None:
        if time.monotonic() - self._told < _TELL_EVERY:
            return
        self._told = time.monotonic()
        with writing(self._parts.engine) as connection:
            mine = _mine(self._upload, self._operation)
            if connection.execute(update(UPLOAD_PEOPLE).where(mine).values(share=share)).rowcount != 1:
                raise ResourceUnknownError(f"The upload {self._upload.id} was removed while people were looked for")


def _keep(parts: ServiceParts, upload: Upload, operation: Operation, found: FoundPeople) -> None:
    drawn = [_drawn(person) for person in found.people]
    entry = f"uploads/{upload.id}/people"
    parts.quotas.keep(upload.tenant, entry, sum(each.size for each in drawn))
    people = [
        _stored(parts, upload, number, *each) for number, each in enumerate(zip(found.people, drawn, strict=True))
    ]
    facts = {"people": people, "looks": found.looks, "frames": found.frames, "left_out": found.left_out}
    with writing(parts.engine) as connection:
        values = {"found": facts, "share": 1.0}
        is_wanted = connection.execute(update(UPLOAD_PEOPLE).where(_mine(upload, operation)).values(**values)).rowcount
    if is_wanted != 1:
        parts.storage.delete(people_prefix(upload.tenant, upload.id))
        parts.quotas.free(upload.tenant, entry)
        raise ResourceUnknownError(f"The upload {upload.id} was removed while people were looked for")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The pictures of a person, as they are put into storage."""

    portrait: bytes
    reference: bytes | None

    @property
    def size(self) -> int:
        return len(self.portrait) + len(self.reference or b"")


def _drawn(person: FoundPerson) -> _Drawn:
    reference = None if person.reference is None else encoded_exactly(person.reference)
    return _Drawn(encoded(person.portrait, "jpg", _QUALITY), reference)


def _stored(parts: ServiceParts, upload: Upload, number: int, person: FoundPerson, drawn: _Drawn) -> dict[str, Any]:
    """Put the pictures of a person into storage; return all that is known of them as JSON values."""
    parts.storage.put_bytes(drawn.portrait, portrait_key(upload.tenant, upload.id, number))
    digest = None
    if drawn.reference is not None:
        key = person_key(upload.tenant, f"{upload.id}/{number}")
        digest = parts.storage.put_bytes(drawn.reference, key).sha256
    return {
        "frame": person.frame,
        "time": _rounded(person.seconds),
        "box": list(person.box),
        "yaw": round(person.pose.yaw, 1),
        "pitch": round(person.pose.pitch, 1),
        "roll": round(person.pose.roll, 1),
        "width": round(person.width),
        "sharpness": round(person.sharpness, 3),
        "first": _rounded(person.first),
        "last": _rounded(person.last),
        "share": round(person.share, 4),
        "usable": round(person.usable, 4),
        "sha256": digest,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _kept(connection: Connection, operations: Operations, upload: Upload) -> KeptPeople | None:
    wanted = select(UPLOAD_PEOPLE).where(UPLOAD_PEOPLE.c.upload == upload.number)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    try:
        operation = operations.found(connection, row.operation, tenant=upload.tenant)
    except ResourceUnknownError:  # operations are forgotten after some days
        operation = None
    return KeptPeople(operation, row.share, row.found)


def _mine(upload: Upload, operation: Operation) -> Any:
    return (UPLOAD_PEOPLE.c.upload == upload.number) & (UPLOAD_PEOPLE.c.operation == operation.id)
