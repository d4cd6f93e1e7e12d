"""What the database of jobs costs: taking, leasing, finishing and listing jobs, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, event

from benchmarks import servers
from benchmarks.common import command, finish, parser, table
from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import reading, writing
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Job, Lease, NewJob, SegmentOfPlan
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
    made.add_argument("--work", metavar="PLACE", help="be workers of a process")
    options = made.parse_args(arguments)
    if options.work:
        return _work(options.work)
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
    with _measured(engine, count) as taken:
        for _ in range(count):
            board.submit(NewJob("small", "ada", _REQUEST))
    for _ in range(count):
        queue.finished(_leased(queue), {})
    board.submit(NewJob("small", "ada", _REQUEST, is_cut=True))
    queue.planned(_leased(queue), {}, [SegmentOfPlan(number, 100) for number in range(2 * count + 1)])
    with _measured(engine, count) as both:
        times = _times(lambda: queue.finished(_leased(queue), {"stored": _REQUEST}), count)
    leases: list[Lease | None] = [_leased(queue)]

    def go_on() -> None:
        lease = leases.pop()
        assert lease is not None
        leases.append(queue.finished(lease, {"stored": _REQUEST}, next_for="one"))

    with _measured(engine, count) as one:
        following = _times(go_on, count)
    while (lease := leases.pop() if leases else queue.claim("one")) is not None:
        queue.finished(lease, {})
    with _measured(engine, 100) as idle:
        looks = _times(lambda: queue.claim("one"), 100)
    return {
        "jobs taken a second": round(1000 / taken.wall),
        "a segment leased and finished, ms, median": _at(times, 0.5),
        "a segment leased and finished, ms, 99 of 100": _at(times, 0.99),
        "a segment finished and the next leased in one call, ms, median": _at(following, 0.5),
        "a look where there is nothing to do, ms, median": _at(looks, 0.5),
        **_costs("a job taken", taken),
        **_costs("a segment leased and finished", both),
        **_costs("a segment finished and the next leased", one),
        **_costs("a look where there is nothing to do", idle),
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
    """Let many workers do segments that only take time; return the share of it in which they were busy.

    All have done segments before, so that nobody still connects, loads or puts a statement together.
    """
    engine = open_database(place)
    upgrade(engine)
    board, queue = JobBoard(engine), JobQueue(engine)
    running = [_Crew.begun(place) for _ in range(workers // _THREADS)]
    count = len(running) * _THREADS * rounds
    _planned(board, queue, 20 * len(running) * _THREADS)
    _round(running, 0.0)
    while (lease := queue.claim("one")) is not None:
        queue.finished(lease, {})
    job = _planned(board, queue, count)
    _round(running, seconds)
    for crew in running:
        crew.end()
    segments = [each for each in board.attempts(job.id, tenant=None, limit=count * 2) if each.kind == "segment"]
    first, last = min(each.began for each in segments), max(each.ended for each in segments if each.ended)
    engine.dispose()
    busy = count * seconds / (len(running) * _THREADS * (last - first).total_seconds())
    return {"workers at once, busy, %": round(busy * 100, 1)}


def _round(crews: Sequence[_Crew], seconds: float) -> None:
    """Have all segments done that there are, each of which takes so long."""
    for crew in crews:
        crew.say(str(seconds))
    for crew in crews:
        crew.wait()


def _planned(board: JobBoard, queue: JobQueue, count: int) -> Job:
    """Return a job whose segments may be begun."""
    job = board.submit(NewJob("many", "ada", _REQUEST, is_cut=True))
    queue.planned(_leased(queue), {}, [SegmentOfPlan(number, 100) for number in range(count)])
    return job


@dataclass(frozen=True, slots=True)
class _Crew:
    """A process in which some workers are threads."""

    process: subprocess.Popen[str]

    @classmethod
    def begun(cls, place: str) -> _Crew:
        command = [sys.executable, "-m", "benchmarks.jobs_queue", "--work", place]
        crew = cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        crew.wait()
        return crew

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def wait(self) -> None:
        """Wait until it says that it is through."""
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            raise RuntimeError("A process of workers has ended")

    def end(self) -> None:
        self.process.communicate()


def _work(place: str) -> int:
    """Do segments in some threads until there are none, as often as a line says how long one takes."""
    engine = open_database(place)
    queue, meeting = JobQueue(engine), threading.Barrier(_THREADS)

    def connect(_number: int) -> None:
        with reading(engine):
            meeting.wait()  # so each has a connection of its own

    def one(number: int, seconds: float) -> None:
        name = f"w{number}"
        lease = queue.claim(name)
        while lease is not None and lease.kind == "segment":
            time.sleep(seconds)
            lease = queue.finished(lease, {"stored": _REQUEST}, next_for=name) or queue.claim(name)
        if lease is not None:
            queue.released(lease)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(connect, range(_THREADS)))
        print("ready", flush=True)
        for line in sys.stdin:
            list(pool.map(one, range(_THREADS), [float(line)] * _THREADS))
            print("done", flush=True)
    engine.dispose()
    return 0


@dataclass(slots=True)
class _Cost:
    """What calls cost, each.

    Attributes:
        wall: milliseconds.
        processor: milliseconds of this process.
        statements: that the database was asked, without those that begin and end transactions.
    """

    wall: float = field(default=0.0)
    processor: float = field(default=0.0)
    statements: float = field(default=0.0)


@contextmanager
def _measured(engine: Engine, count: int) -> Iterator[_Cost]:
    """Measure so many calls, which are made within the block."""
    asked, cost = [0], _Cost()

    def ask(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked[0] += not statement.startswith("BEGIN")

    event.listen(engine, "before_cursor_execute", ask)
    began, before = time.perf_counter(), time.process_time()
    yield cost
    cost.wall = 1000 * (time.perf_counter() - began) / count
    cost.processor = 1000 * (time.process_time() - before) / count
    cost.statements = asked[0] / count
    event.remove(engine, "before_cursor_execute", ask)


def _costs(what: str, cost: _Cost) -> dict[str, float]:
    return {
        f"{what}: statements": round(cost.statements, 1),
        f"{what}: processor of the caller, ms": round(cost.processor, 2),
    }


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
