from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from facefusion.jobs.backlog import backlog
from facefusion.jobs.board import JobBoard
from facefusion.jobs.database import writing
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import METADATA, TENANTS
from facefusion.jobs.tenants import make_tenant
from facefusion.jobs.values import Failure, NewJob
from facefusion.trust.database import open_database


class Place:
    def __init__(self, engine: Any) -> None:
        self.now = 1_000_000_000
        self.engine = engine
        self.board = JobBoard(engine, clock=lambda _: self.now)
        self.queue = JobQueue(engine, clock=lambda _: self.now)

    def submit(self, tenant: str, count: int = 1) -> None:
        for _ in range(count):
            self.board.submit(NewJob(tenant, "o", {}))

    def limit(self, tenant: str, **values: Any) -> None:
        with writing(self.engine) as connection:
            make_tenant(connection, tenant)
            connection.execute(update(TENANTS).where(TENANTS.c.id == tenant).values(**values))

    def backlog(self) -> int:
        return backlog(self.engine, clock=lambda _: self.now)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    engine = open_database(tmp_path / "jobs.db")
    METADATA.create_all(engine)
    yield Place(engine)
    engine.dispose()


def test_nothing_to_do_is_no_backlog(place: Place) -> None:
    assert place.backlog() == 0


def test_tasks_that_nobody_does_are_the_backlog(place: Place) -> None:
    place.submit("a", 3)
    place.submit("b", 2)
    assert place.backlog() == 5
    assert place.queue.claim("w") is not None
    assert place.backlog() == 4


def test_tasks_of_paused_tenants_and_of_paused_jobs_wait(place: Place) -> None:
    place.submit("a", 2)
    place.limit("a", is_paused=True)
    assert place.backlog() == 0
    job = place.board.submit(NewJob("b", "o", {}))
    place.board.pause(job.id, tenant=None)
    assert place.backlog() == 0


def test_no_more_than_a_tenant_may_have_at_work(place: Place) -> None:
    place.limit("a", max_running=2)
    place.submit("a", 5)
    place.submit("b", 1)
    assert place.backlog() == 3
    lease = place.queue.claim("w")
    assert lease is not None and lease.job.tenant == "a"
    assert place.backlog() == 2
    for _ in range(2):
        place.queue.claim("w")
    assert place.backlog() == 0


def test_what_is_tried_again_later_is_backlog_then(place: Place) -> None:
    place.submit("a")
    lease = place.queue.claim("w")
    assert lease is not None
    place.queue.failed(lease, Failure("StorageUnavailableError", 91, "It failed"))
    assert place.backlog() == 0
    place.now += 10_000_000
    assert place.backlog() == 1
