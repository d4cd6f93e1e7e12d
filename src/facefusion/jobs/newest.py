"""A tenant's jobs, the newest first, found by an index however many others lie between them."""

from __future__ import annotations

from collections.abc import Sequence
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
    part = _stretch if engine.dialect.name == "postgresql" else _equal
    whose = (JOBS.c.tenant, tenant)
    if not states:
        return part([whose], conditions, last, limit)
    kinds = [part([whose, (JOBS.c.state, state)], conditions, last, limit) for state in dict.fromkeys(states)]
    if len(kinds) == 1:
        return kinds[0]
    each = union_all(*(select(kind.subquery()) for kind in kinds)).subquery()
    return select(each).order_by(each.c.number.desc()).limit(limit)


def _equal(
    equal: Sequence[tuple[Column[Any], str]], conditions: Sequence[ColumnElement[bool]], last: int, limit: int
) -> Select[Any]:
    """Return a query for jobs whose columns equal values; SQLite takes the index that begins with these columns."""
    wanted = select(JOBS).where(*(column == value for column, value in equal), JOBS.c.number <= last, *conditions)
    return wanted.order_by(JOBS.c.number.desc()).limit(limit)


def _stretch(
    equal: Sequence[tuple[Column[Any], str]], conditions: Sequence[ColumnElement[bool]], last: int, limit: int
) -> Select[Any]:
    """Return the same query as one stretch of that index, in its own order, which no other index has.

    Asked for by equality, PostgreSQL is free to go through all jobs by their numbers instead, as if those wanted were
    spread evenly among them. They are not: what is finished is old.
    """
    columns, values = zip(*equal, strict=True)
    place = tuple_(*columns, JOBS.c.number)
    within = (place >= tuple_(*values, 0)) & (place <= tuple_(*values, last))
    order = [column.desc() for column in (*columns, JOBS.c.number)]
    return select(JOBS).where(within, *conditions).order_by(*order).limit(limit)
