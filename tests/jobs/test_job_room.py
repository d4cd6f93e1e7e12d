"""Results count in what a tenant keeps in storage: what is full takes no job, and what is removed gives room back."""

from __future__ import annotations

import pytest
from queue_material import BROKEN, Jobs

from facefusion.errors import JobQuotaError
from facefusion.jobs.database import reading, writing
from facefusion.jobs.schema import STORED
from facefusion.jobs.stored import count, reserve, room, stored_bytes
from facefusion.jobs.tenants import Quota, Tenants


@pytest.fixture
def jobs(jobs_engine, clock):
    return Jobs.of(jobs_engine, clock)


def finish(jobs, lease, size):
    jobs.queue.finished(lease, {"outputs": []}, stored=size)


def stored(jobs, tenant="studio"):
    with reading(jobs.engine) as connection:
        return stored_bytes(connection, STORED.c.tenant == tenant)


def limit(jobs, most, tenant="studio"):
    Tenants(jobs.engine).set(tenant, Quota(max_bytes=most))


def test_a_result_counts_and_is_free_again_with_the_job(jobs):
    job = jobs.submit()
    finish(jobs, jobs.claim(), 1000)
    other = jobs.submit(needs_review=True)
    finish(jobs, jobs.claim(), 50)
    assert stored(jobs) == 1050, "what waits for its review lies there, too"
    assert stored(jobs, "archive") == 0
    jobs.board.remove(job.id, tenant=None)
    assert stored(jobs) == 50
    jobs.board.review(other.id, tenant=None, reviewer="eve", approves=False)
    jobs.board.remove(other.id, tenant=None)
    assert stored(jobs) == 0


def test_a_tenant_whose_storage_is_full_gets_no_job_until_there_is_room(jobs):
    limit(jobs, 1000)
    job = jobs.submit()
    finish(jobs, jobs.claim(), 999)
    assert "storage.full" not in jobs.kinds(job)
    second = jobs.submit()
    finish(jobs, jobs.claim(), 1)
    with pytest.raises(JobQuotaError, match="1000 bytes in storage, and may have 1000"):
        jobs.submit()
    jobs.submit("archive")
    jobs.board.remove(second.id, tenant=None)
    assert jobs.state(jobs.submit()) == "queued"


def test_a_result_that_overflows_is_kept_and_told(jobs):
    """The work is done and somebody waits for it; what follows has to wait for room."""
    limit(jobs, 1000)
    first, second = jobs.submit(), jobs.submit()
    finish(jobs, jobs.claim(), 900)
    finish(jobs, jobs.claim(), 900)
    assert (jobs.state(first), jobs.state(second)) == ("succeeded", "succeeded")
    assert jobs.job(second).result["outputs"] == []
    [told] = [event for event in jobs.board.events(second.id, tenant=None) if event.kind == "storage.full"]
    assert told.facts == {"stored": 1800, "most": 1000}
    with pytest.raises(JobQuotaError):
        jobs.submit()
    jobs.board.remove(first.id, tenant=None)
    assert jobs.state(jobs.submit()) == "queued"


def test_a_job_that_failed_is_not_tried_again_into_a_full_storage(jobs):
    limit(jobs, 100)
    job = jobs.submit()
    for _ in range(4):
        jobs.clock.forward(100)
        jobs.queue.failed(jobs.claim(), BROKEN)
    other = jobs.submit()
    finish(jobs, jobs.claim(), 100)
    with pytest.raises(JobQuotaError):
        jobs.board.retry(job.id, tenant=None)
    assert jobs.state(job) == "failed", "nothing was changed"
    jobs.board.remove(other.id, tenant=None)
    assert jobs.board.retry(job.id, tenant=None).state == "queued"


def test_what_is_told_twice_counts_once(jobs):
    jobs.submit()
    lease = jobs.claim()
    for _ in range(2):
        finish(jobs, lease, 10)
    assert stored(jobs) == 10


def test_uploads_and_results_share_one_account(jobs):
    limit(jobs, 100)
    jobs.submit()
    finish(jobs, jobs.claim(), 60)
    with writing(jobs.engine) as connection:
        reserve(connection, "studio", "uploads/a", 40)
    with pytest.raises(JobQuotaError, match="would have 101 bytes"), writing(jobs.engine) as connection:
        reserve(connection, "studio", "uploads/b", 1)
    with writing(jobs.engine) as connection:
        count(connection, "studio", "uploads/a", 30)
        assert (room(connection, "studio").stored, room(connection, "studio").is_full) == (90, False)
