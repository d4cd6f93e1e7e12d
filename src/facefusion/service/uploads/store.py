"""Uploads in the database and in storage: announced, continued, finished, removed."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, delete, exists, insert, select, update

from facefusion.errors import (
    ResourceUnknownError,
    StorageDamagedError,
    UploadDamagedError,
    UploadError,
    UploadExpiredError,
)
from facefusion.jobs.database import Clock, database_time, looking, moment, reading, until_it_goes_through, writing
from facefusion.jobs.keys import people_prefix
from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import ACTIVE
from facefusion.jobs.storage import Storage
from facefusion.options import LimitOptions
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.tables import UPLOAD_PARTS, UPLOAD_USES, UPLOADS
from facefusion.service.uploads.kinds import kind_of
from facefusion.service.uploads.receiving import keeping
from facefusion.service.uploads.values import FileKind, NewUpload, Upload, upload_of

_PIECE: Final = 1 << 20
_MICRO: Final = 1_000_000
_NEEDING: Final = ACTIVE | {"review"}
"""States of jobs whose files stay: reviewers compare a result with what it was made from."""
_ONE: Final = select(UPLOADS).where((UPLOADS.c.id == bindparam("named")) & (UPLOADS.c.tenant == bindparam("whose")))
# It stays as long as a transaction lasts, and others may say the same of it meanwhile.
_STAYS: Final = (
    select(UPLOADS.c.number).where(UPLOADS.c.number == bindparam("wanted")).with_for_update(read=True, key_share=True)
)
_USE: Final = insert(UPLOAD_USES)


class UploadStore:
    """Keeps what clients send until jobs have used it.

    Whatever is told to be received is in storage and outlives this process; any process of the service may go on.

    Args:
        engine: the database of jobs.
        storage: where files lie.
        limits: beyond which pictures and videos are not looked at.
        quotas: how much each tenant may store.
        seconds: that an upload is kept after the last part came.
        scratch: folder for parts on their way; the system's when None.
        clock: tells the time.
    """

    def __init__(
        self,
        engine: Engine,
        storage: Storage,
        limits: LimitOptions,
        quotas: Quotas,
        *,
        seconds: int,
        scratch: Path | None = None,
        clock: Clock = database_time,
    ) -> None:
        self._engine, self._storage, self._limits, self._clock = engine, storage, limits, clock
        self._quotas = quotas
        self._seconds, self._scratch = seconds, scratch

    def create(self, new: NewUpload, *, is_direct: bool = False) -> Upload:
        """Take the announcement of an upload.

        Args:
            new: what is announced.
            is_direct: whether the client puts it into storage itself.

        Raises:
            JobQuotaError: the tenant would have more in storage than it may.
            JobsUnavailableError: the database cannot be used.
        """
        upload_id = secrets.token_hex(16)
        self._quotas.keep(new.tenant, f"uploads/{upload_id}", new.size)
        direct = f"{new.tenant}/uploads/{upload_id}.direct" if is_direct else None
        with writing(self._engine) as connection:
            now = self._clock(connection)
            values = {
                **{name: getattr(new, name) for name in ("tenant", "owner", "name", "type", "size")},
                "id": upload_id,
                "wanted_sha256": new.sha256,
                "state": "open",
                "direct": direct,
                "facts": {},
                "received": 0,
                "created": now,
                "expires": now + self._seconds * _MICRO,
            }
            connection.execute(insert(UPLOADS).values(values))
            return self._found(connection, upload_id, new.tenant)

    def get(self, upload_id: str, *, tenant: str) -> Upload:
        """Return an upload.

        Raises:
            ResourceUnknownError: there is none, or it is another tenant's.
            UploadExpiredError: it was not finished in time.
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            upload = self._found(connection, upload_id, tenant)
            is_late = upload.state == "open" and upload.expires <= moment(self._clock(connection))
        if is_late:
            raise UploadExpiredError(f"The upload {upload_id} was not finished in time", "Begin it anew")
        return upload

    @until_it_goes_through
    def known(self, sha256: str, size: int, *, tenant: str) -> Upload | None:
        """Return an upload with this content, kept for as long as a new one would be; None where there is none.

        Raises:
            StorageError: storage cannot be asked.
            JobsUnavailableError: the database cannot be used.
        """
        same = (UPLOADS.c.tenant == tenant) & (UPLOADS.c.sha256 == sha256) & (UPLOADS.c.size == size)
        wanted = select(UPLOADS).where(same & (UPLOADS.c.state == "ready")).order_by(UPLOADS.c.number.desc()).limit(1)
        with writing(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            expires = self._clock(connection) + self._seconds * _MICRO
            kept = update(UPLOADS).where(UPLOADS.c.number == row.number).values(expires=expires)
            if connection.execute(kept).rowcount != 1:
                return None
        found = upload_of(row)
        # What a job was refused for is removed from storage, and forgotten later.
        return found if self._storage.size(found.key) == size else None

    def append(self, upload: Upload, first: int, part: Path) -> Upload:
        """Take a part of an upload; the last one finishes it.

        Args:
            upload: which.
            first: byte of the upload at which it begins.
            part: file that holds it; not empty unless the upload is.

        Returns:
            The upload as it is then.

        Raises:
            UploadError: it does not continue what is there, or the upload is finished.
            UploadDamagedError: the whole has another digest than it shall have.
            StorageError, DiskFullError: it cannot be kept.
            JobsUnavailableError: the database cannot be used.
        """
        size = part.stat().st_size
        if upload.state != "open" or upload.direct is not None or first != upload.received:
            raise _not_here(upload, first)
        if first + size < upload.size:
            if size:
                self._keep(upload, first, part, size)
            return self.get(upload.id, tenant=upload.tenant)
        # The last part counts once the whole is there: where this process dies before, it is sent again.
        with self._joined(upload, part) as whole:
            return self._finished(upload, whole)

    def take_over(self, upload: Upload) -> Upload:
        """Finish an upload that the client put into storage itself.

        Raises:
            UploadError: it is not there, of another size, or finished already.
            UploadDamagedError: it has another digest than it shall have.
            StorageError: it cannot be read or kept.
            JobsUnavailableError: the database cannot be used.
        """
        if upload.direct is None or upload.state != "open":
            raise UploadError(f"The upload {upload.id} is not one that is put into storage", "Look at its state")
        size = self._storage.size(upload.direct)
        if size != upload.size:
            there = "nothing" if size is None else f"{size} bytes"
            raise UploadError(f"There is {there} in storage, not {upload.size} bytes", "Put the file there first")
        with self._room() as folder:
            whole = folder / "whole"
            self._storage.get(upload.direct, whole)
            if whole.stat().st_size != upload.size:
                raise UploadError("The file in storage was changed meanwhile", "Put it there again")
            return self._finished(upload, whole)

    def address(self, upload: Upload, seconds: int) -> str | None:
        """Return where a client can put an upload itself; None where the storage gives no such addresses."""
        if upload.direct is None:
            return None
        return self._storage.presigned_put(upload.direct, seconds, size=upload.size)

    def remove(self, upload_id: str, *, tenant: str) -> None:
        """Forget an upload.

        Raises:
            ResourceUnknownError: there is none, or it is another tenant's.
            UploadError: a job needs it that is not finished.
            StorageError: its file cannot be removed.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            upload = self._found(connection, upload_id, tenant)
            needed = select(UPLOADS.c.id).where((UPLOADS.c.number == upload.number) & _is_needed())
            if connection.execute(needed).first() is not None:
                raise UploadError(f"The upload {upload_id} is needed by a job that is not finished")
            connection.execute(delete(UPLOADS).where(UPLOADS.c.number == upload.number))
        self._clear(upload)

    def sweep(self, *, most: int = 100) -> int:
        """Remove uploads whose time is over and that no job needs; return how many.

        Raises:
            StorageError: a file cannot be removed; its upload is gone all the same.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            over = (UPLOADS.c.expires <= self._clock(connection)) & ~_is_needed()
            found = [upload_of(row) for row in connection.execute(select(UPLOADS).where(over).limit(most))]
            connection.execute(delete(UPLOADS).where(UPLOADS.c.number.in_([each.number for each in found])))
        for upload in found:
            self._clear(upload)
        return len(found)

    def _found(self, connection: Connection, upload_id: str, tenant: str) -> Upload:
        row = connection.execute(_ONE, {"named": upload_id, "whose": tenant}).one_or_none()
        if row is None:
            raise ResourceUnknownError(f"There is no upload {upload_id}")
        return upload_of(row)

    def _keep(self, upload: Upload, first: int, part: Path, size: int) -> None:
        key = f"{upload.parts}/{first:020d}-{secrets.token_hex(8)}"
        self._storage.put(part, key)
        try:
            self._note(upload, first, size, key)
        except UploadError:
            self._storage.delete(key)
            raise

    @until_it_goes_through
    def _note(self, upload: Upload, first: int, size: int, key: str) -> None:
        with writing(self._engine) as connection:
            expires = self._clock(connection) + self._seconds * _MICRO
            mine = (UPLOADS.c.number == upload.number) & (UPLOADS.c.received == first) & (UPLOADS.c.state == "open")
            values = {"received": first + size, "expires": expires}
            if connection.execute(update(UPLOADS).where(mine).values(values)).rowcount != 1:
                raise _not_here(upload, first)
            row = {"upload": upload.number, "first": first, "size": size, "key": key}
            connection.execute(insert(UPLOAD_PARTS).values(row))

    def _finished(self, upload: Upload, whole: Path) -> Upload:
        """Look at a file that is complete, and put it where jobs find it."""
        with whole.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if upload.wanted_sha256 not in (None, digest):
            self._close(upload, "failed", sha256=digest)
            self._storage.delete(upload.parts)
            self._quotas.free(upload.tenant, f"uploads/{upload.id}")
            raise UploadDamagedError(f"The upload {upload.id} has another SHA-256 than it shall have", "Begin it anew")
        kind, facts = kind_of(whole, self._limits) if upload.size else ("other", {})
        stored = self._storage.put(whole, upload.key)
        if stored.sha256 != digest:
            raise StorageDamagedError(f"What was stored of the upload {upload.id} is not what came", "Send it again")
        done = self._close(upload, "ready", sha256=digest, kind=kind, facts=facts, received=upload.size)
        self._storage.delete(upload.parts)
        if upload.direct is not None:
            self._storage.delete(upload.direct)
        return done

    @until_it_goes_through
    def _close(self, upload: Upload, state: str, **values: Any) -> Upload:
        with writing(self._engine) as connection:
            expires = self._clock(connection) + self._seconds * _MICRO
            mine = (UPLOADS.c.number == upload.number) & (UPLOADS.c.state == "open")
            connection.execute(update(UPLOADS).where(mine).values(state=state, expires=expires, **values))
            connection.execute(delete(UPLOAD_PARTS).where(UPLOAD_PARTS.c.upload == upload.number))
            return self._found(connection, upload.id, upload.tenant)

    @contextmanager
    def _joined(self, upload: Upload, last: Path) -> Iterator[Path]:
        """Give an upload as one file: the parts that are in storage, and the last, which is here."""
        if upload.received == 0:
            yield last
            return
        with reading(self._engine) as connection:
            wanted = select(UPLOAD_PARTS).where(UPLOAD_PARTS.c.upload == upload.number)
            parts = connection.execute(wanted.order_by(UPLOAD_PARTS.c.first)).all()
        if sum(part.size for part in parts) != upload.received:
            raise UploadError(f"The upload {upload.id} is finished already", "Look at its state")
        with self._room() as folder:
            whole = folder / "whole"
            with keeping(), whole.open("wb") as file:
                for part in parts:
                    for piece in self._storage.read(part.key):
                        file.write(piece)
                with last.open("rb") as rest:
                    shutil.copyfileobj(rest, file, _PIECE)
            if whole.stat().st_size != upload.size:
                raise StorageDamagedError(f"Parts of the upload {upload.id} are missing in storage", "Begin it anew")
            yield whole

    @contextmanager
    def _room(self) -> Iterator[Path]:
        with keeping():
            made = tempfile.TemporaryDirectory(prefix="upload-", dir=self._scratch)
        with made as folder:
            yield Path(folder)

    def _clear(self, upload: Upload) -> None:
        self._storage.delete(upload.key)
        self._storage.delete(upload.parts)
        self._storage.delete(people_prefix(upload.tenant, upload.id))
        if upload.direct is not None:
            self._storage.delete(upload.direct)
        self._quotas.free(upload.tenant, f"uploads/{upload.id}")


def use_uploads(connection: Connection, uploads: list[Upload], job: int) -> None:
    """Note within a transaction that a job needs uploads, so that they stay until it is finished.

    Raises:
        ResourceUnknownError: one went meanwhile.
    """
    for upload in uploads:
        if connection.execute(_STAYS, {"wanted": upload.number}).first() is None:
            raise ResourceUnknownError(f"There is no upload {upload.id}")
        connection.execute(_USE, {"upload": upload.number, "job": job})


def ready(upload: Upload, *kinds: FileKind) -> Upload:
    """Return an upload that can be used.

    Args:
        upload: which.
        kinds: of which it must be one; any when none is named.

    Raises:
        UploadError: it is not finished, or failed, or is something else.
    """
    if upload.state != "ready":
        raise UploadError(f"The upload {upload.id} is {upload.state}", "Send the rest of it, or begin it anew")
    if kinds and upload.kind not in kinds:
        raise UploadError(f"The upload {upload.id} ({upload.name}) is no {' or '.join(kinds)}", "Upload another file")
    return upload


def _is_needed() -> Any:
    needing = select(UPLOAD_USES.c.job).join(JOBS, JOBS.c.number == UPLOAD_USES.c.job)
    needing = needing.where((UPLOAD_USES.c.upload == UPLOADS.c.number) & JOBS.c.state.in_(_NEEDING))
    return exists(needing)


def _not_here(upload: Upload, first: int) -> UploadError:
    return UploadError(
        f"A part at byte {first} does not continue the upload {upload.id}, which is {upload.state}",
        "Ask with HEAD where to go on",
    )
