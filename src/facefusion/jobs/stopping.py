"""How attempts and tasks end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Connection, Integer, String, bindparam, delete, func, insert, select, update

from facefusion.jobs.rows import change_job
from facefusion.jobs.schema import ATTEMPTS, LEASES, PLANS, TASKS
from facefusion.jobs.states import Outcome, TaskState
from facefusion.jobs.values import Failure, Job
from facefusion.jobs.words import note_error

_TASK: Final = bindparam("of", type_=BigInteger)
_DONE: Final = update(TASKS).where(TASKS.c.id == _TASK).values(state="done", result=bindparam("made", type_=JSON))
_LET_GO: Final = delete(LEASES).where(LEASES.c.task == _TASK)
_ENDED: Final = (
    update(ATTEMPTS)
    .where(ATTEMPTS.c.task == _TASK, ATTEMPTS.c.token == bindparam("by", type_=Integer))
    .values(
        ended=bindparam("now", type_=BigInteger),
        outcome=bindparam("how", type_=String),
        seconds=(bindparam("now", type_=BigInteger) - ATTEMPTS.c.began) / 1e6,
        error=bindparam("why", type_=JSON),
        facts=bindparam("measured", type_=JSON),
    )
    .returning(ATTEMPTS.c.began)
)


def end_task(
    connection: Connection,
    task: int,
    token: int,
    now: int,
    result: Mapping[str, Any],
    *,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """Keep the result of a task, and return how many microseconds it took."""
    connection.execute(_DONE, {"of": task, "made": dict(result)})
    return end_attempt(connection, task, token, now, "done", facts=facts)


def end_attempt(
    connection: Connection,
    task: int,
    token: int,
    now: int,
    outcome: Outcome,
    *,
    failure: Failure | None = None,
    facts: Mapping[str, Any] | None = None,
) -> int:
    """End the lease of a task, write how the attempt went, and return how many microseconds it took."""
    connection.execute(_LET_GO, {"of": task})
    values = {
        "now": now,
        "how": outcome,
        "why": None if failure is None else failure.to_json(),
        "measured": None if facts is None else dict(facts),
    }
    began = connection.execute(_ENDED, {"of": task, "by": token, **values})
    return max(0, now - int(began.scalar_one()))


def stop_tasks(connection: Connection, job: Job, now: int) -> list[int]:
    """Cancel all tasks of a job that are not finished; workers at them hear of it when they next say anything.

    Args:
        connection: in a transaction that holds the job.
        job: whose tasks they are.
        now: the time.

    Returns:
        the microseconds that each attempt took which this ended.
    """
    open_ones = (TASKS.c.job == job.number) & TASKS.c.state.in_(("waiting", "ready", "held", "leased"))
    # First the tasks: that waits for who is just leasing one, so that its lease is seen by what follows.
    connection.execute(update(TASKS).where(open_ones).values(state="cancelled"))
    held = select(LEASES.c.task, LEASES.c.token).join(TASKS, TASKS.c.id == LEASES.c.task)
    rows = connection.execute(held.where(TASKS.c.job == job.number)).all()
    return [end_attempt(connection, row.task, row.token, now, "cancelled") for row in rows]


def leave_segments(connection: Connection, job: Job) -> None:
    """Let one task do all of a job that was cut, in place of all it has.

    Its token goes on from theirs, so that what attempts at those still put into storage, or remove there, is not its.

    Args:
        connection: in a transaction that holds the job.
        job: of which no task is leased any more.
    """
    mine = TASKS.c.job == job.number
    token = connection.execute(select(func.max(TASKS.c.token)).where(mine)).scalar_one()
    connection.execute(update(TASKS).where(mine).values(state="left"))
    connection.execute(delete(PLANS).where(PLANS.c.job == job.number))
    state: TaskState = "held" if job.is_paused else "ready"
    task = {"job": job.number, "tenant": job.tenant, "kind": "whole", "number": 0, "token": token}
    connection.execute(insert(TASKS).values(**task, state=state, rank=-job.priority))


def try_again(connection: Connection, job: Job, task: int, *, not_before: int, **counts: int) -> None:
    """Let a task be leased again.

    Args:
        connection: in a transaction that holds the job.
        job: of the task.
        task: its identifier.
        not_before: when it may be leased at the earliest.
        counts: `failures` and `losses` where they grew.
    """
    state: TaskState = "held" if job.is_paused else "ready"
    values = {"state": state, "not_before": not_before, **counts}
    connection.execute(update(TASKS).where(TASKS.c.id == task).values(values))


def give_up(connection: Connection, job: Job, task: int, now: int, failure: Failure, **counts: int) -> list[int]:
    """Let a job fail because one of its tasks did; arguments and result as of `stop_tasks` and `try_again`."""
    connection.execute(update(TASKS).where(TASKS.c.id == task).values(state="dead", **counts))
    took = stop_tasks(connection, job, now)
    change_job(connection, job, now, state="failed", error=failure.to_json())
    note_error(connection, job, failure.type)
    return took
