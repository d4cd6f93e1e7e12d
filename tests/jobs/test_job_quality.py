"""Finished jobs are drawn, measured by idle workers, and shown where something is unusual."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from queue_material import Jobs
from sqlalchemy import select, text, update
from workshop import TENANT, Shop

from facefusion.engine.judged import Measures
from facefusion.jobs.quality.drawing import is_drawn
from facefusion.jobs.quality.report import MeasuredJobs
from facefusion.jobs.quality.samples import LEASE_SECONDS, MOST_TRIES, Samples
from facefusion.jobs.schema import JOBS, SAMPLES
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.viewed import Period
from material import ASTRONAUT, CAPTAIN, read, save, write_clip

FIGURES = Measures(8, 8, 1.0, 1.0, 1.0, 1.0, 0.45, 0.75, 0.006, 2.5, 0.9)


@pytest.fixture
def jobs(jobs_engine, clock):
    return Jobs.of(jobs_engine, clock)


@pytest.fixture
def samples(jobs):
    return Samples(jobs.engine, clock=jobs.clock)


def finished(jobs, tenant="studio", inputs=None, **more):
    """A job that is done, and is to be measured."""
    job = jobs.submit(tenant, **more)
    jobs.queue.finished(jobs.claim(), {"outputs": []}, inputs={} if inputs is None else inputs)
    return jobs.job(job)


def test_the_identifier_alone_decides_who_is_drawn():
    names = [f"{number:032x}" for number in range(20_000)]
    drawn = {name for name in names if is_drawn(name, 0.02)}
    assert 300 < len(drawn) < 500
    assert drawn == {name for name in names if is_drawn(name, 0.02)}
    assert drawn < {name for name in names if is_drawn(name, 0.05)}
    assert all(is_drawn(name, 1.0) for name in names)
    assert not any(is_drawn(name, 0.0) for name in names)


def test_a_job_is_given_to_one_worker_and_its_figures_are_kept(jobs, samples):
    job = finished(jobs, inputs={"upload:a": "0" * 64})
    finished_too = jobs.submit()
    jobs.work()
    assert samples.of([job, finished_too])[job.number].state == "waiting"
    sample = samples.claim("one")
    assert (sample.job.id, sample.inputs) == (job.id, {"upload:a": "0" * 64})
    assert samples.claim("two") is None
    samples.measured(sample, FIGURES, ["pose"])
    found = samples.of([job, finished_too])
    assert list(found) == [job.number]
    assert found[job.number].measures == FIGURES.to_json()
    assert (found[job.number].flags, found[job.number].is_suspicious) == (("pose",), True)
    assert jobs.job(job).revision == job.revision + 1, "who has the job's entity tag hears of it"
    assert jobs.kinds(job)[-1] == "job.measured"
    assert jobs.state(job) == "succeeded"
    assert [each.id for each in jobs.board.jobs(tenant=None, suspicious=True)] == [job.id]
    samples.measured(sample, FIGURES, [])
    assert samples.of([job])[job.number].flags == ("pose",), "it is told once"


def test_a_worker_that_is_lost_loses_the_sample_and_is_not_believed_any_more(jobs, samples):
    job = finished(jobs)
    slow = samples.claim("slow")
    jobs.clock.forward(LEASE_SECONDS + 1)
    quick = samples.claim("quick")
    assert quick.token == slow.token + 1
    samples.skipped(slow, "Too late")
    assert samples.of([job])[job.number].state == "waiting"
    samples.measured(quick, FIGURES, [])
    assert samples.of([job])[job.number].flags == ()


def test_what_cannot_be_measured_is_given_up(jobs, samples):
    job = finished(jobs)
    for _ in range(MOST_TRIES):
        assert samples.claim("unlucky") is not None
        jobs.clock.forward(LEASE_SECONDS + 1)
    assert samples.claim("unlucky") is None
    found = samples.of([job])[job.number]
    assert (found.state, found.why_not) == (
        "skipped",
        "It was tried several times, and whoever measured it failed or was lost",
    )


def test_who_gives_a_sample_back_has_not_tried(jobs, samples):
    finished(jobs)
    for _ in range(MOST_TRIES + 2):
        samples.released(samples.claim("busy"))
    assert samples.claim("idle") is not None


def test_those_of_a_tenant_that_is_paused_wait_and_age_counts(jobs, samples):
    finished(jobs)
    assert samples.claim("one", age=60) is None
    jobs.clock.forward(61)
    Tenants(jobs.engine).set("studio", Quota(is_paused=True))
    assert samples.claim("one", age=60) is None
    Tenants(jobs.engine).set("studio", Quota())
    assert samples.claim("one", age=60) is not None


def test_a_job_that_is_removed_takes_its_figures_along(jobs, samples):
    job = finished(jobs)
    sample = samples.claim("one")
    jobs.board.remove(job.id, tenant=None)
    samples.measured(sample, FIGURES, ["pose"])
    with jobs.engine.connect() as connection:
        assert connection.execute(select(SAMPLES)).all() == []


def test_what_was_measured_is_shown_in_sql_and_exported(jobs, samples, tmp_path):
    odd = finished(jobs, request={"options": {"processors": ["face_swapper", "face_enhancer"]}})
    samples.measured(samples.claim("one"), FIGURES, ["pose", "blurred"])
    jobs.clock.forward(10)
    usual = finished(jobs, tenant="archive", request={})
    samples.measured(samples.claim("one"), Measures(8, 0), [])
    waiting = finished(jobs)
    report = MeasuredJobs(jobs.engine)
    latest, first = report.latest()
    assert (latest.job, latest.tenant, latest.flags, latest.processors, latest.found) == (
        usual.id,
        "archive",
        "",
        "",
        None,
    )
    assert (first.job, first.flags, first.is_suspicious) == (odd.id, "pose,blurred", True)
    assert first.processors == "face_swapper,face_enhancer"
    assert (first.frames, first.to_source, first.pose) == (8, 0.45, 2.5)
    assert waiting.id not in {each.job for each in report.latest()}
    assert [each.job for each in report.latest(suspicious=True)] == [odd.id]
    assert report.latest(Period(tenant="nobody")) == []
    moment = datetime.fromtimestamp(jobs.clock.now / 1e6, UTC)
    assert [each.job for each in report.latest(Period(since=moment - timedelta(seconds=5)))] == [usual.id]
    assert [each.job for each in report.latest(Period(until=moment - timedelta(seconds=5)))] == [odd.id]
    with jobs.engine.connect() as connection:
        [row] = connection.execute(text("SELECT job, flags FROM job_quality WHERE tenant = 'studio'")).all()
    assert tuple(row) == (odd.id, "pose,blurred")
    path = tmp_path / "quality.csv"
    assert report.write_csv(path) == 2
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["job"], row["expression"]) for row in rows] == [(odd.id, "0.006"), (usual.id, "")]
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    assert report.write_parquet(tmp_path / "quality.parquet", suspicious=True) == 1
    [kept] = parquet.read_table(tmp_path / "quality.parquet").to_pylist()
    assert kept == {name: getattr(first, name) for name in kept}


@pytest.fixture
def shop(tmp_path):
    shop = Shop.at(tmp_path / "shop", quality_share=1, quality_frames=3)
    yield shop
    shop.engine.dispose()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save(tmp_path_factory.mktemp("small") / "captain.png", read(CAPTAIN)[::2, ::2])


def worked(shop, **serving):
    worker = shop.worker(**serving)
    with worker.watching():
        while worker.work_once():
            pass


def picture(small):
    return {"source_paths": [str(ASTRONAUT)], "target_path": str(small), "output_path": "result.png"}


def test_an_idle_worker_measures_what_it_made_and_the_command_line_shows_it(shop, small):
    job = shop.submit(picture(small))
    worked(shop)
    found = Samples(shop.engine).of([shop.job(job)])[job.number]
    assert (found.state, found.flags, found.why_not) == ("measured", (), "")
    assert found.measures["nearer"] == found.measures["changed"] == 1
    assert found.measures["to_source"] < found.measures["to_target"]
    assert [path.name for path in (shop.folder / "scratch").rglob("judged")] == [], "nothing is left on the disk"
    shown = json.loads(shop.typed("job", "show", job.id, "--json"))
    assert shown["quality"]["measures"] == dict(found.measures)
    assert "quality: nothing unusual" in shop.typed("job", "show", job.id)
    assert json.loads(shop.typed("job", "list", "--suspicious", "--json")) == {"jobs": []}
    with shop.engine.begin() as connection:
        facts = {"measures": dict(found.measures), "flags": ["pose"]}
        connection.execute(update(SAMPLES).values(is_suspicious=True, facts=facts))
    [listed] = json.loads(shop.typed("job", "list", "--suspicious", "--json"))["jobs"]
    assert (listed["id"], listed["quality"]["flags"]) == (job.id, ["pose"])
    assert "[pose]" in shop.typed("job", "list", "--suspicious")
    assert job.id in shop.typed("job", "quality", "--suspicious")
    [told] = json.loads(shop.typed("job", "quality", "--json"))["jobs"]
    assert (told["job"], told["flags"]) == (job.id, "pose")
    path = shop.folder / "quality.csv"
    assert shop.typed("job", "quality", "--csv", str(path)).strip() == str(path)
    assert job.id in path.read_text()


def test_an_odd_result_is_found(shop, small, monkeypatch):
    """What the worker published is another file than it should be."""
    job = shop.submit(picture(small))
    worked(shop, quality_share=0)
    [output] = shop.job(job).result["outputs"]
    stored = shop.storage.put(small, output["address"])
    result = {**shop.job(job).result, "outputs": [{**output, **stored.to_json()}]}
    with shop.engine.begin() as connection:
        connection.execute(update(JOBS).values(result=result))
        now = 1
        values = {"job": job.number, "tenant": TENANT, "state": "waiting", "drawn": now, "not_before": now}
        connection.execute(SAMPLES.insert().values(values | {"inputs": {}}))
    worked(shop)
    assert Samples(shop.engine).of([job])[job.number].flags == ("unchanged",)
    assert shop.job(job).state == "succeeded"


def test_tasks_go_before_and_a_result_that_is_gone_fails_nothing(shop, small):
    first, second = shop.submit(picture(small)), shop.submit(picture(small))
    worker = shop.worker()
    with worker.watching():
        assert worker.work_once()
        assert Samples(shop.engine).of([first])[first.number].state == "waiting"
        assert worker.work_once()
        assert shop.job(second).state == "succeeded", "what waits is done before anything is measured"
        shop.storage.delete(f"{TENANT}/jobs/{first.id}")
        while worker.work_once():
            pass
    found = Samples(shop.engine).of([first, second])
    assert (found[first.number].state, found[second.number].state) == ("skipped", "measured")
    assert found[first.number].why_not.startswith("The result is in the storage no more")
    assert shop.job(first).state == "succeeded"
    assert str(shop.folder) not in json.dumps(found[first.number].to_json())


def test_a_clip_that_was_cut_is_measured(shop, tmp_path):
    astronaut = read(ASTRONAUT)
    views = [astronaut[30:222, 120 + step : 312 + step] for step in range(24)]
    clip = write_clip(tmp_path / "moving.mp4", views)
    job = shop.submit({"source_paths": [str(CAPTAIN)], "target_path": str(clip), "output_path": "r.mp4"}, is_cut=True)
    worked(shop, segment_frames=16)
    found = Samples(shop.engine).of([job])[job.number]
    assert (found.state, found.measures["frames"], found.measures["changed"]) == ("measured", 3, 1)
    assert Path(found.version).name == found.version
