"""`facefusion worker --broker`: real work by workers that a broker wakes."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from celery_machines import beats, pool
from sqlalchemy import text
from workshop import Shop, until

from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.link import Link
from material import ASTRONAUT, CAPTAIN, read, save

SECONDS = 120.0


@pytest.fixture
def picture(tmp_path: Path) -> dict[str, Any]:
    image = read(CAPTAIN)
    small = save(tmp_path / "captain.png", image[: image.shape[0] // 2 * 2 : 2, ::2])
    return {"source_paths": [str(ASTRONAUT)], "target_path": str(small), "output_path": "result.png"}


@pytest.mark.slow
def test_workers_of_the_command_do_what_the_broker_wakes_them_for(
    tmp_path: Path, postgres_jobs_place: str, redis_url: str, picture: dict[str, Any]
) -> None:
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place, broker=redis_url, drain_seconds=0)
    with shop.process("worker", "--workers", "2", "--log-level", "info") as process:
        first, second = shop.submit(picture), shop.submit(picture)
        assert shop.finished(first, SECONDS).state == "succeeded"
        assert shop.finished(second, SECONDS).state == "succeeded"
        assert shop.output(first) == shop.output(second)
        assert len(pool(process.pid)) == 2
        assert len(beats(process.pid)) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    shop.engine.dispose()


@pytest.mark.slow
def test_a_job_of_the_command_line_wakes_a_worker(
    tmp_path: Path, postgres_jobs_place: str, redis_url: str, picture: dict[str, Any]
) -> None:
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place, broker=redis_url)
    [source] = picture["source_paths"]
    shop.command("job", "submit", "-s", source, "-t", picture["target_path"], "-o", "result.png")
    link = Link(Broker(redis_url))
    assert link.waiting() == 1
    link.close()
    shop.engine.dispose()


@pytest.mark.slow
def test_a_woken_process_does_as_many_tasks_at_once_as_it_has_slots(
    tmp_path: Path, postgres_database: str, redis_url: str, picture: dict[str, Any]
) -> None:
    shop = Shop.at(tmp_path / "shop", postgres_database, broker=redis_url, drain_seconds=0)
    jobs = [shop.submit(picture) for _ in range(4)]
    most = 0

    def is_over() -> bool:
        nonlocal most
        with shop.engine.connect() as connection:
            most = max(most, connection.execute(text("SELECT count(*) FROM leases")).scalar_one())
        return all(shop.job(job).state == "succeeded" for job in jobs)

    with shop.process("worker", "--slots", "2", "--log-level", "info") as process:
        until(is_over, "all are done", SECONDS)
        assert len(pool(process.pid)) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert most == 2
    assert len({shop.output(job) for job in jobs}) == 1
    shop.engine.dispose()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--broker", "sqs://"), "broker"),
        (("--broker", "redis://127.0.0.1:1/0", "--devices", "0:0.6", "--workers", "2"), "Begin fewer workers"),
    ],
)
def test_what_a_worker_with_a_broker_cannot_be_asked_for_is_told(
    tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    shop = Shop.at(tmp_path / "shop")
    assert said in shop.command("worker", *flags, code=2)
    shop.engine.dispose()
