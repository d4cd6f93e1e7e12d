"""Files of this machine that are handed in without a request: uploads like all others, in the tenant's account."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from facefusion.errors import FaceFusionError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import until_it_goes_through, writing
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage import Storage
from facefusion.jobs.values import Job, NewJob
from facefusion.options import LimitOptions
from facefusion.service.gateway.quotas import Quotas
from facefusion.service.settings import ServiceSettings
from facefusion.service.tables import UPLOADS
from facefusion.service.uploads.store import UploadStore, use_uploads
from facefusion.service.uploads.values import NewUpload, Upload, file_name, upload_of


class LocalUploads:
    """Makes uploads of files, each content once, and jobs that need them.

    Args:
        engine: the database of jobs.
        storage: where files lie.
        limits: beyond which pictures and videos are not looked at.
        tenant: whose the files are.
        owner: who hands them in.
    """

    def __init__(self, engine: Engine, storage: Storage, limits: LimitOptions, *, tenant: str, owner: str) -> None:
        self._engine, self._tenant, self._owner = engine, tenant, owner
        seconds = ServiceSettings().upload_seconds
        self._store = UploadStore(engine, storage, limits, Quotas(engine), seconds=seconds)

    def keep(self, path: Path, size: int, sha256: str) -> str:
        """Return the reference of a file, which is put into storage unless the tenant has its content there.

        Raises:
            JobQuotaError: the tenant would have more in storage than it may.
            UploadDamagedError: the file changed meanwhile.
            StorageError: it cannot be put there.
            JobsUnavailableError: the database cannot be used.
        """
        known = self._store.known(sha256, size, tenant=self._tenant)
        return f"upload:{(known or self._sent(path, size, sha256)).id}"

    @until_it_goes_through
    def submit(self, new: NewJob, request: JobRequest) -> Job:
        """Take a job; the uploads that it needs stay until it is finished.

        Args:
            new: the job.
            request: of the job.

        Raises:
            JobQuotaError: the tenant may have no further job, or none of this priority, or its storage is full.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            job = JobBoard(self._engine).submitted(connection, new)
            use_uploads(connection, self._named(connection, request.references()), job.number)
            return job

    def _sent(self, path: Path, size: int, sha256: str) -> Upload:
        upload = self._store.create(NewUpload(self._tenant, self._owner, file_name(path.name), "", size, sha256))
        try:
            return self._store.append(upload, 0, path)
        except BaseException:
            with suppress(FaceFusionError):  # what cannot be removed now goes when its time is over
                self._store.remove(upload.id, tenant=self._tenant)
            raise

    def _named(self, connection: Connection, references: Iterable[str]) -> list[Upload]:
        """Return the uploads that are named; of what was put into storage otherwise nothing is known."""
        named = [each.value for each in map(Reference.parse, references) if each.kind == "upload"]
        wanted = select(UPLOADS).where(UPLOADS.c.id.in_(named) & (UPLOADS.c.tenant == self._tenant))
        return [upload_of(row) for row in connection.execute(wanted)]
