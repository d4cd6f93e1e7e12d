"""The statements that find the task whose turn it is, made once: to put one together takes longer than to send it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, String, bindparam, func, literal_column, select, update

from facefusion.jobs.schema import LEASES, TASKS, TENANTS

CHARGED: Final = 10_000_000
"""Microseconds that a task is thought to take before it is known."""

# In words, not as parameters: only so do databases know that the index of ready tasks serves, and how far.
_READY: Final[ColumnElement[str]] = literal_column("'ready'")
_ONE: Final[ColumnElement[int]] = literal_column("1", Integer)
_CHARGED: Final[ColumnElement[int]] = literal_column(str(CHARGED), BigInteger)

# The tenants with tasks that are ready: one step in the index for each, however many tasks there are.
_FIRST_TENANT: Final = (
    select(func.min(TASKS.c.tenant).label("tenant"))
    .where(TASKS.c.state == _READY)
    .cte("tenants_with_work", recursive=True)
)
_NEXT_TENANT: Final = (
    select(func.min(TASKS.c.tenant))
    .where(TASKS.c.state == _READY, TASKS.c.tenant > _FIRST_TENANT.c.tenant)
    .correlate(_FIRST_TENANT)
    .scalar_subquery()
)
_STEPS: Final = _FIRST_TENANT.union_all(select(_NEXT_TENANT).where(_FIRST_TENANT.c.tenant.is_not(None)))
_WITH_WORK: Final = select(_STEPS.c.tenant).where(_STEPS.c.tenant.is_not(None)).subquery("with_work")

# What each tenant has at work, and by how much its account so is ahead of what it was served.
_AT_WORK: Final = select(LEASES.c.tenant, func.count().label("running")).group_by(LEASES.c.tenant).cte("at_work")


def _account(tenants: Any, at_work: Any) -> Any:
    running = func.coalesce(at_work.c.running, literal_column("0", Integer))
    return tenants.c.served + running * (_CHARGED // tenants.c.weight)


_EVERY: Final = TENANTS.alias("every_tenant")
_ALL_AT_WORK: Final = _AT_WORK.alias("all_at_work")
_MOST: Final = (
    select(func.max(_account(_EVERY, _ALL_AT_WORK)))
    .select_from(_EVERY.outerjoin(_ALL_AT_WORK, _ALL_AT_WORK.c.tenant == _EVERY.c.id))
    .scalar_subquery()
)

_ANY: Final = TASKS.alias("any_task")
_FIRST: Final = (
    select(_ANY.c.id)
    .where(_ANY.c.state == _READY, _ANY.c.not_before <= bindparam("now", type_=BigInteger))
    .order_by(_ANY.c.rank, _ANY.c.job, _ANY.c.number)
    .limit(_ONE)
)
_HEAD: Final = _FIRST.where(_ANY.c.tenant == _WITH_WORK.c.tenant).correlate(_WITH_WORK).scalar_subquery()
_HEADS: Final = select(_WITH_WORK.c.tenant, _HEAD.label("task")).subquery("heads")

TURNS: Final = (
    select(
        TENANTS.c.id,
        TENANTS.c.max_running,
        TENANTS.c.served,
        _account(TENANTS, _AT_WORK).label("account"),
        func.coalesce(_AT_WORK.c.running, literal_column("0", Integer)).label("running"),
        _MOST.label("most"),
        TASKS.c.rank,
        TASKS.c.job,
    )
    .select_from(_HEADS)
    .join(TENANTS, TENANTS.c.id == _HEADS.c.tenant)
    .join(TASKS, TASKS.c.id == _HEADS.c.task)
    .outerjoin(_AT_WORK, _AT_WORK.c.tenant == TENANTS.c.id)
    .where(TENANTS.c.is_paused.is_(False))
)
"""Of each tenant that is not paused and has a task that is due (`now`): its account, the largest of all accounts
(`most`), how many of its tasks are at work, how many may be, and the rank and the job of its first task."""

TAKE: Final = (
    update(TASKS)
    .where(
        TASKS.c.id
        == _FIRST.where(_ANY.c.tenant == bindparam("whose", type_=String))
        .with_for_update(skip_locked=True, key_share=True)
        .scalar_subquery()
    )
    .values(state="leased", token=TASKS.c.token + 1)
    .returning(TASKS)
)
"""Takes the first task of a tenant (`whose`) that is due (`now`) and that nobody else is just taking; gives its row."""
