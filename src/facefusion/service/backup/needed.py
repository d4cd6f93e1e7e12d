"""Which files of the storage a database of jobs refers to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, func, select

from facefusion.jobs.keys import face_key, upload_key
from facefusion.jobs.reference import Reference
from facefusion.jobs.schema import JOBS, PLANS, TASKS
from facefusion.jobs.states import ACTIVE
from facefusion.service.tables import FACES, UPLOADS


@dataclass(frozen=True, slots=True)
class Needed:
    """A file of the storage.

    Attributes:
        key: under which it lies.
        what: upload, face, input, plan, segment or result.
        size: in bytes; None where the database does not say.
        sha256: of it; None where the database does not say.
    """

    key: str
    what: str
    size: int | None = None
    sha256: str | None = None

    def line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps([self.key, self.what, self.size, self.sha256])

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Return what `line` made a line of.

        Raises:
            ValueError: it is none.
        """
        key, what, size, sha256 = json.loads(line)
        return cls(str(key), str(what), None if size is None else int(size), None if sha256 is None else str(sha256))


def needed_files(connection: Connection) -> Iterator[Needed]:
    """Yield all files of the storage that are referred to, each once.

    Args:
        connection: to the database of jobs.
    """
    known = set[str]()
    for needed in (*_uploads(connection), *_faces(connection), *_of_jobs(connection), *_inputs(connection)):
        if needed.key not in known:
            known.add(needed.key)
            yield needed


def counted_rows(connection: Connection) -> dict[str, int]:
    """Return how many jobs are in each state, and how many tasks, uploads and faces there are."""
    jobs = connection.execute(select(JOBS.c.state, func.count()).group_by(JOBS.c.state))
    found = {f"jobs {state}": int(count) for state, count in jobs}
    for table in (TASKS, UPLOADS, FACES):
        found[table.name] = int(connection.execute(select(func.count()).select_from(table)).scalar_one())
    return dict(sorted(found.items()))


def _uploads(connection: Connection) -> Iterator[Needed]:
    for row in connection.execute(select(UPLOADS).where(UPLOADS.c.state == "ready")):
        yield Needed(upload_key(row.tenant, row.id), "upload", row.size, row.sha256)


def _faces(connection: Connection) -> Iterator[Needed]:
    for row in connection.execute(select(FACES).where(FACES.c.size.is_not(None))):
        yield Needed(face_key(row.tenant, row.id), "face", row.size, row.sha256)


def _of_jobs(connection: Connection) -> Iterator[Needed]:
    """Results of all jobs, plans and segments of those that are not finished."""
    for (content,) in connection.execute(select(JOBS.c.result).where(JOBS.c.state.in_(("succeeded", "review")))):
        yield from _stored(content, "result")
    is_active = JOBS.c.state.in_(sorted(ACTIVE))
    plans = select(PLANS.c.content).join(JOBS, JOBS.c.number == PLANS.c.job).where(is_active)
    for (content,) in connection.execute(plans):
        yield from _stored(content, "plan")
    tasks = select(TASKS.c.result).join(JOBS, JOBS.c.number == TASKS.c.job).where(is_active)
    for (content,) in connection.execute(tasks.where(TASKS.c.state == "done")):
        yield from _stored(content, "segment")


def _inputs(connection: Connection) -> Iterator[Needed]:
    """What jobs that are not finished name as uploads; those of the command line lie there by their digests."""
    is_active = JOBS.c.state.in_(sorted(ACTIVE))
    for tenant, request in connection.execute(select(JOBS.c.tenant, JOBS.c.request).where(is_active)):
        for text in _texts(request):
            try:
                reference = Reference.parse(text)
            except ValueError:
                continue
            if reference.kind == "upload":
                yield Needed(upload_key(tenant, reference.value), "input")


def _stored(content: Any, what: str) -> Iterator[Needed]:
    """Yield what in JSON values is a file that was put into storage."""
    if isinstance(content, dict):
        if {"address", "size", "sha256"} <= content.keys():
            yield Needed(str(content["address"]), what, int(content["size"]), str(content["sha256"]))
            return
        for value in content.values():
            yield from _stored(value, what)
    elif isinstance(content, list):
        for value in content:
            yield from _stored(value, what)


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)
