"""Databases of jobs for tests: each test gets an empty one, on SQLite and on PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from benchmarks.servers import Postgres
from sqlalchemy import Connection, Engine

from facefusion.jobs.migrations import upgrade
from facefusion.trust.database import open_database


class SteppedClock:
    """A clock of a database that stands still until it is told otherwise.

    Attributes:
        now: microseconds since 1970.
    """

    def __init__(self, now: int = 1_800_000_000_000_000) -> None:
        self.now = now

    def __call__(self, _connection: Connection) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * 1e6)


@pytest.fixture
def clock() -> SteppedClock:
    """A clock that the test moves."""
    return SteppedClock()


@cache
def _template() -> bytes:
    """Return a SQLite file with all tables of jobs and no rows; migrations take as long as many a test."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(path := Path(folder, "template.db"))
        upgrade(engine)
        engine.dispose()
        return path.read_bytes()


def sqlite_with_tables(path: Path) -> str:
    """Make a SQLite file with all tables of jobs where none is, and return its place."""
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_template())
    return str(path)


@pytest.fixture(scope="session")
def postgres_jobs_template(postgres: Postgres) -> str:
    """The name of a database on PostgreSQL with all tables and no rows."""
    name = postgres.create_database()
    engine = open_database(postgres.url(name))
    upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture
def sqlite_jobs_place(tmp_path: Path) -> str:
    """The path of a SQLite file with all tables of jobs, for this test alone."""
    return sqlite_with_tables(tmp_path / "jobs.db")


@pytest.fixture
def postgres_jobs_place(postgres: Postgres, postgres_jobs_template: str) -> Iterator[str]:
    """The URL of a database on PostgreSQL with all tables of jobs, for this test alone."""
    name = postgres.create_database(template=postgres_jobs_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def jobs_place(request: pytest.FixtureRequest) -> str:
    """Where a database with all tables of jobs is: each test runs with a SQLite file and with a PostgreSQL."""
    name = {"sqlite": "sqlite_jobs_place", "postgresql": "postgres_jobs_place"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def jobs_engine(jobs_place: str) -> Iterator[Engine]:
    """A database with all tables of jobs, opened."""
    engine = open_database(jobs_place)
    yield engine
    engine.dispose()
