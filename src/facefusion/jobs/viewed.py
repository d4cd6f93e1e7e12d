"""Reading views of the database: by tenant and time, in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select

from facefusion.jobs.database import reading
from facefusion.jobs.exporting import said

Value = TypeVar("Value")
_ROWS: Final = 5000


@dataclass(frozen=True, slots=True)
class Period:
    """Of which rows something is asked.

    Attributes:
        tenant: whose; everybody's when None.
        since: not earlier; any time when None.
        until: earlier than this; any time when None.
    """

    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of(
        self, connection: Connection, wanted: Select[Any], tenant: ColumnElement[Any], at: ColumnElement[Any]
    ) -> Select[Any]:
        """Return a query for those rows alone.

        Args:
            connection: to the database that will be asked.
            wanted: the query.
            tenant: column that says whose a row is.
            at: column that says when it was.
        """
        if self.tenant is not None:
            wanted = wanted.where(tenant == self.tenant)
        # In SQLite a view has times as texts, which order as times do.
        is_text = connection.dialect.name != "postgresql"
        if self.since is not None:
            wanted = wanted.where(at >= (said(self.since) if is_text else self.since))
        if self.until is not None:
            wanted = wanted.where(at < (said(self.until) if is_text else self.until))
        return wanted


ALWAYS: Final = Period()
"""All rows of all tenants."""


def in_parts(
    engine: Engine, wanted: Callable[[Connection], Select[Any]], value_of: Callable[[Row[Any]], Value]
) -> Iterator[Sequence[Value]]:
    """Yield all rows of a query as values, as they were at one moment, without holding all of them.

    Raises:
        JobsUnavailableError: the database cannot be used.
    """
    with reading(engine) as connection:
        rows = connection.execution_options(yield_per=_ROWS).execute(wanted(connection))
        for part in rows.partitions():
            yield [value_of(row) for row in part]


def time_of(value: object) -> datetime:
    """Return a time of a view, which is one or the text of one."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC)
