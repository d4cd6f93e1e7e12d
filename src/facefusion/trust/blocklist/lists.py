"""The lists of faces of one tenant: those not to be used, and those that may be used all the same."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from facefusion.errors import ConsentRecordError, FaceBlockedError
from facefusion.faces.types import Vector
from facefusion.trust.blocklist.entry import ListEntry, ListKind
from facefusion.trust.database import alone, reason
from facefusion.trust.sealing import SealBrokenError, Sealer
from facefusion.trust.tables import make_missing
from facefusion.trust.templates import TemplateMaker, epoch_at
from facefusion.trust.templates.gallery import Gallery, faces_table

_METADATA: Final = MetaData()
_ENTRIES: Final = Table(
    "face_list_entries",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), primary_key=True, index=True),
    Column("recorded", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
_FACES: Final = faces_table("face_list_faces", _METADATA)


class FaceLists:
    """Keeps the lists, and says whether a face may be used.

    Args:
        engine: the database of records.
        derived: returns the key for a purpose, as `KeyRing.derived` does.
        tenant: whose lists they are; those of others are never looked at.
        clock: returns the time.

    Raises:
        ConsentRecordError: the database cannot be used.
    """

    def __init__(
        self,
        engine: Engine,
        derived: Callable[[str], bytes],
        tenant: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._tenant = tenant
        self._clock = clock
        self._sealer = Sealer(derived("blocklist"))
        maker = TemplateMaker(derived, f"blocklist/{tenant}")
        self._faces = Gallery(_FACES, tenant, maker, Sealer(derived("blocklist faces")))
        with _telling():
            make_missing(engine, _METADATA)
        self.renew()

    def add(
        self,
        kind: ListKind,
        embeddings: Sequence[Vector],
        *,
        basis: str,
        reason: str = "",
        until: datetime | None = None,
    ) -> ListEntry:
        """Put a face onto a list.

        Args:
            kind: `block`: it is not to be used; `allow`: it may be, though it is on the other list.
            embeddings: identity vectors by the bundled recogniser, float32 (128,), one for each picture.
            basis: the legal ground on which the face is kept.
            reason: why.
            until: when the entry ends.

        Raises:
            ConsentRecordError: it cannot be kept.
        """
        entry = ListEntry(
            id=f"f-{secrets.token_hex(8)}",
            kind=kind,
            basis=basis,
            reason=reason,
            recorded=self._clock(),
            until=until,
            pictures=len(embeddings),
        )
        content = self._sealer.sealed(entry.model_dump_json().encode(), self._place(entry.id))
        row = {"id": entry.id, "tenant": self._tenant, "recorded": entry.recorded.isoformat(), "content": content}
        with _telling(), alone(self._engine, "face lists") as connection:
            connection.execute(insert(_ENTRIES).values(row))
            self._faces.add(connection, entry.id, embeddings, epoch_at(self._clock()))
        return entry

    def all(self) -> list[ListEntry]:
        """Return all entries that have not ended, the oldest first.

        Raises:
            ConsentRecordError: one was changed, or the database cannot be used.
        """
        asked = select(_ENTRIES).where(_ENTRIES.c.tenant == self._tenant).order_by(_ENTRIES.c.recorded, _ENTRIES.c.id)
        with _telling(), self._engine.begin() as connection:
            entries = [self._opened(row) for row in connection.execute(asked)]
            if {entry.id: entry.pictures for entry in entries} != self._faces.counts(connection):
                raise SealBrokenError("faces without their entry, or an entry without its faces")
        return [entry for entry in entries if entry.holds(self._clock())]

    def remove(self, entry: str) -> ListEntry:
        """Take an entry off its list, forget its face, and return what it said.

        Raises:
            ConsentRecordError: there is none of this id, or the database cannot be used.
        """
        with _telling(), alone(self._engine, "face lists") as connection:
            found = self._found(connection, entry)
            if found is None:
                raise ConsentRecordError(f"There is no entry {entry}", "See facefusion blocklist list")
            self._forget(connection, entry)
        return found

    def check(self, embedding: Vector, *, face: str, allow_overrides: bool) -> None:
        """Make sure that a face may be used.

        Args:
            embedding: identity vector of the bundled recogniser, float32 (128,).
            face: how messages call it: by its place among the files.
            allow_overrides: whether a face on the allow-list may be used though it is on the blocklist; the policy's
                rule `blocklist.allow_overrides`.

        Raises:
            FaceBlockedError: it may not.
            ConsentRecordError: the lists were changed or cannot be used.
        """
        moment = self._clock()
        with _telling(), self._engine.begin() as connection:
            near = self._faces.near(connection, embedding, epoch_at(moment))
            found = [self._known(connection, each.record) for each in near]
        live = [entry for entry in found if entry.holds(moment)]
        blocked = next((entry for entry in live if entry.kind == "block"), None)
        allowed = allow_overrides and any(entry.kind == "allow" for entry in live)
        if blocked is not None and not allowed:
            raise FaceBlockedError(
                f"The face in {face} is on the list of faces that are not to be used here (entry {blocked.id})",
                "Use another face; whoever keeps the list can look the entry up with facefusion blocklist list",
            )

    def renew(self) -> int:
        """Forget entries that ended, and make templates anew that are of an epoch before this; return how many.

        Raises:
            ConsentRecordError: the lists were changed or cannot be used.
        """
        epoch = epoch_at(self._clock())
        with _telling():
            with self._engine.begin() as connection:
                ended = self._ended(connection)
                if not ended and not self._faces.is_stale(connection, epoch):
                    return 0
            with alone(self._engine, "face lists") as connection:
                for entry in ended:
                    self._forget(connection, entry)
                return self._faces.renew(connection, epoch)

    def _ended(self, connection: Connection) -> list[str]:
        rows = connection.execute(select(_ENTRIES).where(_ENTRIES.c.tenant == self._tenant)).all()
        return [row.id for row in rows if not self._opened(row).holds(self._clock())]

    def _forget(self, connection: Connection, entry: str) -> None:
        self._faces.erase(connection, [entry])
        connection.execute(delete(_ENTRIES).where(_ENTRIES.c.tenant == self._tenant, _ENTRIES.c.id == entry))

    def _known(self, connection: Connection, entry: str) -> ListEntry:
        found = self._found(connection, entry)
        if found is None:  # a face without what it is on a list for: somebody took a row away
            raise SealBrokenError("an entry is missing")
        return found

    def _found(self, connection: Connection, entry: str) -> ListEntry | None:
        asked = select(_ENTRIES).where(_ENTRIES.c.tenant == self._tenant, _ENTRIES.c.id == entry)
        row = connection.execute(asked).first()
        return None if row is None else self._opened(row)

    def _opened(self, row: Any) -> ListEntry:
        return ListEntry.model_validate_json(self._sealer.opened(row.content, self._place(row.id)))

    def _place(self, entry: str) -> str:
        return f"{self._tenant}/{entry}"


@contextmanager
def _telling() -> Iterator[None]:
    """Tell what goes wrong with the lists in words of ours.

    Raises:
        ConsentRecordError: an entry was changed, or the database cannot be used.
    """
    try:
        yield
    except SealBrokenError as error:
        raise ConsentRecordError(
            "An entry of the lists of faces was changed, moved, or sealed with another key",
            "Put the records back from a backup",
        ) from error
    except SQLAlchemyError as error:
        raise ConsentRecordError(
            f"The lists of faces cannot be used: {reason(error)}", "Mend the database, and try again"
        ) from error
