"""Faces of records, as they lie in the database: templates and what new ones are made from, all sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from facefusion.faces.types import Vector
from facefusion.trust.sealing import Sealer
from facefusion.trust.templates.template import THRESHOLD, Template, TemplateMaker, differences

_FLOAT: Final = "<f4"


def faces_table(name: str, metadata: MetaData) -> Table:
    """Return the definition of a table of faces.

    Args:
        name: of the table.
        metadata: which it belongs to.
    """
    return Table(
        name,
        metadata,
        Column("record", String(32), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("tenant", String(64), primary_key=True, index=True),
        Column("epoch", String(16), nullable=False),
        Column("template", LargeBinary, nullable=False),
        Column("reference", LargeBinary, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class Near:
    """A record that a face may be of.

    Attributes:
        record: its id.
        difference: share of bits in which the nearest template differs.
    """

    record: str
    difference: float


class Gallery:
    """The faces of one tenant's records of one kind.

    Args:
        table: of `faces_table`.
        tenant: whose records they are.
        maker: makes templates.
        sealer: seals templates and references.
    """

    __slots__ = ("_maker", "_sealer", "_table", "_tenant")

    def __init__(self, table: Table, tenant: str, maker: TemplateMaker, sealer: Sealer) -> None:
        self._table = table
        self._tenant = tenant
        self._maker = maker
        self._sealer = sealer

    def add(self, connection: Connection, record: str, embeddings: Sequence[Vector], epoch: str) -> None:
        """Keep the faces of a record.

        Args:
            connection: in a transaction.
            record: its id.
            embeddings: identity vectors of the bundled recogniser, float32 (128,).
            epoch: of today.

        Raises:
            ValueError: a vector is none.
        """
        for number, embedding in enumerate(embeddings):
            place = self._place(record, number)
            content = np.asarray(embedding, _FLOAT).tobytes()
            connection.execute(
                insert(self._table).values(
                    record=record,
                    number=number,
                    tenant=self._tenant,
                    epoch=epoch,
                    template=self._template(embedding, epoch, place),
                    reference=self._sealer.sealed(content, f"{place}/reference"),
                )
            )

    def near(self, connection: Connection, embedding: Vector, epoch: str) -> list[Near]:
        """Return the records whose person a face may be, the most alike first.

        Args:
            connection: to the database.
            embedding: identity vector, float32 (128,).
            epoch: of today; templates of others are made anew in passing, so that no record is missed.

        Raises:
            SealBrokenError: a face was changed or moved.
        """
        asked = self._maker.made(embedding, epoch)
        rows = connection.execute(self._of_tenant()).all()
        kept = [self._of_epoch(row, epoch) for row in rows]
        best: dict[str, float] = {}
        for row, share in zip(rows, differences(asked, kept), strict=True):
            best[row.record] = min(best.get(row.record, 1.0), float(share))
        near = [Near(record, share) for record, share in best.items() if share <= THRESHOLD]
        return sorted(near, key=lambda each: each.difference)

    def is_stale(self, connection: Connection, epoch: str) -> bool:
        """Return whether there are templates of another epoch."""
        table = self._table
        asked = select(table.c.record).where(table.c.tenant == self._tenant, table.c.epoch != epoch).limit(1)
        return connection.execute(asked).first() is not None

    def renew(self, connection: Connection, epoch: str) -> int:
        """Make all templates anew that are of another epoch; return how many.

        Args:
            connection: in a transaction beside which nobody else writes.
            epoch: of today.

        Raises:
            SealBrokenError: a face was changed or moved.
        """
        table = self._table
        rows = connection.execute(self._of_tenant().where(table.c.epoch != epoch)).all()
        for row in rows:
            template = self._template(self._reference(row), epoch, self._place(row.record, row.number))
            here = and_(table.c.tenant == self._tenant, table.c.record == row.record, table.c.number == row.number)
            connection.execute(update(table).where(here).values(epoch=epoch, template=template))
        return len(rows)

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many faces each record has."""
        table = self._table
        asked = select(table.c.record, func.count()).where(table.c.tenant == self._tenant).group_by(table.c.record)
        return {record: int(count) for record, count in connection.execute(asked)}

    def references(self, connection: Connection, record: str) -> list[Vector]:
        """Return the identity vectors of a record, in the order in which they were kept.

        Raises:
            SealBrokenError: a face was changed or moved.
        """
        asked = self._of_tenant().where(self._table.c.record == record).order_by(self._table.c.number)
        return [self._reference(row) for row in connection.execute(asked)]

    def erase(self, connection: Connection, records: Iterable[str]) -> None:
        """Forget the faces of records."""
        table = self._table
        connection.execute(delete(table).where(table.c.tenant == self._tenant, table.c.record.in_([*records])))

    def _of_tenant(self) -> Select[tuple[Any, ...]]:
        return select(self._table).where(self._table.c.tenant == self._tenant)

    def _template(self, embedding: Vector, epoch: str, place: str) -> bytes:
        return self._sealer.sealed(self._maker.made(embedding, epoch).bits, f"{place}/template/{epoch}")

    def _of_epoch(self, row: Row[Any], epoch: str) -> Template:
        if row.epoch == epoch:
            return Template(epoch, self._opened(row, "template"))
        return self._maker.made(self._reference(row), epoch)

    def _reference(self, row: Row[Any]) -> Vector:
        return np.frombuffer(self._opened(row, "reference"), _FLOAT)

    def _opened(self, row: Row[Any], what: str) -> bytes:
        place = f"{self._place(row.record, row.number)}/{what}"
        return self._sealer.opened(getattr(row, what), f"{place}/{row.epoch}" if what == "template" else place)

    def _place(self, record: str, number: int) -> str:
        return f"{self._table.name}/{self._tenant}/{record}/{number}"
