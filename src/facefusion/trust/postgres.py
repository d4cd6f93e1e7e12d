"""Connections to PostgreSQL that do not wait for ever: libpq notices a machine that is gone, not one that is silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, event

_Value = TypeVar("_Value")


def bound_waits(engine: Engine, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Let connections of a database be given up over which nothing comes while an answer is waited for.

    A proxy that has lost its way, or a server that is held, still takes what is sent, so that TCP sees nothing wrong.

    Args:
        engine: of PostgreSQL, with no connection made yet.
        seconds: of silence, more than any statement or lock takes.
        clock: tells the time in seconds.
    """

    class Bounded(psycopg.Connection[Any]):
        """A connection that ends itself when it is silent for too long."""

        def wait(self, gen: PQGen[_Value], *arguments: Any, **named: Any) -> _Value:
            """Wait for an answer; of psycopg, which asks for it in small steps."""
            return super().wait(_bounded(gen, seconds, clock, self.pgconn.finish), *arguments, **named)

    def connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Bounded:
        return Bounded.connect(*arguments, **named)

    event.listen(engine, "do_connect", connect)


def _bounded(
    steps: Generator[Any, Any, _Value], seconds: float, clock: Callable[[], float], end: Callable[[], None]
) -> Generator[Any, Any, _Value]:
    """Pass on steps of waiting; end the connection where none of them found anything for too long."""
    heard = clock()
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if ready:
                heard = clock()
            elif clock() - heard > seconds:
                end()
                raise psycopg.OperationalError(f"no answer within {seconds:g} seconds")
            wanted = steps.send(ready)
    except StopIteration as over:
        value: _Value = over.value
        return value
