"""Databases that go away, connections that are cut, clocks that are wrong, disks that are full: nothing is lost."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest
from benchmarks.servers import until
from queue_material import Jobs
from sqlalchemy import event, func, make_url, select, text

from benchmarks import servers
from facefusion.errors import FaceFusionError, JobsUnavailableError, LeaseLostError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.migrations import upgrade
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import ATTEMPTS, EVENTS, JOBS, TASKS
from facefusion.jobs.values import NewJob, SegmentOfPlan
from facefusion.trust.database import open_database

NEW = NewJob("studio", "ada", {})
CUT = NewJob("studio", "ada", {}, is_cut=True)


def persistently(call, *, seconds=40):
    """Make a call again until the database is there, as workers do."""
    end = time.monotonic() + seconds
    while True:
        try:
            return call()
        except JobsUnavailableError:
            if time.monotonic() > end:
                raise


class Crew:
    """Workers in threads that do all there is to do, whatever happens to the database."""

    def __init__(self, place, count=4):
        self.engine = open_database(place)
        self.queue = JobQueue(self.engine)
        self.errors = []
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(f"w{number}",)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join()
        self.engine.dispose()
        assert self.errors == []

    def _work(self, name):
        try:
            while not self._ends.is_set():
                lease = persistently(lambda: self.queue.claim(name, seconds=2))
                if lease is None:
                    self._ends.wait(0.02)
                    continue
                with suppress(LeaseLostError):
                    self._do(lease)
        except FaceFusionError as error:
            self.errors.append(error)

    def _do(self, lease):
        persistently(lambda: self.queue.extend(lease))
        if lease.kind == "plan":
            segments = [SegmentOfPlan(number, 1) for number in range(3)]
            persistently(lambda: self.queue.planned(lease, {}, segments))
        else:
            persistently(lambda: self.queue.finished(lease, {"number": lease.number}))


def assert_all_done_once(engine, count):
    with engine.connect() as connection:
        states = connection.execute(select(JOBS.c.state, JOBS.c.segments_done)).all()
        assert [tuple(row) for row in states] == [("succeeded", 3)] * count
        published = select(EVENTS.c.job).where(EVENTS.c.kind == "job.succeeded")
        assert len(connection.execute(published).all()) == count
        done = connection.execute(select(ATTEMPTS.c.task).where(ATTEMPTS.c.outcome == "done")).scalars().all()
        assert len(done) == len(set(done)) == connection.execute(select(func.count()).select_from(TASKS)).scalar_one()


def is_done(board, count):
    return lambda: len(persistently(lambda: board.jobs(tenant=None, states=["succeeded"]))) == count


def test_a_database_that_is_away_is_told_and_nothing_is_lost(postgres, postgres_jobs_place, cable):
    name = make_url(postgres_jobs_place).database
    laid = cable(postgres.port)
    engine = open_database(postgres.tcp_url(name, port=laid.port))
    board, queue = JobBoard(engine), JobQueue(engine)
    job = board.submit(NEW)
    lease = queue.claim("one")
    calls = (
        *(lambda: board.submit(NEW), lambda: board.jobs(tenant=None), lambda: board.cancel(job.id, tenant=None)),
        *(lambda: queue.claim("two"), lambda: queue.extend(lease), lambda: queue.finished(lease, {})),
        *(queue.sweep, lambda: queue.seen("one", {}), lambda: upgrade(engine)),
    )
    with laid.away():
        for call in calls:
            with pytest.raises(JobsUnavailableError) as raised:
                call()
            assert "Nothing is lost; try again when it is back" in str(raised.value)
            assert "\n" not in str(raised.value)
    queue.finished(lease, {"outputs": []})
    [job] = board.jobs(tenant=None)
    assert (job.state, job.result) == ("succeeded", {"outputs": [], "took": job.seconds})
    engine.dispose()


def test_a_database_that_never_was_there_is_told_without_the_password():
    engine = open_database(f"postgresql://ada:hunter2@127.0.0.1:{servers.free_port()}/jobs")
    with pytest.raises(JobsUnavailableError) as raised:
        JobBoard(engine).submit(NEW)
    assert "hunter2" not in str(raised.value)
    engine.dispose()


@pytest.mark.slow
def test_connections_that_are_cut_again_and_again_lose_and_double_nothing(postgres, postgres_jobs_place, cable):
    name = make_url(postgres_jobs_place).database
    laid = cable(postgres.port)
    engine = open_database(postgres_jobs_place)
    board, count = JobBoard(engine), 12
    for _ in range(count):
        board.submit(CUT)
    ready, cuts = is_done(board, count), 0
    with Crew(postgres.tcp_url(name, port=laid.port)):
        while not ready():
            laid.drop()
            cuts += 1
            with suppress(TimeoutError):
                until(ready, seconds=0.1)
            assert cuts < 600
    assert cuts > 3
    assert_all_done_once(engine, count)
    engine.dispose()


@pytest.mark.slow
def test_a_database_that_crashes_under_load_comes_back_with_all_that_was_taken():
    with servers.postgres(is_durable=True) as server:
        place = server.url(server.create_database())
        engine = open_database(place)
        upgrade(engine)
        board, count = JobBoard(engine), 9
        with Crew(place):
            made = []
            for number in range(count):
                if number == 4:
                    server.process.restart()
                made.append(persistently(lambda: board.submit(CUT)).id)
            server.process.restart()
            there = {job.id for job in persistently(lambda: board.jobs(tenant=None))}
            assert set(made) <= there, "what was taken is kept"
            until(is_done(board, len(there)), seconds=60)
        assert_all_done_once(engine, len(there))
        engine.dispose()


def test_who_waits_too_long_for_a_lock_is_told(postgres, postgres_jobs_place):
    """As where a machine was cut off in the middle of a transaction."""
    engine = open_database(postgres_jobs_place)
    job = JobBoard(engine).submit(NEW)
    impatient = open_database(f"{postgres_jobs_place}&options=-c%20lock_timeout%3D20ms")
    with engine.begin() as connection:
        connection.execute(select(JOBS).with_for_update())
        with pytest.raises(JobsUnavailableError, match="lock timeout"):
            JobBoard(impatient).cancel(job.id, tenant=None)
        with pytest.raises(JobsUnavailableError, match="could not obtain lock"):
            JobQueue(impatient).claim("one")
    assert JobQueue(impatient).claim("one").job.id == job.id
    for each in (engine, impatient):
        each.dispose()


def test_transactions_that_a_machine_left_open_are_ended_by_the_server(postgres_jobs_place):
    engine = open_database(postgres_jobs_place)
    with engine.connect() as connection:
        shown = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("lock_timeout", _IDLE)]
    assert shown == ["30s", "1min"]
    engine.dispose()


_IDLE = "idle_in_transaction_session_timeout"


def test_the_clocks_of_workers_do_not_count(postgres_jobs_place, monkeypatch):
    engine = open_database(postgres_jobs_place)
    queue = JobQueue(engine)
    before = JobBoard(engine).submit(NEW).created
    real = time.time_ns
    for hours in (-30, 30):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: real() + hours * 3_600_000_000_000)
        lease = queue.claim(f"{hours} hours off")
        assert abs((lease.until - before).total_seconds() - 30) < 20
        queue.extend(lease)
        assert queue.sweep() == 0
        queue.released(lease)
    engine.dispose()


def test_a_full_disk_is_told_and_leaves_nothing_half_done(sqlite_jobs_place):
    engine = open_database(sqlite_jobs_place)
    board, queue = JobBoard(engine), JobQueue(engine)
    board.submit(CUT)
    plan = queue.claim("one")

    @event.listens_for(engine, "connect")
    def fill(connection, _record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")

    engine.dispose()
    large = [SegmentOfPlan(number, 10) for number in range(2000)]
    with pytest.raises(JobsUnavailableError, match="full"):
        queue.planned(plan, {"at": "x" * 20_000}, large)
    taken = 0
    with pytest.raises(JobsUnavailableError, match="database or disk is full"):
        for _ in range(1000):
            board.submit(NewJob("studio", "ada", {"note": "x" * 500}))
            taken += 1
    event.remove(engine, "connect", fill)
    engine.dispose()
    queue.planned(plan, {"at": "plan"}, large)
    jobs = board.jobs(tenant=None, limit=1000)
    assert len(jobs) == taken + 1
    assert (jobs[-1].state, jobs[-1].segments) == ("running", 2000)
    board.submit(NEW)
    engine.dispose()


def test_a_value_that_a_database_cannot_keep_is_no_reason_to_wait(jobs_engine, clock):
    jobs = Jobs.of(jobs_engine, clock)
    with pytest.raises(FaceFusionError) as raised:
        jobs.submit("studio", owner="a\x00b")
    assert not isinstance(raised.value, JobsUnavailableError)
