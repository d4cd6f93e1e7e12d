"""Whose turn it is: priorities, shares by weight, quotas; the same order on both databases."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from queue_material import BROKEN, Jobs
from sqlalchemy import select

from facefusion.errors import JobQuotaError, OptionsError
from facefusion.jobs.schema import TENANTS
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import SegmentOfPlan
from facefusion.trust.database import open_database
from job_databases import SteppedClock


@pytest.fixture
def jobs(jobs_engine, clock):
    return Jobs.of(jobs_engine, clock)


@pytest.fixture
def tenants(jobs_engine):
    return Tenants(jobs_engine)


def served(jobs, count, *, seconds=10.0, workers=1):
    """The tenants of the next tasks, done by so many workers in lock step, which take so long for each."""
    order = []
    while len(order) < count:
        leases = [jobs.claim(f"w{number}") for number in range(min(workers, count - len(order)))]
        order += [lease.job.tenant for lease in leases]
        jobs.clock.forward(seconds if isinstance(seconds, float) else 0)
        for lease in leases:
            if not isinstance(seconds, float):
                jobs.clock.forward(seconds[lease.job.tenant])
            jobs.queue.finished(lease, {})
    return order


def test_one_tenant_is_served_in_the_order_in_which_jobs_came(jobs):
    made = [jobs.submit() for _ in range(5)]
    assert [lease.job.id for lease in jobs.work()] == [job.id for job in made]


def test_higher_priority_goes_first_and_may_be_given_later(jobs):
    low, middle, high = (jobs.submit(priority=priority) for priority in (0, 4, 9))
    late = jobs.submit(priority=0)
    jobs.board.prioritise(late.id, 5, tenant="studio")
    assert [lease.job.id for lease in jobs.work()] == [job.id for job in (high, late, middle, low)]
    assert "job.prioritised" in jobs.kinds(late)


def test_what_is_left_of_the_first_job_goes_before_the_next(jobs):
    first, second = jobs.planned(3), jobs.submit()
    assert [lease.job.id for lease in jobs.work()] == [first.id] * 4 + [second.id]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_tenants_share_by_weight_whatever_the_number_of_workers(jobs, tenants, workers):
    """Who came first with a hundred jobs does not keep out who came next with some."""
    tenants.set("heavy", Quota(weight=3))
    for tenant in ("light", "heavy"):
        for _ in range(60):
            jobs.submit(tenant)
    counts = Counter(served(jobs, 40, workers=workers))
    assert counts["heavy"] == pytest.approx(30, abs=2)


def test_shares_are_of_time_not_of_tasks(jobs):
    for tenant in ("slow", "quick"):
        for _ in range(120):
            jobs.submit(tenant)
    counts = Counter(served(jobs, 110, seconds={"slow": 10.0, "quick": 1.0}))
    assert counts["quick"] / counts["slow"] == pytest.approx(10, rel=0.25)


def test_who_had_nothing_to_do_for_long_is_not_served_alone_for_long(jobs):
    for _ in range(200):
        jobs.submit("busy")
    served(jobs, 100)
    for _ in range(60):
        jobs.submit("back")
    order = served(jobs, 40)
    assert order[:6] == ["back"] * 6, "what it is behind counts for a minute of work"
    assert Counter(order[8:])["busy"] == pytest.approx(16, abs=1)


def test_what_a_lost_worker_took_is_charged_and_what_was_released_is_given_back(jobs, tenants):
    def account():
        """What ended counts as it was, and what is at work as 10 seconds."""
        with jobs.engine.connect() as connection:
            served = connection.execute(select(TENANTS.c.served)).scalar_one()
        return served + jobs.leases() * 5_000_000

    tenants.set("studio", Quota(weight=2))
    jobs.submit()
    assert account() == 0
    lease = jobs.claim()
    assert account() == 5_000_000
    jobs.clock.forward(2)
    jobs.queue.released(lease)
    assert account() == 1_000_000
    lease = jobs.claim()
    jobs.clock.forward(40)
    jobs.queue.sweep()
    assert account() == 21_000_000
    lease = jobs.claim()
    jobs.clock.forward(4)
    jobs.queue.failed(lease, BROKEN)
    assert account() == 23_000_000
    jobs.clock.forward(4)
    lease = jobs.claim()
    jobs.clock.forward(4)
    jobs.board.cancel(lease.job.id, tenant=None)
    assert account() == 25_000_000


def test_a_tenant_has_no_more_at_work_than_it_may(jobs, tenants):
    tenants.set("small", Quota(max_running=2))
    tenants.set("none", Quota(max_running=0))
    for tenant in ("none", "small", "large"):
        for _ in range(5):
            jobs.submit(tenant)
    leases = [jobs.claim() for _ in range(7)]
    assert Counter(lease.job.tenant for lease in leases) == {"small": 2, "large": 5}
    assert jobs.queue.claim("w") is None
    small = next(lease for lease in leases if lease.job.tenant == "small")
    jobs.queue.finished(small, {})
    assert jobs.claim().job.tenant == "small"
    assert jobs.queue.claim("w") is None
    assert tenants.get("small").running == 2


def test_a_tenant_that_is_paused_waits_and_keeps_its_place(jobs, tenants):
    tenants.set("small", Quota(is_paused=True))
    job = jobs.submit("small")
    assert jobs.queue.claim("w") is None
    tenants.set("small", Quota())
    assert jobs.claim().job.id == job.id


def test_a_tenant_has_no_more_jobs_than_it_may(jobs, tenants):
    tenants.set("studio", Quota(max_queued=2))
    first, _ = jobs.submit(), jobs.submit()
    with pytest.raises(JobQuotaError, match="studio has 2 jobs that are not finished, as many as it may"):
        jobs.submit()
    jobs.submit("other")
    jobs.board.cancel(first.id, tenant=None)
    third = jobs.submit()
    with pytest.raises(JobQuotaError):
        jobs.board.retry(first.id, tenant=None)
    assert jobs.state(first) == "cancelled"
    jobs.board.cancel(third.id, tenant=None)
    jobs.board.retry(first.id, tenant=None)
    assert tenants.get("studio").unfinished == 2


def test_a_tenant_has_no_higher_priority_than_it_may(jobs, tenants):
    tenants.set("studio", Quota(max_priority=5))
    job = jobs.submit(priority=5)
    for priority in (6, -1, 10):
        with pytest.raises(JobQuotaError, match="may have priorities from 0 to 5"):
            jobs.submit(priority=priority)
        with pytest.raises(JobQuotaError):
            jobs.board.prioritise(job.id, priority, tenant=None)
    assert len(jobs.board.jobs(tenant=None)) == 1


def test_tenants_are_set_shown_and_listed(jobs, tenants):
    assert tenants.all() == []
    assert tenants.get("studio").quota == Quota()
    quota = Quota(weight=5, max_running=3, max_queued=10, max_priority=7, max_bytes=1 << 40, is_paused=False)
    assert tenants.set("studio", quota).quota == quota
    jobs.submit("archive")
    jobs.claim()
    jobs.submit("archive")
    assert [(each.id, each.running, each.unfinished) for each in tenants.all()] == [("archive", 1, 2), ("studio", 0, 0)]
    assert tenants.set("studio", replace(quota, max_running=None)).quota.max_running is None
    for call in (tenants.get, lambda name: tenants.set(name, Quota())):
        with pytest.raises(OptionsError, match="No tenant is called so"):
            call("no/such")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"weight": 0}, {"weight": 1001}, {"weight": 1.5}, {"weight": True}, {"max_running": -1}),
        *({"max_queued": -1}, {"max_priority": 10}, {"max_bytes": -1}, {"is_paused": 1}, {"max_running": "3"}),
    ],
)
def test_a_quota_that_is_none_is_refused(wrong):
    with pytest.raises(OptionsError):
        Quota(**wrong)


def test_the_order_is_the_same_on_both_databases(sqlite_jobs_place, postgres_jobs_place):
    """Many tenants, weights, priorities, limits, failures and losses, told in the same way to both."""

    def run(place):
        engine = open_database(place)
        jobs, tenants = Jobs.of(engine, SteppedClock()), Tenants(engine)
        names = {}
        for number in range(60):
            job = jobs.submit(f"tenant-{number % 7}", priority=(number * 5) % 10, is_cut=number % 3 == 0)
            names[job.id] = number
        for number in range(7):
            tenants.set(f"tenant-{number}", Quota(weight=number + 1, max_running=None if number % 2 else 2))
        order = []
        for turn in range(300):
            jobs.clock.forward(1 + turn % 4)
            lease = jobs.queue.claim(f"w{turn % 5}", seconds=20)
            if lease is None:
                continue
            order.append((names[lease.job.id], lease.kind, lease.number, lease.attempt))
            if turn % 11 == 0:
                continue
            if turn % 7 == 0:
                jobs.queue.failed(lease, BROKEN)
            elif lease.kind == "plan":
                jobs.queue.planned(lease, {}, [SegmentOfPlan(each, 5) for each in range(1 + turn % 3)])
            else:
                jobs.queue.finished(lease, {})
        engine.dispose()
        return order

    one, two = run(sqlite_jobs_place), run(postgres_jobs_place)
    assert len(one) > 120
    assert one == two
