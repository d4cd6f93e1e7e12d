"""The newest of what belongs to somebody, found by an index however much of others lies between."""

from __future__ import annotations

from collections.abc import Sequence
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
    last = _LAST if before is None else before - 1
    part = _stretch if dialect.name == "postgresql" else _equal
    return part(wanted, equal, number, last).limit(limit)


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
    wanted, whose = select(JOBS).where(*conditions), (JOBS.c.tenant, tenant)

    def found(*equal: tuple[Column[Any], Any]) -> Select[Any]:
        return newest(engine.dialect, wanted, equal, JOBS.c.number, before=before, limit=limit)

    if not states:
        return found(whose)
    kinds = [found(whose, (JOBS.c.state, state)) for state in dict.fromkeys(states)]
    if len(kinds) == 1:
        return kinds[0]
    each = union_all(*(select(kind.subquery()) for kind in kinds)).subquery()
    return select(each).order_by(each.c.number.desc()).limit(limit)


def _equal(wanted: Select[Any], equal: Equal, number: Column[int], last: int) -> Select[Any]:
    """Return a query for rows whose columns equal values; SQLite takes the index that begins with these columns."""
    where = [column == value for column, value in equal]
    return wanted.where(*where, number <= last).order_by(number.desc())


def _stretch(wanted: Select[Any], equal: Equal, number: Column[int], last: int) -> Select[Any]:
    """Return the same query as one stretch of that index, in its own order, which no other index has.

    Asked for by equality, PostgreSQL is free to go through all rows by their numbers instead, as if those wanted were
    spread evenly among them. They are not: what is finished is old, and a tenant that has little came late or left.
    """
    columns, values = zip(*equal, strict=True)
    place = tuple_(*columns, number)
    within = (place >= tuple_(*values, 0)) & (place <= tuple_(*values, last))
    return wanted.where(within).order_by(*(column.desc() for column in (*columns, number)))
