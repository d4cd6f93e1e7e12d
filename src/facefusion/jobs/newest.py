"""A tenant's jobs, by when they came, found by an index however many others lie between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Engine, Select, select, tuple_, union_all

from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import JobState

_LAST: Final = 2**63 - 1


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
    last = _LAST if before is None else before - 1
    return _query(engine, tenant, states, _Stretch(conditions, 0, last, limit, is_newest_first=True))


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
    first = 0 if after is None else after + 1
    return _query(engine, tenant, states, _Stretch(conditions, first, _LAST, limit, is_newest_first=False))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Jobs whose numbers lie between two, both of them included."""

    conditions: tuple[ColumnElement[bool], ...]
    first: int
    last: int
    limit: int
    is_newest_first: bool

    def sorted(self, query: Select[Any], columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
        """Return a query in its order, cut where it ends."""
        order = [column.desc() if self.is_newest_first else column.asc() for column in columns]
        return query.order_by(*order).limit(self.limit)


def _query(engine: Engine, tenant: str, states: Sequence[JobState], stretch: _Stretch) -> Select[Any]:
    part = _by_place if engine.dialect.name == "postgresql" else _by_equality
    whose = (JOBS.c.tenant, tenant)
    if not states:
        return part([whose], stretch)
    kinds = [part([whose, (JOBS.c.state, state)], stretch) for state in dict.fromkeys(states)]
    if len(kinds) == 1:
        return kinds[0]
    each = union_all(*(select(kind.subquery()) for kind in kinds)).subquery()
    return stretch.sorted(select(each), [each.c.number])


def _by_equality(equal: Sequence[tuple[Column[Any], str]], stretch: _Stretch) -> Select[Any]:
    """Return a query for jobs whose columns equal values; SQLite takes the index that begins with these columns."""
    within = JOBS.c.number.between(stretch.first, stretch.last)
    wanted = select(JOBS).where(*(column == value for column, value in equal), within, *stretch.conditions)
    return stretch.sorted(wanted, [JOBS.c.number])


def _by_place(equal: Sequence[tuple[Column[Any], str]], stretch: _Stretch) -> Select[Any]:
    """Return the same query as one stretch of that index, in its own order, which no other index has.

    Asked for by equality, PostgreSQL is free to go through all jobs by their numbers instead, as if those wanted were
    spread evenly among them. They are not: what is finished is old.
    """
    columns, values = zip(*equal, strict=True)
    place = tuple_(*columns, JOBS.c.number)
    within = (place >= tuple_(*values, stretch.first)) & (place <= tuple_(*values, stretch.last))
    return stretch.sorted(select(JOBS).where(within, *stretch.conditions), [*columns, JOBS.c.number])
