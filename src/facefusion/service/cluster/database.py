"""The database of jobs, and its clock."""

from __future__ import annotations

import statistics
import time
from typing import Final

from sqlalchemy import Engine, text

from facefusion.jobs.database import database_time, looking
from facefusion.jobs.migrations import head, schema_state
from facefusion.service.cluster.values import Finding, Place

_TRIES: Final = 5
_SLOW_MS: Final = 20.0
_OFF: Final = 2.0
_FAR_OFF: Final = 300.0


def look_database(place: Place) -> Finding:
    """Look whether it answers, how fast, and whether this program knows its schema."""
    with place.database() as engine:
        state, milliseconds = schema_state(engine), _latency(engine)
        server = _server(engine)
    found = f"{server}, schema {state.version or 'missing'}, answers in {milliseconds:.1f} ms"
    if state.version is None or state.version < head():
        return Finding(
            "fail",
            f"{found}, and this program needs schema {head()}",
            "start one facefusion serve of this version, which brings it up to date",
        )
    if not state.is_for_us:
        return Finding(
            "fail", f"{found}, which is too new for this program ({head()})", "install the version that made it"
        )
    if state.version > head():
        return Finding(
            "warn", f"{found}, newer than this program ({head()}), which works with it", "replace this program soon"
        )
    if milliseconds > _SLOW_MS:
        return Finding("warn", found, "a task makes five transactions: put it nearer, or look what slows it down")
    return Finding("ok", found)


def look_clock(place: Place) -> Finding:
    """Hold this machine's clock against the database's."""
    with place.database() as engine:
        if engine.dialect.name != "postgresql":
            return Finding("ok", "the database is a file, and has this machine's clock")
        with looking(engine) as connection:
            connection.execute(text("SELECT 1"))  # what connecting takes is no part of it
            before = time.time()
            there = database_time(connection) / 1e6
            apart = there - (before + time.time()) / 2
    found = f"the database is {abs(apart):.2f} s {'ahead of' if apart > 0 else 'behind'} this machine"
    advice = "let both machines follow the same time servers (NTP)"
    if abs(apart) >= _FAR_OFF:
        return Finding("fail", found, advice)
    return Finding("warn", found, advice) if abs(apart) >= _OFF else Finding("ok", found)


def _latency(engine: Engine) -> float:
    """Return the median of some looks in milliseconds, over one connection."""
    with looking(engine) as connection:
        connection.execute(text("SELECT 1"))
        times = []
        for _ in range(_TRIES):
            began = time.perf_counter()
            connection.execute(text("SELECT 1"))
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _server(engine: Engine) -> str:
    if engine.dialect.name != "postgresql":
        return "SQLite, for one machine alone"
    with looking(engine) as connection:
        return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"
