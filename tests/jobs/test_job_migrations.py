"""The schema of the database of jobs gets from version to version, and is what the code says."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import VERSION_TABLE, check, downgrade, head, upgrade, version
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.values import NewJob
from facefusion.trust.database import open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "empty.db")
    return request.getfixturevalue("postgres_database")


@pytest.fixture
def empty(place):
    engine = open_database(place)
    yield engine
    engine.dispose()


def test_an_empty_database_is_brought_up_once(empty):
    assert version(empty) is None
    upgrade(empty)
    assert version(empty) == head()
    check(empty)
    job = JobBoard(empty).submit(NewJob("studio", "ada", {}))
    upgrade(empty)
    assert JobBoard(empty).job(job.id, tenant=None) == job


def test_the_versions_make_the_tables_of_the_code(jobs_engine):
    """Where this fails, run python -m facefusion.jobs.migrations "What changes"."""
    tables = registered()

    def is_ours(_object, name, kind, is_reflected, _other):
        return kind != "table" or not is_reflected or name in tables.tables

    with jobs_engine.connect() as connection:
        options = {"include_object": is_ours, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables) == []
        there = set(inspect(connection).get_table_names())
        wanted = {index.name for table in tables.tables.values() for index in table.indexes}
        names = {index["name"] for table in tables.tables for index in inspect(connection).get_indexes(table)}
    assert there == {*tables.tables, VERSION_TABLE}
    assert wanted <= names


def test_numbers_are_not_given_twice_in_what_the_versions_make(sqlite_jobs_place):
    engine = open_database(sqlite_jobs_place)
    with engine.connect() as connection:
        made = connection.execute(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")).scalars()
        assert {"jobs", "tasks", "events"} <= set(made)
    engine.dispose()


def test_all_versions_can_be_taken_back_and_made_again(empty):
    upgrade(empty)
    downgrade(empty, None)
    assert version(empty) is None
    left = inspect(empty)
    assert (left.get_table_names(), left.get_view_names()) == ([VERSION_TABLE], [])
    upgrade(empty)
    check(empty)


def test_each_version_can_be_taken_back_by_one(empty):
    upgrade(empty)
    for number in range(int(head()) - 1, 0, -1):
        downgrade(empty, f"{number:04}")
        assert version(empty) == f"{number:04}"
        with pytest.raises(JobsUnavailableError, match=f"has version {number:04}, not version {head()}"):
            check(empty)
    upgrade(empty)
    check(empty)


def test_a_database_without_tables_is_told(empty):
    with pytest.raises(JobsUnavailableError, match="no tables yet, not version") as raised:
        check(empty)
    assert "brings the database up to date" in str(raised.value)


@pytest.mark.parametrize("call", [check, upgrade, lambda engine: downgrade(engine, "0001")])
def test_a_database_of_a_newer_program_is_left_alone(jobs_engine, call):
    with jobs_engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(JobsUnavailableError, match="has version 9999, and this program knows"):
        call(jobs_engine)
    assert version(jobs_engine) == "9999"


def test_what_else_is_in_the_database_is_left_alone(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE entries (number INTEGER)"))
        connection.execute(text("INSERT INTO entries VALUES (7)"))
    upgrade(empty)
    downgrade(empty, None)
    with empty.connect() as connection:
        assert connection.execute(text("SELECT number FROM entries")).scalar_one() == 7


def test_several_processes_bring_it_up_at_once(place):
    code = """
        import sys
        from facefusion.jobs.migrations import check, upgrade
        from facefusion.trust.database import open_database
        engine = open_database(sys.argv[1])
        print("ready", flush=True)
        sys.stdin.readline()
        upgrade(engine)
        check(engine)
        engine.dispose()
    """
    command = [sys.executable, "-c", textwrap.dedent(code), place]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in running:
        process.stdout.readline()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")


def test_importing_it_does_not_import_alembic():
    code = "import sys, facefusion.jobs.migrations, facefusion.jobs.queue, facefusion.jobs.board; "
    code += "sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
