"""Kept faces in the database and in storage."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from facefusion.errors import JobStateError, ResourceUnknownError
from facefusion.jobs.database import database_time, moment
from facefusion.service.background.operations import Operation, operation_of
from facefusion.service.tables import FACES, OPERATIONS


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face as the database has it.

    Attributes:
        number: its place among all; never shown to others.
        id: by which everybody calls it.
        tenant: whose it is.
        owner: who asked for it.
        name: as users call it.
        operation: that builds it, or has built it; None once that is forgotten.
        size: of the file in bytes; None before it is built.
        sha256: of the file.
        facts: what is known of it, as JSON values; None before it is built.
        created: when it was asked for.
    """

    number: int
    id: str
    tenant: str
    owner: str
    name: str
    operation: Operation | None
    size: int | None
    sha256: str | None
    facts: Mapping[str, Any] | None
    created: datetime

    @property
    def key(self) -> str:
        """Where its file lies once it is built."""
        return f"{self.tenant}/faces/{self.id}"

    @property
    def state(self) -> str:
        """`ready`, `building` or `failed`."""
        if self.operation is not None and self.operation.state == "running":
            return "building"  # also between the file's being there and the end of the operation: both end as one
        return "failed" if self.facts is None else "ready"


def read_faces(connection: Connection, rows: list[Row[Any]]) -> list[KeptFace]:
    """Return the faces of rows of `FACES`, with their operations."""
    wanted = select(OPERATIONS).where(OPERATIONS.c.id.in_([row.operation for row in rows]))
    operations = {row.id: operation_of(row) for row in connection.execute(wanted)}
    return [_face_of(row, operations.get(row.operation)) for row in rows]


def add_face(connection: Connection, *, tenant: str, owner: str, name: str, operation: str) -> KeptFace:
    """Note a face that is going to be built."""
    face_id = secrets.token_hex(16)
    values = {"id": face_id, "tenant": tenant, "owner": owner, "name": name, "operation": operation}
    connection.execute(insert(FACES).values(**values, created=database_time(connection)))
    return face_with(connection, face_id, tenant=tenant)


def face_with(connection: Connection, face_id: str, *, tenant: str) -> KeptFace:
    """Return one face.

    Raises:
        ResourceUnknownError: there is none, or it is another tenant's.
    """
    wanted = select(FACES).where(FACES.c.tenant == tenant, FACES.c.id == face_id)
    rows = list(connection.execute(wanted))
    if not rows:
        raise ResourceUnknownError(f"There is no face {face_id}")
    return read_faces(connection, rows)[0]


def note_built(connection: Connection, face: KeptFace, *, size: int, sha256: str, facts: Mapping[str, Any]) -> bool:
    """Note that a face is built; return whether anybody still wants it."""
    mine = FACES.c.number == face.number
    values = {"size": size, "sha256": sha256, "facts": dict(facts)}
    return connection.execute(update(FACES).where(mine).values(values)).rowcount == 1


def remove_face(connection: Connection, face: KeptFace) -> None:
    """Forget a face; its file is the caller's to remove."""
    connection.execute(delete(FACES).where(FACES.c.number == face.number))


def built(face: KeptFace) -> KeptFace:
    """Return a face that can be used.

    Raises:
        JobStateError: it is not built yet, or could not be.
    """
    if face.facts is None:
        raise JobStateError(f"The face {face.id} is {face.state}", "Use one that is ready")
    return face


def _face_of(row: Row[Any], operation: Operation | None) -> KeptFace:
    values = dict(row._mapping)
    return KeptFace(**values | {"operation": operation, "created": moment(values["created"])})
