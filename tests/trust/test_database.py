"""The database of records: private, safe for several processes, and silent about passwords."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from benchmarks.servers import until
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text

from facefusion.errors import OptionsError, SecretError
from facefusion.trust.database import alone, open_database

NUMBERS = Table("numbers", MetaData(), Column("number", Integer))


def test_the_file_and_its_journals_are_for_the_owner_alone(tmp_path):
    engine = open_database(tmp_path / "trust.db")
    with alone(engine, "numbers") as connection:
        NUMBERS.metadata.create_all(connection)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "trust.db-wal" in modes
    engine.dispose()


@pytest.mark.parametrize("pragma, value", [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)])
def test_how_it_is_opened(tmp_path, pragma, value):
    engine = open_database(str(tmp_path / "trust.db"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
    engine.dispose()


def test_a_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "trust.db"
    path.touch()
    path.chmod(0o644)
    with pytest.raises(SecretError, match=r"open to others. Run chmod 600"):
        open_database(path)


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(SecretError, match="cannot be used"):
        open_database(tmp_path)


@pytest.mark.parametrize("url", ["mysql://somebody:hunter2@host/name", "postgresql://somebody:hunter2@host:port/name"])
def test_a_url_that_is_not_understood_is_told_without_its_password(url):
    with pytest.raises(OptionsError) as raised:
        open_database(url)
    assert "hunter2" not in str(raised.value)


def test_what_fails_in_a_transaction_leaves_nothing(tmp_path):
    engine = open_database(tmp_path / "trust.db")
    with alone(engine, "numbers") as connection:
        NUMBERS.metadata.create_all(connection)
    with pytest.raises(RuntimeError), alone(engine, "numbers") as connection:
        connection.execute(insert(NUMBERS).values(number=1))
        raise RuntimeError
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(NUMBERS)).scalar_one() == 0
    engine.dispose()


def test_a_forked_process_opens_connections_of_its_own(tmp_path):
    code = f"""
import os, sys
from pathlib import Path
from facefusion.trust.database import open_database
engine = open_database(Path({str(tmp_path / "trust.db")!r}))
with engine.connect() as connection:
    mine = id(connection.connection.dbapi_connection)
child = os.fork()
with engine.connect() as connection:
    same = id(connection.connection.dbapi_connection) == mine
if child == 0:
    os._exit(1 if same else 0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or (0 if same else 2))
"""
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0


ANOTHER_PROCESS = """
import sys
from pathlib import Path
from facefusion.trust.database import open_database
engine = open_database(Path(sys.argv[1]))
with engine.begin() as connection:
    connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")
engine.dispose()
"""


def test_opening_it_twice_does_not_let_another_process_take_the_journal_away(tmp_path):
    path = tmp_path / "trust.db"
    first = open_database(path)
    with alone(first, "numbers") as connection:
        NUMBERS.metadata.create_all(connection)
    second = open_database(path)
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, str(path)], check=True)
    assert (tmp_path / "trust.db-wal").exists()
    for engine in (first, second):
        with engine.begin() as connection:
            connection.execute(insert(NUMBERS).values(number=2))
    with second.connect() as connection:
        assert connection.execute(select(func.count()).select_from(NUMBERS)).scalar_one() == 3
    for engine in (first, second):
        engine.dispose()


@pytest.mark.parametrize("name", ["what?mode=memory.db", "100%.db", "a#b.db", "\u6d4b\u8bd5 \U0001f600.db"])
def test_a_file_of_any_name_is_that_very_file(tmp_path, name):
    engine = open_database(tmp_path / name)
    with alone(engine, "numbers") as connection:
        NUMBERS.metadata.create_all(connection)
        assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in tmp_path.iterdir()} == {name}
    engine.dispose()
    assert (tmp_path / name).stat().st_size


def test_a_connection_that_was_cut_while_nobody_used_it_is_not_used_again(postgres_jobs_place):
    engine, other = open_database(postgres_jobs_place), open_database(postgres_jobs_place)
    with engine.connect() as connection:
        mine = connection.execute(select(func.pg_backend_pid())).scalar_one()
    with other.begin() as connection:
        connection.execute(select(func.pg_terminate_backend(mine)))
    is_there = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until(lambda: connection.execute(is_there, {"pid": mine}).scalar_one() == 0)
    with engine.connect() as connection:
        assert connection.execute(select(func.pg_backend_pid())).scalar_one() != mine
    for each in (engine, other):
        each.dispose()


def test_a_server_is_asked_whether_it_is_there_only_after_a_while(postgres_jobs_place, monkeypatch):
    engine, asked = open_database(postgres_jobs_place), []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    for _ in range(3):
        with engine.connect() as connection:
            connection.execute(select(1))
    assert not asked
    monkeypatch.setattr("facefusion.trust.database._FRESH_SECONDS", 0.0)
    with engine.connect() as connection:
        connection.execute(select(1))
    assert len(asked) == 1
    engine.dispose()
