"""The tables of consents, and how what goes wrong with them is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.exc import SQLAlchemyError

from facefusion.errors import ConsentRecordError
from facefusion.trust.database import reason
from facefusion.trust.sealing import SealBrokenError
from facefusion.trust.templates.gallery import faces_table

METADATA: Final = MetaData()
RECORDS: Final = Table(
    "consent_records",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("recorded", String(40), nullable=False),
    Column("revoked", String(40), nullable=False),  # empty while it holds
    Column("content", LargeBinary, nullable=False),
    Index("consent_records_by_tenant", "tenant", "recorded"),
)
FACES: Final = faces_table("consent_faces", METADATA)
EVIDENCE: Final = Table(
    "consent_evidence",
    METADATA,
    Column("record", String(32), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)


@contextmanager
def telling() -> Iterator[None]:
    """Tell what goes wrong with the records in words of ours.

    Raises:
        ConsentRecordError: a record was changed, or the database cannot be used.
    """
    try:
        yield
    except SealBrokenError as error:
        raise ConsentRecordError(
            "A consent on record was changed, moved, or sealed with another key", "Put the records back from a backup"
        ) from error
    except SQLAlchemyError as error:
        raise ConsentRecordError(
            f"The records of consents cannot be used: {reason(error)}", "Mend the database, and try again"
        ) from error
