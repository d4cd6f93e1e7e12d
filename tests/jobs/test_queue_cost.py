"""What calls cost, counted: statements, transactions, and that nothing is put together twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from queue_material import Jobs
from sqlalchemy import Engine, event, insert, text
from sqlalchemy.engine.interfaces import CacheStats

from facefusion.errors import LeaseLostError
from facefusion.jobs.database import database_time, writing
from facefusion.jobs.newest import newest_jobs, oldest_jobs
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import JOBS, TENANTS
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import SegmentOfPlan
from facefusion.trust.database import open_database
from job_databases import SteppedClock


@dataclass
class Seen:
    """What a database was asked.

    Attributes:
        statements: in order, without those that begin and end transactions.
        missed: statements that had to be put together.
        commits: transactions.
    """

    statements: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    commits: int = 0


@contextmanager
def seen(engine: Engine) -> Iterator[Seen]:
    found = Seen()

    def ask(_connection, _cursor, statement, _parameters, context, _many) -> None:
        if statement in {"BEGIN", "BEGIN IMMEDIATE"}:
            return
        found.statements.append(" ".join(statement.split())[:60])
        if context is not None and context.cache_hit is CacheStats.CACHE_MISS:
            found.missed.append(statement)

    def commit(_connection) -> None:
        found.commits += 1

    event.listen(engine, "before_cursor_execute", ask)
    event.listen(engine, "commit", commit)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", ask)
        event.remove(engine, "commit", commit)


@pytest.fixture
def jobs(jobs_engine):
    """A job of many segments; times are the database's own, as in earnest."""
    made = Jobs(jobs_engine, SteppedClock(), Jobs.of(jobs_engine, database_time).board, JobQueue(jobs_engine))
    made.planned(40)
    return made


def cost(jobs: Jobs, call: Callable[[], object]) -> Seen:
    """What a call costs once it was made before."""
    call()
    with seen(jobs.engine) as found:
        call()
    return found


def extra(jobs: Jobs) -> int:
    """Statements that only PostgreSQL needs: it is asked for the time."""
    return 1 if jobs.engine.dialect.name == "postgresql" else 0


def test_a_segment_is_leased_by_five_statements(jobs):
    found = cost(jobs, jobs.claim)
    assert len(found.statements) == 5 + extra(jobs), found.statements
    assert (found.commits, found.missed) == (1, [])


def test_a_segment_is_finished_by_seven_statements(jobs):
    leases = [jobs.claim() for _ in range(2)]
    found = cost(jobs, lambda: jobs.queue.finished(leases.pop(), {"stored": "block"}, facts={"frames": 10}))
    assert len(found.statements) == 7 + extra(jobs), found.statements
    assert (found.commits, found.missed) == (1, [])


def test_a_segment_is_finished_and_the_next_leased_in_one_transaction(jobs):
    lease = jobs.claim()

    def go_on():
        nonlocal lease
        lease = jobs.queue.finished(lease, {}, next_for="one")

    found = cost(jobs, go_on)
    assert lease is not None and lease.number == 2
    assert len(found.statements) == 12 + extra(jobs), found.statements
    assert (found.commits, found.missed) == (1, [])


def test_an_idle_worker_asks_two_things(jobs):
    jobs.work()
    found = cost(jobs, lambda: jobs.queue.claim("idle"))
    assert len(found.statements) == 2 + extra(jobs), found.statements
    assert (found.commits, found.missed) == (1, [])


def test_a_worker_that_says_that_it_is_there_waits_for_no_disk(jobs):
    lease = jobs.claim()
    for call in (lambda: jobs.queue.extend(lease, frames=3), lambda: jobs.queue.seen("one", {"slots": 1})):
        found = cost(jobs, call)
        assert found.missed == []
        if jobs.engine.dialect.name == "postgresql":
            assert found.statements[0] == "SET LOCAL synchronous_commit TO off"
            assert len(found.statements) == 3, found.statements
        else:
            assert len(found.statements) == 1, found.statements


