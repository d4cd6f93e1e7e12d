"""Many processes at one database: each task is leased once, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections import Counter

import pytest
from sqlalchemy import select

from facefusion.jobs.board import JobBoard
from facefusion.jobs.schema import JOBS, LEASES
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import NewJob

WORKER = """
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from facefusion.jobs.queue import JobQueue
    from facefusion.jobs.values import SegmentOfPlan
    from facefusion.trust.database import open_database

    engine = open_database(sys.argv[1])
    queue = JobQueue(engine)

    def work(name):
        said, idle, lease = [], 0, None
        goes_on = name if name.endswith("1") else None
        while idle < 20:
            lease = lease or queue.claim(name)
            if lease is None:
                idle += 1
                continue
            idle = 0
            said.append(f"{lease.task} {lease.token}")
            if lease.kind == "plan":
                lease = queue.planned(lease, {}, [SegmentOfPlan(number, 1) for number in range(6)], next_for=goes_on)
            else:
                lease = queue.finished(lease, {"number": lease.number}, next_for=goes_on)
        return said

    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(3) as pool:
        for said in pool.map(work, [f"{sys.argv[2]}-{number}" for number in range(3)]):
            print("\\n".join(said))
    engine.dispose()
"""


@pytest.mark.slow
def test_no_task_is_leased_twice_and_all_jobs_end(jobs_engine, jobs_place):
    board, count = JobBoard(jobs_engine), 24
    Tenants(jobs_engine).set("limited", Quota(max_running=2))
    for number in range(count):
        board.submit(NewJob(("a", "b", "limited")[number % 3], "ada", {}, is_cut=number % 2 == 0))
    command = [sys.executable, "-c", textwrap.dedent(WORKER), jobs_place]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([*command, f"w{number}"], **pipes) for number in range(4)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    said = []
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        said += process.communicate(timeout=120)[0].splitlines()
        assert process.returncode == 0
    leased = Counter(line for line in said if line)
    assert set(leased.values()) == {1}
    assert len(leased) == count // 2 + (count // 2) * 8
    with jobs_engine.connect() as connection:
        states = connection.execute(select(JOBS.c.state)).scalars().all()
        assert states == ["succeeded"] * count
        assert connection.execute(select(LEASES)).all() == []
