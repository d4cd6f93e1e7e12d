"""A tenant's jobs, the newest first, found by an index however many others lie between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, select, tuple_, union_all

from facefusion.jobs.schema import JOBS
from facefusion.jobs.states import JobState

_LAST: Final = 2**63 - 1


def newest_jobs(
    tenant: str, states: Sequence[JobState], *conditions: ColumnElement[bool], before: int | None, limit: int
) -> Select[Any]:
    """Return a query for some of a tenant's jobs, the newest first.

    Args:
        tenant: whose.
        states: in one of which they are; any when empty.
        conditions: what must hold of them, too.
        before: number that theirs are below; any when None.
        limit: most jobs.
    """
    last = _LAST if before is None else before - 1
    whose = (JOBS.c.tenant, tenant)
    if not states:
        return _stretch([whose], conditions, last, limit)
    kinds = [_stretch([whose, (JOBS.c.state, state)], conditions, last, limit) for state in dict.fromkeys(states)]
    if len(kinds) == 1:
        return kinds[0]
    each = union_all(*(select(kind.subquery()) for kind in kinds)).subquery()
    return select(each).order_by(each.c.number.desc()).limit(limit)


def _stretch(
    equal: Sequence[tuple[Column[Any], str]], conditions: Sequence[ColumnElement[bool]], last: int, limit: int
) -> Select[Any]:
    """Return a query for jobs whose columns equal values, by the index that begins with these columns.

    Asked for by equality, a database is free to go through all jobs by their numbers instead, as if those wanted were
    spread evenly among them. They are not: what is finished is old. So they are asked for as one stretch of the index,
    in its own order, which no other index has.
    """
    columns, values = zip(*equal, strict=True)
    place = tuple_(*columns, JOBS.c.number)
    within = (place >= tuple_(*values, 0)) & (place <= tuple_(*values, last))
    order = [column.desc() for column in (*columns, JOBS.c.number)]
    return select(JOBS).where(within, *conditions).order_by(*order).limit(limit)
