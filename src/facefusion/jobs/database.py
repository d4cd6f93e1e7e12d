"""The database of jobs: a SQLite file of this machine, or a PostgreSQL that several share."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError

from facefusion.errors import JobsUnavailableError, OptionsError
from facefusion.trust.database import reason, sole_writer

Clock = Callable[[Connection], int]
"""Returns the time in microseconds since 1970, as the database knows it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRIES: Final = 8
_AGAIN: Final = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
_FIRST_WAIT: Final = 0.002
_SERVER_TIME: Final = text("SELECT extract(epoch FROM clock_timestamp()) * 1000000")
_HASTY: Final = text("SET LOCAL synchronous_commit TO off")
_Args = ParamSpec("_Args")
_Value = TypeVar("_Value")


def database_time(connection: Connection) -> int:
    """Return the time: of the server where several machines meet, so that their own clocks need not agree."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(_SERVER_TIME).scalar_one())
    return time.time_ns() // 1000


def moment(microseconds: int) -> datetime:
    """Return a time of the database as a date."""
    return _EPOCH + timedelta(microseconds=microseconds)


def maybe_moment(microseconds: int | None) -> datetime | None:
    """Return a time of the database as a date, or None."""
    return None if microseconds is None else moment(microseconds)


@contextmanager
def writing(engine: Engine, *, is_durable: bool = True) -> Iterator[Connection]:
    """Yield a connection in a transaction that will write.

    SQLite lets one writer in at a time and decides that when the transaction begins; PostgreSQL locks rows.

    Args:
        engine: the database.
        is_durable: whether what is written is on the disk when the transaction ends. It is there within a second
            otherwise, and is lost only with the machine or the server that has the database.

    Raises:
        JobsUnavailableError: the database cannot be reached, or refuses.
    """
    with telling(), sole_writer(engine, is_durable=is_durable) as connection:
        if not is_durable and connection.dialect.name == "postgresql":
            connection.execute(_HASTY)
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that reads; errors as of `writing`."""
    with telling(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def looking(engine: Engine) -> Iterator[Connection]:
    """Yield a connection for looks each of which sees what is there by then; errors as of `writing`.

    PostgreSQL shows each statement of a usual transaction that, too. So none is begun there, and none ended, which
    would cost twice as much as a look. Locks are not held from one statement to the next.
    """
    with telling(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        with connection.begin():
            yield connection


@contextmanager
def telling() -> Iterator[None]:
    """Tell what goes wrong with the database in words of ours.

    Raises:
        JobsUnavailableError: it cannot be used.
        OptionsError: a value is longer or larger than it can keep.
    """
    try:
        yield
    except DataError as error:
        raise OptionsError(f"The database of jobs cannot keep a value: {reason(error)}") from error
    except SQLAlchemyError as error:
        raise JobsUnavailableError(
            f"The database of jobs cannot be used: {reason(error)}", "Nothing is lost; try again when it is back"
        ) from error


def until_it_goes_through(call: Callable[_Args, _Value]) -> Callable[_Args, _Value]:
    """Make a call, which is one transaction, again where the database ended it in favour of another.

    Two transactions that want the same rows in another order are such a case: one of them is undone as a whole. So is
    one that finds a job held for a moment by another, and does not wait because it holds a task itself.
    """

    @functools.wraps(call)
    def made(*args: _Args.args, **kwargs: _Args.kwargs) -> _Value:
        for number in range(_TRIES - 1):
            try:
                return call(*args, **kwargs)
            except JobsUnavailableError as error:
                if not _is_to_be_tried_again(error.__cause__):
                    raise
            # Of two that undo each other again and again, one is to be the first.
            time.sleep(random.uniform(0, _FIRST_WAIT * 2**number))  # nosec B311 - no secret
        return call(*args, **kwargs)

    return made


def _is_to_be_tried_again(error: BaseException | None) -> bool:
    code = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return code in _AGAIN
