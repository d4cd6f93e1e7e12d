"""Database, storage, broker and disk fail at each step of a job: it is done once, and whole, when they are back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.cable import Cable
from benchmarks.servers import Postgres
from sqlalchemy import make_url
from workshop import TENANT, Shop

from facefusion.engine.run import Result
from facefusion.errors import DiskFullError, JobsUnavailableError, StorageUnavailableError
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import Child, Tether
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.celery.link import Link
from facefusion.jobs.submitting import HandingIn
from facefusion.jobs.values import Did, Job
from facefusion.jobs.worker import Worker
from facefusion.options import Options
from material import ASTRONAUT

VALUES = {"source_paths": [str(ASTRONAUT)], "target_path": str(ASTRONAUT), "output_path": "r.png"}


def quick(options: Options, **_: Any) -> Result:
    """Do a job as a runner does it, but for the work."""
    path = options.output_path
    assert path is not None
    path.write_bytes(b"done")
    return Result(path, "picture", 1, 1, 0.0, {})


@dataclass
class Once:
    """Stands in front of something, and lets the first call of one of its methods fail.

    Attributes:
        real: what is called.
        name: of the method.
        fail: is handed the call that was meant, and raises.
    """

    real: Any
    name: str
    fail: Callable[[Callable[[], Any]], Any]
    calls: int = field(default=0)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name != self.name:
            return found

        def called(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls == 1:
                return self.fail(lambda: found(*arguments, **named))
            return found(*arguments, **named)

        return called


@dataclass
class Far:
    """A shop whose workers reach the database by a cable."""

    shop: Shop
    through: Shop
    line: Cable

    def cut(self, call: Callable[[], Any]) -> None:
        """Make a call while the line is cut."""
        with self.line.away():
            call()
        raise AssertionError("the database was not away")


@pytest.fixture
def far(tmp_path: Path, postgres: Postgres, postgres_jobs_place: str, cable: Callable[[int], Cable]) -> Iterator[Far]:
    line, name = cable(postgres.port), make_url(postgres_jobs_place).database
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place)
    through = Shop.at(tmp_path / "shop", postgres.tcp_url(str(name), port=line.port))
    yield Far(shop, through, line)
    for each in (through, shop):
        each.engine.dispose()


def lost_answer(call: Callable[[], Any]) -> None:
    call()
    raise JobsUnavailableError("The answer got lost")


def assert_done_once(shop: Shop, job: Job, leases: int = 1) -> None:
    assert shop.output(job) == b"done"
    assert shop.kinds(job).count("job.succeeded") == 1
    assert shop.kinds(job).count("task.leased") == leases
    assert shop.files(job) == [f"result-{leases}/r.png"]


@pytest.mark.parametrize("step", ["claim", "finished"])
def test_the_database_goes_away_at_each_step(far: Far, step: str) -> None:
    job = far.shop.submit(VALUES)
    queue = Once(far.through.queue, step, far.cut)
    bench = replace(far.through.bench(lease_seconds=30), runner=quick)
    with far.through.working(Worker(far.through.engine, bench, queue=queue)):
        assert far.shop.finished(job).state == "succeeded"
    assert queue.calls >= 2
    assert_done_once(far.shop, job)


def test_the_database_goes_away_when_a_lease_is_extended(far: Far) -> None:
    job, tried = far.shop.submit(VALUES), threading.Event()

    def fail(call: Callable[[], Any]) -> None:
        tried.set()
        far.cut(call)

    def runner(options: Options, **further: Any) -> Result:
        assert tried.wait(60)
        return quick(options, **further)

    queue = Once(far.through.queue, "extend", fail)
    bench = replace(far.through.bench(lease_seconds=3), runner=runner)
    with far.through.working(Worker(far.through.engine, bench, queue=queue)):
        assert far.shop.finished(job).state == "succeeded"
    assert_done_once(far.shop, job)


def test_the_database_goes_away_when_it_is_told_that_a_task_failed(far: Far) -> None:
    job = far.shop.submit(VALUES)
    queue = Once(far.through.queue, "failed", far.cut)
    ends = iter([StorageUnavailableError("away")])

    def runner(options: Options, **further: Any) -> Result:
        for error in ends:
            raise error
        return quick(options, **further)

    bench = replace(far.through.bench(lease_seconds=30), runner=runner)
    with far.through.working(Worker(far.through.engine, bench, queue=queue)):
        assert far.shop.finished(job).state == "succeeded"
    assert queue.calls == 2
    assert_done_once(far.shop, job, leases=2)


@pytest.mark.parametrize(("step", "leases"), [("claim", 2), ("finished", 1)])
def test_the_answer_of_the_database_gets_lost(tmp_path: Path, step: str, leases: int) -> None:
    shop = Shop.at(tmp_path / "shop")
    job = shop.submit(VALUES)
    queue = Once(shop.queue, step, lost_answer)
    bench = replace(shop.bench(lease_seconds=1), runner=quick)
    with shop.working(Worker(shop.engine, bench, queue=queue)):
        assert shop.finished(job).state == "succeeded"
    # Of a lease that nobody knows of nothing is heard, so that it is over soon.
    assert_done_once(shop, job, leases)
    shop.engine.dispose()


def test_nothing_is_taken_while_the_database_is_away_and_asking_again_takes_it_once(far: Far) -> None:
    with far.line.away(), pytest.raises(JobsUnavailableError):
        far.through.submit(VALUES)
    assert far.shop.board.jobs(tenant=TENANT) == []
    far.through.submit(VALUES)
    assert len(far.shop.board.jobs(tenant=TENANT)) == 1


@pytest.mark.parametrize("step", ["get", "put", "keys"])
def test_the_storage_goes_away_at_each_step(tmp_path: Path, step: str) -> None:
    """When inputs are fetched, when the result is put, and when what led to it is removed."""
    shop = Shop.at(tmp_path / "shop")
    job = shop.submit(VALUES)

    def fail(_call: Callable[[], Any]) -> None:
        raise StorageUnavailableError("The storage is away")

    storage = Once(shop.storage, step, fail)
    with shop.working(shop.worker(replace(shop.bench(), storage=storage, runner=quick))):
        assert shop.finished(job).state == "succeeded"
    assert storage.calls >= 1
    assert_done_once(shop, job)
    shop.engine.dispose()


def test_a_file_that_cannot_be_handed_in_makes_no_job(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "shop")

    def fail(_call: Callable[[], Any]) -> None:
        raise StorageUnavailableError("The storage is away")

    storage: Any = Once(shop.storage, "put", fail)
    with pytest.raises(StorageUnavailableError):
        HandingIn(storage, TENANT).request(VALUES)
    assert shop.board.jobs(tenant=TENANT) == []
    assert HandingIn(storage, TENANT).request(VALUES).target.startswith("upload:")
    shop.engine.dispose()


def test_a_disk_of_the_storage_that_is_full_costs_an_attempt_and_leaves_nothing(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "shop")
    job = shop.submit(VALUES)

    def half(call: Callable[[], Any]) -> None:
        call()  # what was put before the disk was full is removed
        raise DiskFullError("No space is left in the storage")

    storage = Once(shop.storage, "put", half)
    with shop.working(shop.worker(replace(shop.bench(), storage=storage, runner=quick))):
        assert shop.finished(job).state == "succeeded"
    assert shop.kinds(job).count("task.failed") == 1
    assert_done_once(shop, job, leases=2)
    shop.engine.dispose()


def test_a_broker_that_is_away_when_a_task_ends_stops_nothing() -> None:
    class Away(Link):
        asked = 0

        def keep(self, count: int) -> int:
            self.asked += 1
            raise JobsUnavailableError("The broker is away")

    class Runner:
        asked = 0

        def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
            self.asked += 1
            if self.asked % 2 == 0:
                return None
            freed(1)
            return Did(1)

        def drain(self) -> None:
            """Nothing goes on."""

        give_back = close = drain

    runner, broker = Runner(), Broker("redis://127.0.0.1:1/0")
    waker, link = CeleryDispatcher(broker), Away(broker)
    waker._link = link
    child = Child(lambda _: runner, waker, draining=Tether(), ending=Tether(), seconds=0)
    for _ in range(2):
        child.work()
    child.end()
    assert runner.asked == 4
    assert link.asked > 0
