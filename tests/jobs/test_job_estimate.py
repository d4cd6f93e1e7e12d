"""What is said of a job's time: from what was measured, as a range, and nothing where nothing is known."""

from __future__ import annotations

import json
import random

import pytest
from queue_material import Jobs
from workshop import TENANT, Shop

from facefusion.errors import JobUnknownError
from facefusion.jobs.estimate import Estimator
from facefusion.jobs.measures import Measure, Range, alike, quantiles, sum_of
from facefusion.jobs.tenants import Quota, Tenants
from facefusion.jobs.values import SegmentOfPlan

SWAP = {"options": {"processors": ["face_swapper"]}}
FACTS = {"height": 1080, "width": 1920, "device": "cpu"}


@pytest.fixture
def jobs(jobs_engine, clock):
    return Jobs.of(jobs_engine, clock)


@pytest.fixture
def estimate(jobs):
    estimator = Estimator(jobs.engine, clock=jobs.clock)
    return lambda job: estimator.estimate(job.id, tenant=job.tenant)


def film(jobs, segments=4, frames=100, **more):
    """A job that is planned."""
    job = jobs.submit(request=SWAP, is_cut=True, priority=9, **more)
    lease = jobs.claim("planner")
    jobs.clock.forward(1)
    jobs.queue.planned(lease, {}, [SegmentOfPlan(number, frames) for number in range(segments)], facts=FACTS)
    jobs.board.prioritise(job.id, 4, tenant=None)
    return job


def do(jobs, lease, seconds):
    jobs.clock.forward(seconds)
    frames = {"frames": 100} if lease.kind == "segment" else {}
    jobs.queue.finished(lease, {}, facts=FACTS | frames)


def history(jobs, count=3, pace=0.1, spread=0.2):
    """Films that were done by one worker, at so many seconds a frame, more or less."""
    some = random.Random(7)
    for _ in range(count):
        film(jobs)
        while (lease := jobs.queue.claim("past", seconds=3600)) is not None:
            do(jobs, lease, 100 * pace * some.uniform(1 - spread, 1 + spread) if lease.kind == "segment" else 4)


def there(jobs, count):
    for number in range(count):
        jobs.queue.seen(f"w{number}", {"device": "cpu"})


def test_nothing_is_said_where_nothing_was_measured(jobs, estimate):
    there(jobs, 1)
    job = jobs.submit(request=SWAP, is_cut=True)
    said = estimate(job)
    assert (said.progress, said.ends, said.why_not) == (0.0, None, "it is not planned yet")
    whole = jobs.submit(request=SWAP)
    assert estimate(whole).why_not == "no whole with these processors was measured yet"
    jobs.queue.planned(jobs.claim(), {}, [SegmentOfPlan(0, 10)])
    assert estimate(job).why_not == "no segment with these processors was measured yet"
    assert estimate(job).begins == Range(0, 0, 0)


def test_other_processors_say_nothing(jobs, estimate):
    history(jobs)
    there(jobs, 1)
    job = jobs.submit(request={"options": {"processors": ["frame_enhancer"]}})
    assert estimate(job).ends is None
    assert "with these processors" in estimate(job).why_not


def test_nothing_is_said_where_nobody_works_or_the_job_is_paused(jobs, estimate):
    history(jobs)
    job = film(jobs)
    assert estimate(job).why_not == "no worker is there"
    there(jobs, 1)
    assert estimate(job).ends is not None
    jobs.clock.forward(61)
    assert estimate(job).why_not == "no worker is there", "it was not heard of for a minute"
    there(jobs, 1)
    jobs.board.pause(job.id, tenant=None)
    assert (estimate(job).why_not, estimate(job).begins) == ("it is paused", None)


def test_progress_counts_frames_that_workers_told_of(jobs, estimate):
    job = film(jobs, segments=4)
    assert (estimate(job).progress, estimate(job).frames_done) == (0, 0)
    first, second = jobs.claim(), jobs.claim()
    jobs.queue.extend(first, frames=30)
    jobs.queue.extend(second, frames=10)
    assert estimate(job).progress == pytest.approx(0.1)
    jobs.queue.finished(first, {})
    assert (estimate(job).progress, estimate(job).frames_done) == (pytest.approx(0.275), 110)
    jobs.queue.released(second)
    assert estimate(job).progress == pytest.approx(0.25), "what was given back is done anew"
    jobs.work()
    assert (estimate(job).progress, estimate(job).ends, estimate(job).why_not) == (1.0, Range(0, 0, 0), "")


def test_the_end_comes_within_the_range(jobs, estimate):
    history(jobs)
    job = film(jobs)
    there(jobs, 1)
    said = estimate(job)
    assert said.rests_on == 12 + 3
    began, some = jobs.clock.now, random.Random(11)
    while (lease := jobs.queue.claim("one", seconds=3600)) is not None:
        do(jobs, lease, 10 * some.uniform(0.8, 1.2) if lease.kind == "segment" else 4)
    took = (jobs.clock.now - began) / 1e6
    assert said.ends.low < took < said.ends.high
    assert said.ends.likely == pytest.approx(took, rel=0.15)
    assert said.ends.high < 1.4 * took


def test_more_workers_end_it_sooner_and_others_later(jobs, estimate):
    history(jobs)
    job = film(jobs)
    there(jobs, 1)
    alone = estimate(job).ends.likely
    there(jobs, 4)
    together = estimate(job).ends.likely
    assert alone == pytest.approx(44, rel=0.1)
    assert together == pytest.approx(14, rel=0.15)
    film(jobs, tenant="rival")
    shared = estimate(job).ends
    assert shared.likely == pytest.approx(24, rel=0.1)
    assert shared.low == pytest.approx(together, rel=0.3)
    Tenants(jobs.engine).set("studio", Quota(weight=3))
    assert together <= estimate(job).ends.likely < shared.likely
    Tenants(jobs.engine).set("studio", Quota(max_running=1))
    assert estimate(job).ends.likely == pytest.approx(alone, rel=0.05)


