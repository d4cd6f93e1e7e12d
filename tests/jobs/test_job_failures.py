"""What failed, why and at what cost: in SQL, as values, as CSV and as Parquet."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from queue_material import Jobs
from sqlalchemy import text
from workshop import TENANT, Shop

from facefusion.errors import OptionsError, OutputUnwritableError
from facefusion.jobs.failures import FailedJob, Failures
from facefusion.jobs.values import Failure
from facefusion.jobs.viewed import Period

NO_FACE = Failure("NoFaceError", 20, "No face was found", is_final=True)
FULL = Failure("DiskFullError", 34, "=No space is left", is_final=True)


@pytest.fixture
def jobs(jobs_engine, clock):
    """One job of each kind of failure, and others."""
    jobs = Jobs.of(jobs_engine, clock)
    jobs.submit("studio")
    jobs.work()
    for tenant, failure in (("studio", NO_FACE), ("studio", NO_FACE), ("archive", FULL)):
        jobs.submit(tenant)
        lease = jobs.claim(f"worker of {tenant}")
        clock.forward(2.5)
        jobs.queue.failed(lease, failure)
    return jobs


@pytest.fixture
def cut(jobs):
    """A job that failed in its second segment, at the third try."""
    job = jobs.planned(2, tenant="studio")
    jobs.queue.finished(jobs.claim(), {})
    jobs.clock.forward(1)
    jobs.queue.failed(jobs.claim("first"), Failure("ProviderError", 42, "No memory"))
    jobs.clock.forward(10)
    lease = jobs.claim("second")
    jobs.clock.forward(3)
    jobs.queue.failed(lease, NO_FACE, facts={"version": "2.0"})
    return job


def test_failures_tell_where_and_how_much(jobs, cut):
    [last, *others] = Failures(jobs.engine).latest()
    moment = datetime.fromtimestamp(jobs.clock.now / 1e6, UTC)
    assert last == FailedJob(
        *(cut.id, "studio", moment, "NoFaceError", "No face was found", "segment", 1, "second", "2.0", 4, 3.0)
    )
    assert [(each.tenant, each.stage, each.seconds) for each in others] == [
        *(("archive", "whole", 2.5), ("studio", "whole", 2.5), ("studio", "whole", 2.5))
    ]
    assert [each.job for each in Failures(jobs.engine).latest(limit=1)] == [cut.id]
    assert len(Failures(jobs.engine).latest(Period("archive"))) == 1
    assert len(Failures(jobs.engine).latest(Period(since=moment - timedelta(seconds=1)))) == 1
    assert Failures(jobs.engine).latest(Period(since=moment + timedelta(seconds=1))) == []
    assert len(Failures(jobs.engine).latest(Period(until=moment))) == 3
    assert len(Failures(jobs.engine).latest(Period(until=moment + timedelta(seconds=1)))) == 4


def test_reasons_are_counted(jobs, cut):
    failures = Failures(jobs.engine)
    assert [(each.by, each.jobs, each.seconds) for each in failures.reasons()] == [
        *((("NoFaceError", "whole"), 2, 5.0), (("DiskFullError", "whole"), 1, 2.5)),
        (("NoFaceError", "segment"), 1, 3.0),
    ]
    assert [each.by[0] for each in failures.reasons(Period("archive"))] == ["DiskFullError"]
    [latest, *_] = failures.latest()
    assert max(each.last for each in failures.reasons()) == latest.failed


def test_reasons_are_counted_by_what_one_likes(jobs, cut):
    failures = Failures(jobs.engine)
    counted = {by: [(each.by, each.jobs) for each in failures.reasons(by=by)] for by in (("version",), ("worker",))}
    assert counted[("version",)] == [(("",), 3), (("2.0",), 1)]
    assert counted[("worker",)] == [(("worker of studio",), 2), (("second",), 1), (("worker of archive",), 1)]
    assert [each.by for each in failures.reasons(by=("tenant", "reason"))] == [
        *(("studio", "NoFaceError"), ("archive", "DiskFullError"))
    ]
    for by in ((), ("reason", "reason"), ("colour",)):
        with pytest.raises(OptionsError, match="each named once"):
            failures.reasons(by=by)


def test_what_is_tried_again_has_not_failed(jobs, cut):
    jobs.board.retry(cut.id, tenant=None)
    assert cut.id not in {each.job for each in Failures(jobs.engine).latest()}


def test_the_view_is_there_for_who_asks_in_sql(jobs):
    with jobs.engine.connect() as connection:
        rows = connection.execute(text("SELECT tenant, error_type, stage, worker, attempts FROM job_failures")).all()
    assert sorted(map(tuple, rows))[0] == ("archive", "DiskFullError", "whole", "worker of archive", 1)


def test_csv_holds_all_and_no_formula(jobs, tmp_path):
    path = tmp_path / "failures.csv"
    assert Failures(jobs.engine).write_csv(path) == 3
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["tenant"] for row in rows] == ["studio", "studio", "archive"]
    assert rows[2]["error"] == "'=No space is left"
    latest = Failures(jobs.engine).latest()[::-1]
    assert [datetime.fromisoformat(row["failed"]) for row in rows] == [each.failed for each in latest]
    assert [path.name for path in tmp_path.glob("*failures*")] == ["failures.csv"]
    assert Failures(jobs.engine).write_csv(path, Period("nobody")) == 0
    assert path.read_text().splitlines()[0].startswith("job,tenant,failed,error_type,error,stage")


def test_a_file_that_cannot_be_written_is_told(jobs, tmp_path):
    with pytest.raises(OutputUnwritableError):
        Failures(jobs.engine).write_csv(tmp_path / "none" / "failures.csv")


def test_parquet_holds_the_same(jobs, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "failures.parquet"
    assert Failures(jobs.engine).write_parquet(path) == 3
    rows = parquet.read_table(path).to_pylist()
    assert [FailedJob(**row) for row in rows] == Failures(jobs.engine).latest()[::-1]
    assert json.loads(json.dumps(rows[0]["attempts"])) == 1


def test_parquet_without_its_library_is_told(jobs, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionsError, match=r"facefusion\[parquet\]"):
        Failures(jobs.engine).write_parquet(tmp_path / "failures.parquet")


def test_the_command_line_shows_and_writes_them(tmp_path):
    shop = Shop.at(tmp_path / "shop")
    jobs = Jobs(shop.engine, None, shop.board, shop.queue)
    for failure in (NO_FACE, NO_FACE, FULL):
        jobs.submit(TENANT)
        jobs.queue.failed(jobs.claim("w1"), failure, facts={"version": "2.0"})
    head, first, second = shop.typed("job", "failures").splitlines()
    assert head.split() == ["JOBS", "SECONDS", "LAST", "REASON", "STAGE"]
    assert (first.split()[0], first.split()[-2:]) == ("2", ["NoFaceError", "whole"])
    assert second.split()[-2:] == ["DiskFullError", "whole"]
    told = json.loads(shop.typed("job", "failures", "--by", "worker", "--by", "version", "--json"))
    assert [(each["by"], each["jobs"]) for each in told["reasons"]] == [({"worker": "w1", "version": "2.0"}, 3)]
    assert len(told["jobs"]) == 3
    path = tmp_path / "failures.csv"
    assert json.loads(shop.typed("job", "failures", "--csv", str(path), "--json")) == {"file": str(path), "jobs": 3}
    assert path.read_text().count("NoFaceError") == 2
    assert json.loads(shop.typed("job", "failures", "--since", "2999-01-01", "--json")) == {"reasons": [], "jobs": []}
    assert json.loads(shop.typed("job", "failures", "--until", "2001-01-01", "--json")) == {"reasons": [], "jobs": []}
    jobs.submit("others")
    jobs.queue.failed(jobs.claim(), NO_FACE)
    assert len(json.loads(shop.typed("job", "failures", "--json"))["jobs"]) == 3, "of one's own tenant alone"
    assert len(json.loads(shop.typed("job", "failures", "--all-tenants", "--json"))["jobs"]) == 4
    assert "is no day" in shop.typed("job", "failures", "--since", "soon", code=2)
    assert "--by" in shop.typed("job", "failures", "--by", "colour", code=2)
    shop.engine.dispose()
