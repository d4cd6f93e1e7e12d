"""Parts of the chaos run on which its word depends."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from benchmarks.chaos.findings import Findings, look_at_records
from benchmarks.chaos.journal import Journal
from benchmarks.chaos.kept import Kept
from benchmarks.servers import until
from sqlalchemy import insert

from facefusion.jobs.migrations import upgrade
from facefusion.jobs.schema import JOBS
from facefusion.jobs.tenants import make_tenant
from facefusion.trust.database import open_database


def test_a_journal_outlives_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.note("job/0", "a")
    journal.note("job/1", "b")
    path.write_bytes(path.read_bytes()[:-4])
    again = Journal(path)
    assert again.below("job/") == {"job/0": "a"}
    again.note("job/1", "c")
    assert Journal(path).below("job/") == {"job/0": "a", "job/1": "c"}


def test_results_that_the_log_does_not_know_exactly_once_are_found(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "jobs.db")
    upgrade(engine)
    common = {"tenant": "a", "owner": "o", "priority": 4, "request": {}, "created": 1, "queued": 1, "revision": 1}
    common |= {"state": "succeeded", "segments_done": 0, "is_paused": False, "needs_review": False}
    with engine.begin() as connection:
        make_tenant(connection, "a")
        for name in ("once", "twice", "never", "other"):
            result = {"outputs": [{"sha256": f"digest of {name}"}]}
            connection.execute(insert(JOBS).values(**common, id=name, result=result))
    known = Counter({("once", "digest of once"): 1, ("twice", "digest of twice"): 2, ("once", "digest of other"): 1})
    findings = Findings()
    look_at_records(engine, known, findings)
    assert sorted(each.partition(":")[0] for each in findings.unrecorded) == ["never", "other", "twice"]
    assert not findings.is_well
    engine.dispose()


def test_what_threads_of_a_process_began_is_found(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, threading, time\n"
        "def begin(): subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "begin(); thread = threading.Thread(target=lambda: (begin(), time.sleep(60))); thread.start()\n"
    )
    (tmp_path / "begins.py").write_text(code)
    kept = Kept("begins", log=tmp_path / "log", variables={"PYTHONPATH": str(tmp_path)})
    kept.tend()
    until(lambda: len(kept.begun()) == 2)
    assert all(sys.executable in line for _, line in kept.begun())
    assert kept.kill()
    until(lambda: not kept.begun())
