"""Consents and their evidence in the database, sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from facefusion.errors import ConsentRecordError
from facefusion.trust.consent.record import Consent
from facefusion.trust.consent.tables import EVIDENCE, FACES, RECORDS
from facefusion.trust.sealing import Sealer
from facefusion.trust.templates.gallery import Gallery
from facefusion.trust.templates.template import TemplateMaker


class Records:
    """The consents of one tenant; every method works on a connection that it is handed.

    Args:
        derived: returns the key for a purpose, as `KeyRing.derived` does.
        tenant: whose they are.
    """

    def __init__(self, derived: Callable[[str], bytes], tenant: str) -> None:
        self._tenant = tenant
        self._records = Sealer(derived("consent records"))
        self._evidence = Sealer(derived("consent evidence"))
        maker = TemplateMaker(derived, f"consent/{tenant}")
        self.faces = Gallery(FACES, tenant, maker, Sealer(derived("consent faces")))

    def put(self, connection: Connection, consent: Consent, evidence: Sequence[bytes]) -> None:
        """Keep a new consent with the bytes of its evidence."""
        connection.execute(
            insert(RECORDS).values(
                id=consent.id, tenant=self._tenant, recorded=consent.recorded.isoformat(), **self._columns(consent)
            )
        )
        for number, content in enumerate(evidence):
            sealed = self._evidence.sealed(content, self._place(consent.id, number))
            connection.execute(
                insert(EVIDENCE).values(record=consent.id, tenant=self._tenant, number=number, content=sealed)
            )

    def replace(self, connection: Connection, consent: Consent) -> None:
        """Keep what a consent says now, such as that it was revoked."""
        connection.execute(update(RECORDS).where(*self._of(RECORDS.c.id, consent.id)).values(**self._columns(consent)))

    def found(self, connection: Connection, record: str) -> Consent | None:
        """Return a consent, None where there is none of this id.

        Raises:
            SealBrokenError: it was changed.
        """
        row = connection.execute(select(RECORDS).where(*self._of(RECORDS.c.id, record))).first()
        return None if row is None else self._opened(row)

    def all(self, connection: Connection) -> Iterator[Consent]:
        """Yield all consents, the oldest first.

        Raises:
            SealBrokenError: one was changed.
        """
        asked = select(RECORDS).where(RECORDS.c.tenant == self._tenant).order_by(RECORDS.c.recorded, RECORDS.c.id)
        return map(self._opened, connection.execute(asked).all())

    def evidence_bytes(self, connection: Connection) -> int:
        """Return how many bytes all evidence takes, as it is kept."""
        size = func.coalesce(func.sum(func.length(EVIDENCE.c.content)), 0)
        return int(connection.execute(select(size).where(EVIDENCE.c.tenant == self._tenant)).scalar_one())

    def evidence(self, connection: Connection, record: str, number: int) -> bytes:
        """Return the bytes of a file of evidence.

        Raises:
            ConsentRecordError: it is not there.
            SealBrokenError: it was changed.
        """
        asked = select(EVIDENCE.c.content).where(*self._of(EVIDENCE.c.record, record), EVIDENCE.c.number == number)
        row = connection.execute(asked).first()
        if row is None:
            raise ConsentRecordError(
                f"Evidence {number} of the consent {record} is missing", "Put the records back from a backup"
            )
        return self._evidence.opened(row.content, self._place(record, number))

    def erase(self, connection: Connection, record: str) -> None:
        """Forget a consent, its faces and its evidence."""
        self.faces.erase(connection, [record])
        connection.execute(delete(EVIDENCE).where(*self._of(EVIDENCE.c.record, record)))
        connection.execute(delete(RECORDS).where(*self._of(RECORDS.c.id, record)))

    def _of(self, column: Any, record: str) -> tuple[Any, Any]:
        return column.table.c.tenant == self._tenant, column == record

    def _columns(self, consent: Consent) -> dict[str, Any]:
        """Return what a row holds; when it was revoked is part of the seal, so that this cannot be taken back."""
        revoked = consent.revocation.at.isoformat() if consent.revocation else ""
        place = self._place(consent.id, revoked)
        return {"revoked": revoked, "content": self._records.sealed(consent.model_dump_json().encode(), place)}

    def _opened(self, row: Any) -> Consent:
        return Consent.model_validate_json(self._records.opened(row.content, self._place(row.id, row.revoked)))

    def _place(self, record: str, part: object) -> str:
        return f"{self._tenant}/{record}/{part}"