def test_what_is_done_shortens_what_is_left(jobs, estimate):
    history(jobs)
    job = film(jobs)
    there(jobs, 1)
    before = estimate(job).ends.likely
    do(jobs, jobs.claim(seconds=3600), 10)
    lease = jobs.claim()
    jobs.queue.extend(lease, frames=50)
    there(jobs, 1)
    assert estimate(job).ends.likely == pytest.approx(before - 15, rel=0.1)


def test_a_queued_job_begins_after_what_lies_ahead_of_it(jobs, estimate):
    history(jobs)
    there(jobs, 2)
    ahead = [film(jobs) for _ in range(3)]
    job = jobs.submit(request=SWAP, is_cut=True)
    said = estimate(job)
    assert (said.ends, said.why_not) == (None, "it is not planned yet")
    # Twelve segments of ten seconds, and merges that nobody sees yet, by two workers.
    assert said.begins.low < 66 < said.begins.high
    assert said.begins.likely == pytest.approx(66, rel=0.15)
    assert said.begins.low <= said.begins.likely <= said.begins.high
    first = jobs.submit(request=SWAP, is_cut=True, priority=9)
    assert estimate(first).begins == Range(0, 0, 0), "workers are free, and nothing goes before it"
    for each in ahead:
        jobs.board.cancel(each.id, tenant=None)
    jobs.board.cancel(first.id, tenant=None)
    assert estimate(job).begins == Range(0, 0, 0)


def test_the_jobs_of_others_are_not_there(jobs):
    job = jobs.submit()
    with pytest.raises(JobUnknownError):
        Estimator(jobs.engine).estimate(job.id, tenant="rival")


def test_ranges_hold_eight_of_ten():
    some = random.Random(3)
    values = [some.lognormvariate(0, 0.5) for _ in range(200)]
    found = quantiles(values)
    assert sum(found.low <= value <= found.high for value in values) == pytest.approx(162, abs=5)
    held = 0
    for _ in range(400):
        known, new = [[some.lognormvariate(0, 0.5) for _ in range(count)] for count in (40, 12)]
        range_ = sum_of(known, 12)
        held += range_.low <= sum(new) <= range_.high
    assert 0.72 < held / 400 < 0.88
    assert (quantiles([1, 2]), sum_of([1, 2], 5)) == (None, None)


def test_those_of_the_same_size_and_device_count_where_there_are_enough():
    large = [Measure(9, 1, 2160, "cpu")] * 3
    small = [Measure(1, 1, 700, "cpu")] * 3
    cards = [Measure(0.1, 1, 720, "card")] * 3
    every = [*large, *small, *cards]
    assert alike(every, height=720, devices=frozenset({"card"})) == cards
    assert alike(every, height=720, devices=frozenset({"other"})) == [*small, *cards]
    assert alike(every, height=None, devices=frozenset()) == every
    assert alike(large[:2] + small, height=2000, devices=frozenset()) == large[:2] + small


def test_each_stage_is_told_for_itself(jobs, estimate):
    history(jobs)
    there(jobs, 1)
    job = film(jobs)
    said = estimate(job)
    assert [(stage.kind, stage.tasks) for stage in said.stages] == [("segment", 4), ("merge", 1)]
    segments, merge = said.stages
    assert segments.takes.likely == pytest.approx(40, rel=0.2)
    assert merge.takes.likely == pytest.approx(4, rel=0.2)
    assert said.ends.likely == pytest.approx(said.begins.likely + segments.takes.likely + merge.takes.likely)
    assert said.rests_on == segments.rests_on + merge.rests_on
    jobs.work()
    assert estimate(job).stages == ()


def test_a_stage_of_which_nothing_is_known_says_so_beside_those_that_are(jobs, estimate):
    job = film(jobs)
    for _ in range(4):
        do(jobs, jobs.claim(), 10)
    following = film(jobs)
    there(jobs, 1)
    said = estimate(following)
    assert [(stage.kind, stage.takes is None) for stage in said.stages] == [("segment", False), ("merge", True)]
    assert (said.ends, said.why_not) == (None, "no merge with these processors was measured yet")
    assert jobs.state(job) == "merging"


def test_the_command_line_says_when_a_job_ends_or_why_it_cannot(tmp_path):
    shop = Shop.at(tmp_path / "shop")
    jobs = Jobs(shop.engine, None, shop.board, shop.queue)
    job = jobs.submit(TENANT, request=SWAP)
    lines = shop.typed("job", "show", job.id).splitlines()
    assert "ends: not known, no whole with these processors was measured yet" in lines
    assert "whole: 1 to do, not known, too few were measured (by 0 that were measured)" in lines
    told = json.loads(shop.typed("job", "show", job.id, "--json"))["estimate"]
    assert (told["ends"], told["stages"][0]["tasks"]) == (None, 1)
    for _ in range(4):
        jobs.queue.finished(jobs.claim(), {})
        job = jobs.submit(TENANT, request=SWAP)
    there(jobs, 1)
    lines = shop.typed("job", "show", job.id).splitlines()
    assert any(line.startswith("ends: in 0 s (0 s to ") for line in lines), lines
    jobs.queue.finished(jobs.claim(), {})
    assert json.loads(shop.typed("job", "show", job.id, "--json"))["estimate"] is None
    shop.engine.dispose()