def test_only_who_says_so_is_not_kept_at_once(sqlite_jobs_place):
    engine = open_database(sqlite_jobs_place)
    levels = []
    for is_durable in (True, False, False, True):
        with writing(engine, is_durable=is_durable) as connection:
            levels.append(connection.execute(text("PRAGMA synchronous")).scalar_one())
    assert levels == [2, 1, 1, 2], "2 is FULL, 1 is NORMAL"
    engine.dispose()


def test_a_job_is_taken_by_few_statements(jobs):
    found = cost(jobs, jobs.submit)
    assert len(found.statements) <= 8 + extra(jobs), found.statements
    assert (found.commits, found.missed) == (1, [])


def test_who_leases_a_task_waits_for_nobody_who_changes_its_tenant(postgres_jobs_place):
    engine, impatient = (
        open_database(place)
        for place in (postgres_jobs_place, f"{postgres_jobs_place}&options=-c%20lock_timeout%3D20ms")
    )
    jobs = Jobs.of(engine, database_time)
    jobs.planned(3)
    with engine.begin() as connection:
        connection.execute(TENANTS.update().values(served=TENANTS.c.served + 1))
        assert JobQueue(impatient).claim("one").number == 0
        assert JobQueue(impatient).claim("two").number == 1
    for each in (engine, impatient):
        each.dispose()


def test_the_next_task_comes_with_telling_of_the_last(jobs):
    plan = jobs.claim()
    assert (plan.kind, plan.number) == ("segment", 0)
    following = jobs.queue.finished(plan, {"made": 0}, next_for="one")
    assert (following.kind, following.number, following.job.segments_done) == ("segment", 1, 1)
    assert following.seconds == plan.seconds
    assert jobs.leases() == 1
    jobs.queue.extend(following)
    with pytest.raises(LeaseLostError):
        jobs.queue.extend(plan)
    assert jobs.queue.finished(plan, {"made": 0}, next_for="one") is None, "told before: nothing is leased again"
    assert jobs.leases() == 1
    assert jobs.queue.finished(following, {}) is None, "nobody asked for another"
    assert jobs.leases() == 0


def test_who_told_of_a_plan_or_of_the_last_segment_goes_on_with_its_job(jobs_engine, clock):
    jobs = Jobs.of(jobs_engine, clock)
    job = jobs.submit(is_cut=True)
    lease = jobs.queue.planned(jobs.claim(), {"at": "plan"}, [SegmentOfPlan(0, 10)], next_for="one")
    assert (lease.kind, lease.plan) == ("segment", {"at": "plan"})
    lease = jobs.queue.finished(lease, {"made": 0}, next_for="one")
    assert (lease.kind, lease.results) == ("merge", ({"made": 0},))
    assert jobs.queue.finished(lease, {}, next_for="one") is None
    assert jobs.state(job) == "succeeded"
    assert jobs.kinds(job)[-2:] == ["task.leased", "job.succeeded"]


def test_priorities_and_shares_hold_for_who_goes_on(jobs_engine, clock):
    jobs = Jobs.of(jobs_engine, clock)
    jobs.planned(20)
    for _ in range(20):
        jobs.submit("other")
    lease, order = jobs.claim(), []
    for _ in range(10):
        order.append(lease.job.tenant)
        clock.forward(10)
        lease = jobs.queue.finished(lease, {}, next_for="one")
    assert sorted(order) == ["other"] * 5 + ["studio"] * 5
    urgent = jobs.submit("late", priority=9)
    assert jobs.queue.finished(lease, {}, next_for="one").job.id == urgent.id


def test_who_goes_on_takes_no_task_of_another_tenant_that_may_have_only_some_at_work(jobs_engine, clock):
    """That is asked for by itself, so that nobody holds one tenant while waiting for another."""
    jobs = Jobs.of(jobs_engine, clock)
    Tenants(jobs_engine).set("small", Quota(max_running=1))
    first = jobs.submit()
    small = [jobs.submit("small", priority=9) for _ in range(2)]
    leases = [jobs.claim(), jobs.claim()]
    assert [lease.job.id for lease in leases] == [small[0].id, first.id]
    assert jobs.queue.finished(leases[0], {}, next_for="one").job.id == small[1].id, "its own it may"
    assert jobs.queue.finished(leases[1], {}, next_for="two") is None
    jobs.submit("small", priority=9)
    lease = jobs.queue.claim("two")
    assert lease is None, "one of them is at work"


