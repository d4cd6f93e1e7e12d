"""What the database of jobs costs: taking, leasing, finishing and listing jobs, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine

from benchmarks import servers
from benchmarks.common import command, finish, parser, table
from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import writing
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Lease, NewJob, SegmentOfPlan
from facefusion.trust.database import open_database

_REQUEST = {"sources": ["upload:" + "0" * 32], "target": "upload:" + "1" * 32, "output": "result.mp4"}
_THREADS = 8
_TARGETS = {
    "jobs taken a second": "≥ 50",
    "a segment leased and finished, ms, median": "≤ 20",
    "a page of 50 among the queued, ms, 99 of 100": "≤ 100",
    "a lease among the queued, ms, 99 of 100": "",
    "workers at once, busy, %": "≥ 95",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("jobs_queue", __doc__)
    made.add_argument("--queued", type=int, default=10_000, help="jobs that wait (default: %(default)s)")
    made.add_argument("--tenants", type=int, default=50, help="whose they are (default: %(default)s)")
    made.add_argument("--workers", type=int, default=64, help="at once (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=2.0, help="that a segment takes each (default: %(default)s)")
    made.add_argument("--rounds", type=int, default=8, help="segments that each worker does (default: %(default)s)")
    made.add_argument("--work", nargs=2, metavar=("PLACE", "SECONDS"), help="be workers of a process")
    options = made.parse_args(arguments)
    if options.work:
        return _work(options.work[0], float(options.work[1]))
    figures: dict[str, dict[str, float]] = {}
    for name, place in _places():
        engine = open_database(place)
        upgrade(engine)
        figures[name] = _small(engine) | _large(engine, options.queued, options.tenants)
        engine.dispose()
    for name, place in _places():
        figures[name] |= _many(place, options.workers, options.seconds, options.rounds)
    rows = [(what, *(figures[name][what] for name in figures), _TARGETS.get(what, "")) for what in figures["SQLite"]]
    print(table(("what", *figures, "wanted"), rows))
    return finish(figures, options.json)


def _places() -> Iterator[tuple[str, str]]:
    """Yield an empty database of each kind, which reaches the disk with each transaction."""
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", str(Path(folder) / "jobs.db")
    with servers.postgres(is_durable=True) as server:
        yield "PostgreSQL", server.url(server.create_database())


def _small(engine: Engine) -> dict[str, float]:
    """Take jobs one by one, and do one job of many segments with one worker."""
    board, queue, count = JobBoard(engine), JobQueue(engine), 300
    began = time.perf_counter()
    for _ in range(count):
        board.submit(NewJob("small", "ada", _REQUEST))
    taken = count / (time.perf_counter() - began)
    for _ in range(count):
        queue.finished(_leased(queue), {})
    board.submit(NewJob("small", "ada", _REQUEST, is_cut=True))
    queue.planned(_leased(queue), {}, [SegmentOfPlan(number, 100) for number in range(count)])
    both = _times(lambda: queue.finished(_leased(queue), {"stored": _REQUEST}), count)
    queue.finished(_leased(queue), {})
    idle = _times(lambda: queue.claim("one"), 100)
    return {
        "jobs taken a second": round(taken),
        "a segment leased and finished, ms, median": _at(both, 0.5),
        "a segment leased and finished, ms, 99 of 100": _at(both, 0.99),
        "a look where there is nothing to do, ms, median": _at(idle, 0.5),
    }


def _large(engine: Engine, queued: int, tenants: int) -> dict[str, float]:
    """Show and lease among many jobs of many tenants."""
    board, queue = JobBoard(engine), JobQueue(engine)
    for first in range(0, queued, 500):
        with writing(engine) as connection:
            for number in range(first, min(first + 500, queued)):
                new = NewJob(f"tenant-{number % tenants}", "ada", _REQUEST, priority=number % 7, is_cut=number % 2 == 0)
                board.submitted(connection, new)
    page = _times(lambda: board.jobs(tenant=None, states=["queued"], limit=50), 200)
    mine = _times(lambda: board.jobs(tenant="tenant-7", states=["queued", "running"], limit=50), 200)
    lease = _times(lambda: _leased(queue), 300)
    began = time.perf_counter()
    before, seen = None, 0
    while found := board.jobs(tenant=None, before=before, limit=1000):
        before, seen = found[-1].number, seen + len(found)
    return {
        "a page of 50 among the queued, ms, 99 of 100": _at(page, 0.99),
        "a page of one tenant, ms, 99 of 100": _at(mine, 0.99),
        "all of them in pages of 1000, ms": round((time.perf_counter() - began) * 1000 * queued / seen),
        "a lease among the queued, ms, median": _at(lease, 0.5),
        "a lease among the queued, ms, 99 of 100": _at(lease, 0.99),
    }


def _many(place: str, workers: int, seconds: float, rounds: int) -> dict[str, float]:
    """Let many workers do segments that only take time; return the share of it in which they were busy."""
    engine = open_database(place)
    upgrade(engine)
    board, queue = JobBoard(engine), JobQueue(engine)
    job = board.submit(NewJob("many", "ada", _REQUEST, is_cut=True))
    call = [sys.executable, "-m", "benchmarks.jobs_queue", "--work", place, str(seconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(call, **pipes) for _ in range(workers // _THREADS)]  # type: ignore[call-overload]
    for process in running:
        process.stdout.readline()
    count = len(running) * _THREADS * rounds
    queue.planned(_leased(queue), {}, [SegmentOfPlan(number, 100) for number in range(count)])
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
    segments = [each for each in board.attempts(job.id, tenant=None, limit=count * 2) if each.kind == "segment"]
    first, last = min(each.began for each in segments), max(each.ended for each in segments if each.ended)
    engine.dispose()
    busy = count * seconds / (len(running) * _THREADS * (last - first).total_seconds())
    return {"workers at once, busy, %": round(busy * 100, 1)}


def _work(place: str, seconds: float) -> int:
    """Do segments in some threads until there are none."""
    engine = open_database(place)
    queue = JobQueue(engine)

    def one(number: int) -> None:
        while (lease := queue.claim(f"w{number}")) is not None and lease.kind == "segment":
            time.sleep(seconds)
            queue.finished(lease, {"stored": _REQUEST})

    queue.sweep()  # connects
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(one, range(_THREADS)))
    engine.dispose()
    return 0


def _leased(queue: JobQueue) -> Lease:
    lease = queue.claim("one", seconds=3600)
    assert lease is not None
    return lease


def _times(call: Callable[[], object], count: int) -> list[float]:
    """Return the milliseconds of calls, in order of size."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


def _at(times: Sequence[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(len(times) * share))], 1)


if __name__ == "__main__":
    command(main)
