"""The database or the storage goes away while a worker is at work, and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from workshop import TENANT, Shop, until

from facefusion.engine.run import run
from facefusion.errors import StorageUnavailableError
from facefusion.jobs.worker import Worker
from material import ASTRONAUT, CAPTAIN, read, save


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("small") / "captain.png", read(CAPTAIN)[:600:2, ::2])


def values(small: Path) -> dict[str, object]:
    return {"source_paths": [str(ASTRONAUT)], "target_path": str(small), "output_path": "r.png"}


def test_a_database_that_is_away_for_a_while_loses_nothing(
    tmp_path: Path, small: Path, postgres: Any, postgres_jobs_place: str, cable: Callable[[int], Any]
) -> None:
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place)
    line = cable(postgres.port)
    name = make_url(postgres_jobs_place).database
    through = Shop.at(tmp_path / "shop", postgres.tcp_url(name, port=line.port))
    began, go_on = threading.Event(), threading.Event()

    def runner(options: Any, **further: Any) -> Any:
        began.set()
        assert go_on.wait(60)
        return run(options, **further)

    job = shop.submit(values(small))
    worker = Worker(through.engine, replace(through.bench(lease_seconds=30), runner=runner), queue=through.queue)
    with through.working(worker):
        assert began.wait(60)
        with line.away():
            go_on.set()
            # The result is in storage, and nobody can be told yet.
            until(lambda: list(shop.storage.keys(f"{TENANT}/jobs/{job.id}")), "the result is put")
            assert shop.job(job).state == "running"
        assert shop.finished(job).state == "succeeded"
        second = shop.submit(values(small))
        assert shop.finished(second).state == "succeeded"
    assert shop.kinds(job).count("task.leased") == 1
    assert shop.output(job) == shop.output(second)
    through.engine.dispose()
    shop.engine.dispose()


class _Away:
    """A storage that fails a number of times before it takes anything."""

    def __init__(self, storage: Any, times: int) -> None:
        self._storage, self.times = storage, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def put(self, *arguments: Any, **further: Any) -> Any:
        if self.times:
            self.times -= 1
            raise StorageUnavailableError("The storage is away")
        return self._storage.put(*arguments, **further)


def test_a_storage_that_is_away_for_a_while_costs_no_work(tmp_path: Path, small: Path) -> None:
    shop = Shop.at(tmp_path / "shop")
    job = shop.submit(values(small))
    away = _Away(shop.storage, 4)
    with shop.working(shop.worker(replace(shop.bench(), storage=away))):
        assert shop.finished(job).state == "succeeded"
    assert away.times == 0
    assert shop.kinds(job).count("task.leased") == 1
    shop.engine.dispose()


def test_one_worker_does_several_tasks_at_once(tmp_path: Path, small: Path) -> None:
    shop = Shop.at(tmp_path / "shop")
    both = threading.Barrier(2, timeout=60)

    def runner(options: Any, **further: Any) -> Any:
        both.wait()
        return run(options, **further)

    jobs = [shop.submit(values(small)) for _ in range(2)]
    with shop.working(shop.worker(replace(shop.bench(slots=2), runner=runner))):
        assert [shop.finished(job).state for job in jobs] == ["succeeded", "succeeded"]
    assert shop.output(jobs[0]) == shop.output(jobs[1])
    shop.engine.dispose()


def test_a_worker_keeps_its_task_when_the_database_was_away_for_longer_than_its_lease(
    tmp_path: Path, small: Path, postgres: Any, postgres_jobs_place: str, cable: Callable[[int], Any]
) -> None:
    """All workers lose the database; when it is back, those that are at work are not taken for lost."""
    line = cable(postgres.port)
    name = make_url(postgres_jobs_place).database
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place)
    through = Shop.at(tmp_path / "shop", postgres.tcp_url(name, port=line.port))
    other = Shop.at(tmp_path / "shop", postgres.tcp_url(name, port=line.port))
    began, go_on = threading.Event(), threading.Event()

    def runner(options: Any, **further: Any) -> Any:
        began.set()
        assert go_on.wait(60)
        return run(options, **further)

    job = shop.submit(values(small))
    busy = Worker(through.engine, replace(through.bench(lease_seconds=4), runner=runner), queue=through.queue)
    with through.working(busy):
        assert began.wait(60)
        with other.working(lease_seconds=4) as idle:
            with line.away():
                until(lambda: _is_over(shop), "its lease is over")
                until(lambda: idle._watch.is_settling and busy._watch.is_settling, "both know that it is away")
            until(lambda: not _is_over(shop), "the lease is extended")
            go_on.set()
            assert shop.finished(job).state == "succeeded"
    assert shop.kinds(job).count("task.lost") == 0
    for each in (through, other, shop):
        each.engine.dispose()


def _is_over(shop: Shop) -> bool:
    asked = "SELECT count(*) FROM leases WHERE until < extract(epoch FROM clock_timestamp()) * 1000000"
    with shop.engine.connect() as connection:
        return connection.execute(text(asked)).scalar_one() > 0