def test_nothing_is_leased_where_what_is_told_is_refused(jobs):
    lease = jobs.claim()
    jobs.board.cancel(lease.job.id, tenant=None)
    other = jobs.submit()
    with pytest.raises(LeaseLostError):
        jobs.queue.finished(lease, {}, next_for="one")
    assert jobs.claim().job.id == other.id


MANY = 10_000


@pytest.fixture
def crowded(jobs_engine):
    """Ten thousand jobs of a tenant, what is finished first, and as many newer ones of another."""
    with writing(jobs_engine) as connection:
        for tenant in ("studio", "archive"):
            connection.execute(insert(TENANTS).values(id=tenant))
            numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY - 1})"
            columns = "id, tenant, owner, state, is_paused, needs_review, priority, revision, request, created, queued"
            state = f"CASE WHEN i < {MANY // 4} THEN 'failed' WHEN i < {MANY // 2} THEN 'succeeded' ELSE 'queued' END"
            values = f"'{tenant}' || i, '{tenant}', 'ada', {state}, false, false, 4, 1, '{{}}', i, i, 0"
            connection.execute(text(f"INSERT INTO jobs ({columns}, segments_done) {numbers} SELECT {values} FROM n"))
    with jobs_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE jobs"))
    return jobs_engine


def planned(engine, query):
    """How a database goes about a query: what it says of it, and how many rows it looks at."""
    said = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all()
            return [row.detail for row in rows if " jobs " in row.detail], None
        [[[plan]]] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {said}").all()
    scans = [node for node in within(plan["Plan"]) if "Relation Name" in node]
    looked_at = sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
    return [f"{node['Node Type']} {node.get('Index Name')}" for node in scans], looked_at


def within(plan):
    yield plan
    for each in plan.get("Plans", ()):
        yield from within(each)


def test_a_page_of_jobs_is_found_by_an_index_whatever_lies_in_between(crowded):
    wanted = {
        (): "jobs_by_tenant",
        ("failed",): "jobs_by_state",
        ("failed", "succeeded"): "jobs_by_state",
        ("queued", "planning", "running", "merging"): "jobs_by_state",
    }
    for before, (states, index) in itertools.product((None, MANY // 3), wanted.items()):
        for query in (
            newest_jobs(crowded, "studio", states, before=before, limit=51),
            oldest_jobs(crowded, "studio", states, after=before, limit=51),
        ):
            scans, looked_at = planned(crowded, query)
            assert len(scans) == max(1, len(states))
            assert all(index in scan and not scan.startswith(("SCAN", "Seq", "Bitmap")) for scan in scans), scans
            assert looked_at is None or looked_at <= 51 * len(scans)


def test_pages_of_jobs_hold_what_was_asked_for_each_once_and_in_order(crowded):
    def found(*states, before=None):
        with crowded.connect() as connection:
            query = newest_jobs(crowded, "studio", states, JOBS.c.owner == "ada", before=before, limit=3)
            return [(row.number, row.state) for row in connection.execute(query)]

    assert found() == [(number, "queued") for number in (MANY, MANY - 1, MANY - 2)]
    half, quarter = MANY // 2, MANY // 4
    assert found("failed", "succeeded", "failed") == [(half - each, "succeeded") for each in range(3)]
    assert found("succeeded", "failed", before=quarter + 2) == [
        (quarter + 1, "succeeded"),
        (quarter, "failed"),
        (quarter - 1, "failed"),
    ]
    assert found("failed", before=2) == [(1, "failed")]
    assert found("failed", before=1) == found("running") == []


def test_the_oldest_come_first_where_that_is_asked_for(crowded):
    def found(*states, after=None):
        with crowded.connect() as connection:
            query = oldest_jobs(crowded, "studio", states, JOBS.c.owner == "ada", after=after, limit=3)
            return [row.number for row in connection.execute(query)]

    assert found() == found("failed", "succeeded") == [1, 2, 3]
    assert found("failed", "succeeded", "queued", after=3) == [4, 5, 6]
    assert found("queued", after=MANY - 1) == [MANY]
    assert found(after=MANY) == []
