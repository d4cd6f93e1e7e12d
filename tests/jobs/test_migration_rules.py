"""Versions of the schema: programs of a version and of the one before work side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs import migrations
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import VERSION_TABLE, check, head, schema_state, upgrade
from facefusion.jobs.migrations.leaving import LEAVING
from facefusion.jobs.migrations.registered import registered
from facefusion.jobs.migrations.rules import faults
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import NewJob

VERSIONS = sorted((Path(migrations.__file__).parent / "versions").glob("v[0-9]*.py"))
NEXT = f"{int(head()) + 1:04}"


def version(body: str, *, number: str = "0005", before: str = "0004", works_from: str = "0004") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    said = f'revision = "{number}"\ndown_revision = "{before}"\nworks_from = "{works_from}"\n'
    return f"import sqlalchemy as sa\nfrom alembic import op\n{said}\ndef upgrade() -> None:\n{lines}\n"


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_no_version_breaks_what_is_at_work(path: Path) -> None:
    assert faults(path.read_text()) == []


def test_what_leaves_is_known_to_no_code() -> None:
    tables = registered().tables
    columns = {f"{name}.{column}" for name, table in tables.items() for column in table.columns}
    assert not LEAVING.keys() & (tables.keys() | columns)
    assert all(since <= head() for since in LEAVING.values())


@pytest.mark.parametrize(
    "body",
    [
        'op.create_table("more", sa.Column("id", sa.Integer(), nullable=False))',
        'op.add_column("jobs", sa.Column("note", sa.String(20), nullable=True))',
        'op.add_column("jobs", sa.Column("n", sa.Integer(), nullable=False, server_default="0"))',
        'op.create_index("jobs_by_note", "jobs", ["note"], unique=False)',
        'with op.batch_alter_table("jobs") as batch_op:\n    batch_op.alter_column("names", nullable=True)',
        'op.create_table("more")\nwith op.batch_alter_table("more") as batch_op:\n'
        '    batch_op.create_unique_constraint("one", ["id"])',
        "pass",
    ],
)
def test_more_is_no_fault(body: str) -> None:
    assert faults(version(body)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('op.drop_table("links")', "links is dropped"),
        ('op.drop_column("jobs", "names")', "jobs.names is dropped"),
        ('with op.batch_alter_table("jobs") as batch_op:\n    batch_op.drop_column("names")', "jobs.names is dropped"),
        ('op.rename_table("links", "shares")', "links is renamed"),
        ('op.alter_column("jobs", "names", new_column_name="called")', "jobs.names is renamed"),
        ('op.alter_column("jobs", "names", type_=sa.Integer())', "another type"),
        ('op.alter_column("jobs", "names", nullable=False)', "must not be empty any more"),
        ('op.add_column("jobs", sa.Column("n", sa.Integer(), nullable=False))', "older programs do not fill it"),
        ('op.create_unique_constraint("one", "jobs", ["names"])', "takes less than before"),
        ('op.create_index("one", "jobs", ["names"], unique=True)', "takes less than before"),
    ],
)
def test_what_older_programs_would_not_survive_is_found(body: str, said: str) -> None:
    [fault] = faults(version(body))
    assert said in fault


def test_a_drop_waits_until_no_code_uses_it() -> None:
    body = 'op.drop_column("jobs", "names")'
    assert faults(version(body), leaving={"jobs.names": "0004"}) == []
    assert faults(version(body), leaving={"jobs.names": "0003"}) == []
    [same] = faults(version(body), leaving={"jobs.names": "0005"})
    assert "programs before version 0005 use it" in same
    [early] = faults(version(body, works_from="0003"), leaving={"jobs.names": "0004"})
    assert "programs before version 0004 use it" in early


def test_a_version_shuts_nobody_out_without_need() -> None:
    [fault] = faults(version("pass", works_from="0005"))
    assert "are shut out" in fault
    assert "does not say" in faults("revision = '0005'")[0]


def extended(engine: Engine, works_from: str | None = None) -> None:
    """Take a database to the version that comes next: one more table and one more column."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs ADD COLUMN colour VARCHAR(20)"))
        connection.execute(text("ALTER TABLE tasks ADD COLUMN weight INTEGER NOT NULL DEFAULT 1"))
        connection.execute(text("CREATE TABLE colours (id INTEGER PRIMARY KEY)"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{NEXT}'"))
        if works_from is not None:
            connection.execute(text(f"INSERT INTO jobs_schema VALUES ('{NEXT}', '{works_from}')"))


def test_this_program_works_on_the_schema_that_comes_next(jobs_engine: Engine) -> None:
    before = JobBoard(jobs_engine).submit(NewJob("studio", "ada", {}))
    extended(jobs_engine, works_from=head())
    upgrade(jobs_engine)  # as each process does when it begins: nothing happens
    check(jobs_engine)
    assert schema_state(jobs_engine).version == NEXT
    assert "colour" in {column["name"] for column in inspect(jobs_engine).get_columns("jobs")}
    board, queue = JobBoard(jobs_engine), JobQueue(jobs_engine)
    after = board.submit(NewJob("studio", "ada", {}))
    for job in (before, after):
        lease = queue.claim("w", seconds=30)
        assert lease is not None and lease.job.id == job.id
        queue.extend(lease, frames=1)
        queue.finished(lease, {"outputs": []})
        assert board.job(job.id, tenant=None).state == "succeeded"
    board.remove(before.id, tenant=None)
    assert [job.id for job in board.jobs(tenant="studio", limit=10)] == [after.id]


@pytest.mark.parametrize("works_from", [NEXT, None])
def test_a_schema_that_is_not_for_this_program_is_refused(jobs_engine: Engine, works_from: str | None) -> None:
    extended(jobs_engine, works_from)
    for call in (check, upgrade):
        with pytest.raises(JobsUnavailableError, match=f"has version {NEXT}, and this program knows"):
            call(jobs_engine)


def test_a_database_says_which_programs_may_use_it(jobs_engine: Engine) -> None:
    state = schema_state(jobs_engine)
    assert (state.version, state.is_for_us) == (head(), True)
    with jobs_engine.connect() as connection:
        rows = connection.execute(text("SELECT version, works_from FROM jobs_schema ORDER BY version")).all()
    assert [row.version for row in rows] == [path.stem[1:5] for path in VERSIONS]
    assert all(row.works_from <= row.version for row in rows)
