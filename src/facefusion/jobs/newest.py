"""What belongs to somebody, by when it came, found by an index however much of others lies between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Dialect, Engine, Select, select, tuple_, union_all

from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import JobState

_LAST: Final = 2**63 - 1
Equal = Sequence[tuple[Column[Any], Any]]
"""Columns in the order of an index, and what each equals."""


def newest(
    dialect: Dialect, wanted: Select[Any], equal: Equal, number: Column[int], *, before: int | None, limit: int
) -> Select[Any]:
    """Return a query for the newest rows whose columns equal values, found by the index of these and the number.

    Args:
        dialect: of the database that will be asked.
        wanted: which rows, but for what columns equal.
        equal: the columns with which an index begins, and what they equal.
        number: by which rows are ordered, and with which that index ends.
        before: number that theirs are below; any when None.
        limit: most rows.
    """
    return _below(before, limit).of(dialect, wanted, equal, number)


def newest_jobs(
    engine: Engine,
    tenant: str,
    states: Sequence[JobState],
    *conditions: ColumnElement[bool],
    before: int | None,
    limit: int,
) -> Select[Any]:
    """Return a query for some of a tenant's jobs, the newest first.

    Args:
        engine: the database that will be asked.
        tenant: whose.
        states: in one of which they are; any when empty.
        conditions: what must hold of them, too.
        before: number that theirs are below; any when None.
        limit: most jobs.
    """
    return _jobs(engine.dialect, tenant, states, select(JOBS).where(*conditions), _below(before, limit))


def oldest_jobs(
    engine: Engine,
    tenant: str,
    states: Sequence[JobState],
    *conditions: ColumnElement[bool],
    after: int | None,
    limit: int,
) -> Select[Any]:
    """Return a query for some of a tenant's jobs, the oldest first.

    Args:
        engine: the database that will be asked.
        tenant: whose.
        states: in one of which they are; any when empty.
        conditions: what must hold of them, too.
        after: number that theirs are above; any when None.
        limit: most jobs.
    """
    stretch = _Stretch(0 if after is None else after + 1, _LAST, limit, is_newest_first=False)
    return _jobs(engine.dialect, tenant, states, select(JOBS).where(*conditions), stretch)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows whose numbers lie between two, both of them included."""

    first: int
    last: int
    limit: int
    is_newest_first: bool

    def of(self, dialect: Dialect, wanted: Select[Any], equal: Equal, number: Column[int]) -> Select[Any]:
        """Return a query for those whose columns equal values."""
        part = self._by_place if dialect.name == "postgresql" else self._by_equality
        return part(wanted, equal, number)

    def sorted(self, query: Select[Any], *columns: ColumnElement[Any]) -> Select[Any]:
        """Return a query in this order, cut where it ends."""
        order = [column.desc() if self.is_newest_first else column.asc() for column in columns]
        return query.order_by(*order).limit(self.limit)

    def _by_equality(self, wanted: Select[Any], equal: Equal, number: Column[int]) -> Select[Any]:
        """Return it for SQLite, which takes the index that begins with these columns."""
        where = [column == value for column, value in equal]
        return self.sorted(wanted.where(*where, number.between(self.first, self.last)), number)

    def _by_place(self, wanted: Select[Any], equal: Equal, number: Column[int]) -> Select[Any]:
        """Return it as one stretch of that index, in its own order, which no other index has.

        Asked for by equality, PostgreSQL is free to go through all rows by their numbers instead, as if those wanted
        were spread evenly among them. They are not: what is finished is old, and a tenant that has little came late or
        left.
        """
        columns, values = zip(*equal, strict=True)
        place = tuple_(*columns, number)
        within = (place >= tuple_(*values, self.first)) & (place <= tuple_(*values, self.last))
        return self.sorted(wanted.where(within), *columns, number)


def _below(before: int | None, limit: int) -> _Stretch:
    return _Stretch(0, _LAST if before is None else before - 1, limit, is_newest_first=True)


def _jobs(
    dialect: Dialect, tenant: str, states: Sequence[JobState], wanted: Select[Any], stretch: _Stretch
) -> Select[Any]:
    """Return a query for jobs, each state of which is a stretch of an index of its own."""
    whose = (JOBS.c.tenant, tenant)
    if not states:
        return stretch.of(dialect, wanted, [whose], JOBS.c.number)
    kinds = [
        stretch.of(dialect, wanted, [whose, (JOBS.c.state, state)], JOBS.c.number) for state in dict.fromkeys(states)
    ]
    if len(kinds) == 1:
        return kinds[0]
    each = union_all(*(select(kind.subquery()) for kind in kinds)).subquery()
    return stretch.sorted(select(each), each.c.number)
