"""Workers as processes: killed, drained, short of disk, and all together in a pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from workshop import TENANT, Shop, environment, until

from facefusion.jobs.pool import LocalPool
from facefusion.jobs.values import Job
from facefusion.options import load_options, load_serving
from material import ASTRONAUT, CAPTAIN, read, save, write_clip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.at(tmp_path / "shop", segment_frames=16)
    yield shop
    shop.engine.dispose()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(64)]
    return write_clip(tmp_path_factory.mktemp("clips") / "moving.mp4", views)


def video(clip: Path) -> dict[str, object]:
    return {"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"}


def picture(number: int = 0) -> dict[str, object]:
    return {"source_paths": [str(ASTRONAUT)], "target_path": str(CAPTAIN), "output_path": f"r{number}.png"}


def leased(shop: Shop) -> int:
    with shop.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM leases")).scalar_one()


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_bytes_are_the_same(shop: Shop, clip: Path) -> None:
    undisturbed = shop.submit(video(clip), is_cut=True)
    with shop.process():
        assert shop.finished(undisturbed).state == "succeeded"
    job = shop.submit(video(clip), is_cut=True)
    for finished in (1, 2):
        with shop.process() as worker:
            until(partial(_is_at_work, shop, job, finished), "a segment is at work")
            worker.send_signal(signal.SIGKILL)
            worker.wait(30)
    with shop.process():
        [output] = shop.finished(job).result["outputs"]
        name = output["address"].removeprefix(f"{TENANT}/jobs/{job.id}/")
        kept = [name, f"{name.rpartition('/')[0]}/shown/thumbnail"]
        until(lambda: shop.files(job) == kept, "plan, segments and what the killed put are removed")
    assert shop.output(job) == shop.output(undisturbed)
    assert shop.kinds(job).count("job.succeeded") == 1
    assert not list((shop.folder / "scratch" / "facefusion-work").glob("job-*[!k]"))  # leftovers of the killed are gone


@pytest.mark.slow
def test_a_worker_that_is_asked_to_end_finishes_first_and_gives_back_when_asked_twice(shop: Shop, clip: Path) -> None:
    job = shop.submit(video(clip))
    with shop.process() as worker:
        until(lambda: leased(shop), "work begins")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(90) == 0
        assert shop.job(job).state == "succeeded"
    second = shop.submit(video(clip))
    with shop.process() as worker:
        until(lambda: leased(shop), "work begins")
        worker.send_signal(signal.SIGTERM)
        time.sleep(0.1)  # two signals at one moment are one
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    if shop.job(second).state != "succeeded":  # it may have been at its very end
        [attempt] = shop.board.attempts(second.id, tenant=TENANT)
        assert attempt.outcome == "released"
        with shop.process():
            assert shop.finished(second).state == "succeeded"


@pytest.mark.slow
def test_a_disk_that_is_full_is_told_and_another_worker_does_the_job(shop: Shop, tmp_path: Path) -> None:
    image = read(ASTRONAUT)
    large = save(tmp_path / "large.bmp", image.repeat(3, 0).repeat(3, 1))
    job = shop.submit({**picture(), "target_path": str(large)})
    command = f"ulimit -f 2000; exec {sys.executable} -m facefusion worker"
    limited = subprocess.Popen(["sh", "-c", command], env=shop.variables(), stderr=subprocess.DEVNULL)
    try:
        until(lambda: "task.failed" in shop.kinds(job) or shop.job(job).state == "failed", "it is told")
    finally:
        limited.kill()
        limited.wait(30)
    [failed] = [event for event in shop.board.events(job.id, tenant=TENANT) if event.kind == "task.failed"][:1]
    assert failed.facts["failure"]["type"] == "DiskFullError"
    assert str(tmp_path) not in failed.facts["failure"]["what"]
    with shop.process():
        assert shop.finished(job).state == "succeeded"


def test_a_batch_of_small_jobs_is_quick_in_a_warm_worker(
    shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    image = read(CAPTAIN)
    small = save(shop.folder / "small.png", image[:600:2, ::2])
    jobs = [shop.submit({**picture(number), "target_path": str(small)}) for number in range(20)]
    with shop.working():
        shop.finished(jobs[0])
        start = time.monotonic()
        for job in jobs:
            assert shop.finished(job).state == "succeeded"
    rate = 19 / (time.monotonic() - start)
    record_property("jobs_per_second", rate)
    assert len({shop.job(job).result["outputs"][0]["sha256"] for job in jobs}) == 1


@pytest.mark.slow
def test_the_pool_replaces_workers_that_die_and_ends_with_its_owner(shop: Shop) -> None:
    options = load_options({}, environment=environment())
    serving = load_serving({**shop.serving, "workers": 2, "drain_seconds": 30}, environment={})
    pool = LocalPool(options, serving)
    with pool.running():
        first = pool.processes
        assert len(first) == 2
        job = shop.submit(picture())
        pool.wake()
        assert shop.finished(job).state == "succeeded"
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(set(pool.processes) - {first[0]}) == 2, "another takes its place")
        last = pool.processes
    assert pool.processes == ()
    assert not any(map(_is_alive, (*first, *last)))


@pytest.mark.slow
def test_the_workers_of_a_pool_end_when_their_parent_is_killed(shop: Shop) -> None:
    with shop.process("worker", "--workers", "2") as parent:
        children = until(lambda: (found := _children(parent.pid)) and len(found) == 2 and found, "they run")
        until(lambda: _workers_seen(shop) == 2, "they work")
        parent.send_signal(signal.SIGKILL)
        parent.wait(30)
        until(lambda: not any(map(_is_alive, children)), "they end", 30)
    assert _workers_seen(shop) == 0


def _is_at_work(shop: Shop, job: Job, finished: int) -> bool:
    return shop.job(job).segments_done >= finished and leased(shop) > 0


def _workers_seen(shop: Shop) -> int:
    with shop.engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM workers")).scalar_one()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
