"""What workers and users do moves jobs from state to state, alike on both databases; what does not fit is refused."""

from __future__ import annotations

import pytest
from queue_material import BROKEN, Jobs

from facefusion.errors import JobStateError, JobUnknownError, LeaseLostError, OptionsError
from facefusion.jobs.states import ACTIVE, FINAL, JOB_MOVES
from facefusion.jobs.values import SegmentOfPlan


@pytest.fixture
def jobs(jobs_engine, clock):
    return Jobs.of(jobs_engine, clock)


def test_a_job_that_is_not_cut_is_one_task(jobs):
    job = jobs.submit(priority=7)
    assert (job.state, job.priority, job.revision, job.segments, job.started) == ("queued", 7, 1, None, None)
    lease = jobs.claim()
    assert (lease.kind, lease.number, lease.plan, lease.results, lease.attempt) == ("whole", 0, None, (), 1)
    assert lease.job == jobs.job(job)
    assert (lease.job.state, lease.job.started is not None) == ("running", True)
    jobs.clock.forward(5)
    jobs.queue.finished(lease, {"outputs": ["a"]}, facts={"frames": 3})
    done = jobs.job(job)
    assert (done.state, done.result, done.failure) == ("succeeded", {"outputs": ["a"], "took": 5.0}, None)
    assert (done.finished - done.started).total_seconds() == 5
    assert jobs.kinds(job) == ["job.queued", "job.running", "task.leased", "job.succeeded"]
    [attempt] = jobs.board.attempts(job.id, tenant="studio")
    assert (attempt.kind, attempt.worker, attempt.outcome, attempt.seconds, attempt.facts) == (
        *("whole", "one", "done", 5.0),
        {"frames": 3},
    )
    assert jobs.queue.claim("one") is None


def test_a_job_that_is_cut_is_planned_done_in_segments_and_merged(jobs):
    job = jobs.planned(3)
    assert (job.state, job.segments, job.segments_done, job.frames) == ("running", 3, 0, 30)
    first, second, third = (jobs.claim(f"w{number}") for number in range(3))
    assert [each.number for each in (first, second, third)] == [0, 1, 2]
    assert [each.kind for each in (first, second, third)] == ["segment"] * 3
    assert first.plan == {"at": "plan"}
    assert jobs.queue.claim("w4") is None, "the merge waits for all segments"
    for lease in (third, first):
        jobs.queue.finished(lease, {"number": lease.number})
    assert jobs.job(job).segments_done == 2
    assert jobs.queue.claim("w4") is None
    jobs.queue.finished(second, {"number": 1})
    assert (jobs.state(job), jobs.job(job).segments_done) == ("merging", 3)
    merge = jobs.claim()
    assert (merge.kind, merge.plan) == ("merge", {"at": "plan"})
    assert merge.results == ({"number": 0}, {"number": 1}, {"number": 2})
    jobs.queue.finished(merge, {"outputs": []})
    assert jobs.state(job) == "succeeded"
    told = [event.facts["done"] for event in jobs.board.events(job.id, tenant=None) if event.kind == "segment.done"]
    assert told == [1, 2, 3]
    assert jobs.leases() == 0


def test_frames_are_not_known_where_one_segment_does_not_know_them(jobs):
    job = jobs.submit(is_cut=True)
    jobs.queue.planned(jobs.claim(), {}, [SegmentOfPlan(0, 4), SegmentOfPlan(1, None)])
    assert jobs.job(job).frames is None


@pytest.mark.parametrize("numbers", [[], [1], [0, 2], [0, 0], [1, 0]])
def test_a_plan_whose_segments_are_not_numbered_is_refused(jobs, numbers):
    job = jobs.submit(is_cut=True)
    lease = jobs.claim()
    with pytest.raises(JobStateError, match="numbered from 0"):
        jobs.queue.planned(lease, {}, [SegmentOfPlan(number, 1) for number in numbers])
    assert (jobs.state(job), jobs.leases()) == ("planning", 1)


def test_a_task_ends_only_in_its_own_way(jobs):
    jobs.submit(is_cut=True)
    plan = jobs.claim()
    with pytest.raises(JobStateError, match="kind plan does not end like this"):
        jobs.queue.finished(plan, {})
    jobs.submit()
    whole = jobs.claim()
    with pytest.raises(JobStateError, match="kind whole does not end like this"):
        jobs.queue.planned(whole, {}, [SegmentOfPlan(0, 1)])


def test_what_is_told_twice_counts_once(jobs):
    """The answer of the database got lost, and the worker says it again."""
    job = jobs.submit(is_cut=True)
    plan = jobs.claim()
    for _ in range(2):
        jobs.queue.planned(plan, {}, [SegmentOfPlan(0, 1), SegmentOfPlan(1, 1)])
    segment = jobs.claim()
    for _ in range(2):
        jobs.queue.failed(segment, BROKEN)
    jobs.clock.forward(10)
    segment = jobs.claim()
    for _ in range(2):
        jobs.queue.released(segment)
    segment = jobs.claim()
    assert segment.attempt == 2
    for _ in range(2):
        jobs.queue.finished(segment, {"number": 0})
    assert jobs.job(job).segments_done == 1
    for lease in jobs.work():
        jobs.queue.finished(lease, {"by": "nobody"})
    assert (jobs.state(job), jobs.job(job).result) == ("succeeded", {"by": "merge", "number": 0, "took": 10.0})


CALLS = {
    "extend": lambda queue, lease: queue.extend(lease),
    "finished": lambda queue, lease: queue.finished(lease, {"by": "slow"}),
    "failed": lambda queue, lease: queue.failed(lease, BROKEN),
    "released": lambda queue, lease: queue.released(lease),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_slow_worker_is_refused_once_its_task_went_to_another(jobs, call):
    job = jobs.submit()
    slow = jobs.claim("slow")
    jobs.clock.forward(31)
    quick = jobs.claim("quick")
    assert (quick.task, quick.token, quick.attempt) == (slow.task, slow.token + 1, 2)
    with pytest.raises(LeaseLostError):
        CALLS[call](jobs.queue, slow)
    jobs.queue.finished(quick, {"by": "quick"})
    with pytest.raises(LeaseLostError):
        CALLS[call](jobs.queue, slow)
    assert jobs.job(job).result == {"by": "quick", "took": 31.0}


def test_a_slow_planner_is_refused_too(jobs):
    job = jobs.submit(is_cut=True)
    slow = jobs.claim("slow")
    jobs.clock.forward(31)
    jobs.queue.planned(jobs.claim("quick"), {"by": "quick"}, [SegmentOfPlan(0, 1)])
    with pytest.raises(LeaseLostError):
        jobs.queue.planned(slow, {"by": "slow"}, [SegmentOfPlan(0, 1), SegmentOfPlan(1, 1)])
    assert (jobs.job(job).segments, jobs.claim().plan) == (1, {"by": "quick"})


def test_a_worker_that_says_so_in_time_keeps_its_task(jobs):
    jobs.submit()
    lease = jobs.claim(seconds=10)
    for _ in range(5):
        jobs.clock.forward(9)
        jobs.queue.extend(lease, frames=7)
        assert jobs.queue.sweep() == 0
    jobs.clock.forward(10.1)
    assert jobs.queue.sweep() == 1
    with pytest.raises(LeaseLostError):
        jobs.queue.extend(lease)


def test_how_many_frames_a_whole_job_has_is_known_once_its_worker_says_so(jobs):
    whole, cut = jobs.submit(), jobs.submit(is_cut=True)
    leases = [jobs.claim(), jobs.claim()]
    for lease in leases:
        jobs.queue.extend(lease, frames=7)
        jobs.queue.extend(lease, frames=7, total=78)
        jobs.queue.extend(lease, frames=9, total=99)
    assert (jobs.job(whole).frames, jobs.job(cut).frames) == (78, None)


def test_a_worker_that_is_late_but_not_replaced_yet_may_go_on(jobs):
    job = jobs.submit()
    lease = jobs.claim()
    jobs.clock.forward(1000)
    jobs.queue.extend(lease)
    assert jobs.queue.sweep() == 0
    jobs.queue.finished(lease, {})
    assert jobs.state(job) == "succeeded"


def test_failures_are_tried_again_three_times_each_later_than_the_last(jobs):
    job = jobs.submit()
    for attempt, wait in ((1, 2), (2, 4), (3, 8)):
        lease = jobs.claim()
        assert lease.attempt == attempt
        jobs.queue.failed(lease, BROKEN)
        assert jobs.state(job) == "running"
        jobs.clock.forward(wait - 0.01)
        assert jobs.queue.claim("eager") is None
        jobs.clock.forward(0.02)
    jobs.queue.failed(jobs.claim(), BROKEN)
    failed = jobs.job(job)
    assert (failed.state, failed.failure) == ("failed", BROKEN)
    assert jobs.tasks(job) == {("whole", 0): "dead"}
    assert jobs.kinds(job).count("task.failed") == 3
    assert [attempt.failure for attempt in jobs.board.attempts(job.id, tenant=None)] == [BROKEN] * 4


def test_waiting_grows_to_a_limit():
    from facefusion.jobs.queue import Retries

    retries = Retries(wait=2, most_wait=300)
    assert [retries.waiting(times) for times in (1, 2, 3, 8, 9, 2000)] == [2, 4, 8, 256, 300, 300]


def test_a_failure_that_trying_again_cannot_help_is_the_end_of_the_job_and_of_its_other_segments(jobs):
    job = jobs.planned(3)
    first, second = jobs.claim(), jobs.claim()
    final = BROKEN.__class__("ContentRefusedError", 66, "Refused", is_final=True)
    jobs.queue.failed(first, final)
    assert (jobs.state(job), jobs.job(job).failure) == ("failed", final)
    assert set(jobs.tasks(job).values()) == {"done", "dead", "cancelled"}
    with pytest.raises(LeaseLostError):
        jobs.queue.extend(second)
    assert (jobs.queue.claim("w"), jobs.leases()) == (None, 0)


def test_a_task_that_ends_all_its_workers_is_given_up_with_its_reason(jobs_engine, clock):
    jobs = Jobs.of(jobs_engine, clock, losses=3)
    job = jobs.submit()
    for number in range(4):
        assert jobs.claim(f"worker {number}").attempt == number + 1
        clock.forward(31)
        assert jobs.queue.sweep() == 1
    failure = jobs.job(job).failure
    assert (jobs.state(job), failure.type) == ("failed", "WorkerLostError")
    assert failure.what == "The worker worker 3 was not heard of any more"
    assert jobs.kinds(job).count("task.lost") == 3
    assert jobs.queue.sweep() == 0


def test_a_worker_that_ends_gives_its_task_back_and_no_try_is_lost(jobs):
    job = jobs.submit()
    for number in range(20):
        lease = jobs.claim(f"worker {number}")
        assert lease.attempt == 1
        jobs.queue.released(lease)
    assert len(jobs.work()) == 1
    assert jobs.state(job) == "succeeded"


def test_pausing_begins_nothing_more_and_resuming_goes_on(jobs):
    job = jobs.planned(2)
    at_work = jobs.claim()
    assert jobs.board.pause(job.id, tenant="studio").is_paused
    jobs.board.pause(job.id, tenant="studio")
    assert jobs.queue.claim("w") is None
    jobs.queue.extend(at_work)
    jobs.queue.failed(at_work, BROKEN)
    jobs.clock.forward(60)
    assert jobs.queue.claim("w") is None, "what is given back to a paused job waits too"
    assert not jobs.board.resume(job.id, tenant="studio").is_paused
    jobs.board.resume(job.id, tenant="studio")
    first, second = jobs.claim(), jobs.claim()
    jobs.board.pause(job.id, tenant="studio")
    for lease in (first, second):
        jobs.queue.finished(lease, {})
    assert (jobs.state(job), jobs.queue.claim("w")) == ("merging", None)
    jobs.board.resume(job.id, tenant="studio")
    assert [lease.kind for lease in jobs.work()] == ["merge"]
    assert [kind for kind in jobs.kinds(job) if kind in {"job.paused", "job.resumed"}] == [
        "job.paused",
        "job.resumed",
    ] * 2


def test_a_plan_that_comes_while_its_job_is_paused_begins_nothing(jobs):
    job = jobs.submit(is_cut=True)
    plan = jobs.claim()
    jobs.board.pause(job.id, tenant=None)
    jobs.queue.planned(plan, {}, [SegmentOfPlan(0, 1)])
    assert jobs.queue.claim("w") is None
    jobs.board.resume(job.id, tenant=None)
    assert [lease.kind for lease in jobs.work()] == ["segment", "merge"]


def test_what_is_cancelled_is_heard_of_at_once_and_tried_again_from_what_is_finished(jobs):
    job = jobs.planned(3)
    jobs.queue.finished(jobs.claim(), {"first": True})
    at_work = jobs.claim()
    assert jobs.board.cancel(job.id, tenant="studio").state == "cancelled"
    assert jobs.board.cancel(job.id, tenant="studio").state == "cancelled"
    for call in CALLS.values():
        with pytest.raises(LeaseLostError):
            call(jobs.queue, at_work)
    assert jobs.queue.claim("w") is None
    again = jobs.board.retry(job.id, tenant="studio")
    assert (again.state, again.segments_done, again.finished) == ("running", 1, None)
    with pytest.raises(LeaseLostError):
        jobs.queue.finished(at_work, {})
    assert [(lease.kind, lease.number) for lease in jobs.work()] == [("segment", 1), ("segment", 2), ("merge", 0)]
    assert jobs.state(job) == "succeeded"


@pytest.mark.parametrize("is_cut", [False, True])
def test_what_was_never_begun_is_cancelled_and_tried_again(jobs, is_cut):
    job = jobs.submit(is_cut=is_cut)
    jobs.board.pause(job.id, tenant=None)
    jobs.board.cancel(job.id, tenant=None)
    assert (jobs.board.retry(job.id, tenant=None).state, jobs.job(job).is_paused) == ("queued", False)
    jobs.work()
    assert jobs.state(job) == "succeeded"


def test_a_merge_that_failed_is_tried_again_without_the_segments(jobs):
    job = jobs.planned(2)
    for _ in range(2):
        jobs.queue.finished(jobs.claim(), {})
    final = BROKEN.__class__("DiskFullError", 34, "No space is left", is_final=True)
    jobs.queue.failed(jobs.claim(), final)
    assert jobs.state(job) == "failed"
    again = jobs.board.retry(job.id, tenant=None)
    assert (again.state, again.failure) == ("merging", None)
    assert [lease.kind for lease in jobs.work()] == ["merge"]


def test_a_job_that_is_tried_again_has_all_its_tries_again(jobs):
    job = jobs.submit()
    jobs.queue.failed(jobs.claim(), BROKEN.__class__("X", 1, "x", is_final=True))
    jobs.board.retry(job.id, tenant=None)
    lease = jobs.claim()
    assert (lease.attempt, lease.token) == (1, 2)


def test_a_result_waits_for_its_review(jobs):
    approved, rejected = jobs.submit(needs_review=True), jobs.submit(needs_review=True)
    jobs.work()
    assert [jobs.state(job) for job in (approved, rejected)] == ["review", "review"]
    assert jobs.job(approved).finished is None
    jobs.board.review(approved.id, tenant="studio", reviewer="grace", approves=True)
    jobs.board.review(rejected.id, tenant="studio", reviewer="grace", approves=False, reason="the wrong person")
    assert [jobs.state(job) for job in (approved, rejected)] == ["succeeded", "rejected"]
    said = jobs.job(rejected).review
    assert (said["by"], said["approves"], said["reason"]) == ("grace", False, "the wrong person")


def test_finished_jobs_are_removed_with_all_that_was_known_of_them(jobs):
    job, other = jobs.planned(1), jobs.submit()
    with pytest.raises(JobStateError, match="Cancel it first"):
        jobs.board.remove(job.id, tenant=None)
    stale = jobs.claim()
    jobs.board.cancel(job.id, tenant=None)
    assert jobs.board.remove(job.id, tenant=None).id == job.id
    with pytest.raises(JobUnknownError):
        jobs.board.job(job.id, tenant=None)
    for call in CALLS.values():
        with pytest.raises(LeaseLostError):
            call(jobs.queue, stale)
    assert jobs.state(other) == "queued"


def test_numbers_are_never_given_twice(jobs):
    """Else a worker that is late could take another job's task for its own."""
    jobs.submit()
    stale = jobs.claim()
    last = stale.job
    jobs.board.cancel(last.id, tenant=None)
    jobs.board.remove(last.id, tenant=None)
    jobs.submit()
    new = jobs.claim()
    assert new.task > stale.task
    assert new.job.number > last.number
    with pytest.raises(LeaseLostError):
        jobs.queue.finished(stale, {})


def reach(jobs, state):
    """Return a job in a state."""
    if state in {"queued", "cancelled"}:
        job = jobs.submit(is_cut=True)
    elif state == "planning":
        job = jobs.submit(is_cut=True)
        jobs.claim()
    elif state in {"running", "merging", "failed"}:
        job = jobs.planned(1)
    else:
        job = jobs.submit(needs_review=True)
        jobs.work()
    match state:
        case "cancelled":
            jobs.board.cancel(job.id, tenant=None)
        case "merging":
            jobs.queue.finished(jobs.claim(), {})
        case "failed":
            jobs.queue.failed(jobs.claim(), BROKEN.__class__("X", 1, "x", is_final=True))
        case "succeeded" | "rejected":
            jobs.board.review(job.id, tenant=None, reviewer="grace", approves=state == "succeeded")
    assert jobs.state(job) == state
    return job


ACTIONS = {
    "cancel": lambda board, job: board.cancel(job.id, tenant=None),
    "pause": lambda board, job: board.pause(job.id, tenant=None),
    "resume": lambda board, job: board.resume(job.id, tenant=None),
    "retry": lambda board, job: board.retry(job.id, tenant=None),
    "prioritise": lambda board, job: board.prioritise(job.id, 9, tenant=None),
    "review": lambda board, job: board.review(job.id, tenant=None, reviewer="grace", approves=True),
    "remove": lambda board, job: board.remove(job.id, tenant=None),
}
ALLOWED = {
    "cancel": ACTIVE | {"cancelled"},
    "pause": ACTIVE,
    "resume": ACTIVE,
    "retry": {"failed", "cancelled"},
    "prioritise": ACTIVE,
    "review": {"review"},
    "remove": FINAL,
}


@pytest.mark.parametrize("state", JOB_MOVES)
def test_what_may_be_done_with_a_job_in_each_state(jobs, state):
    """And what is refused changes nothing."""
    for name, action in ACTIONS.items():
        job = reach(jobs, state)
        if state in ALLOWED[name]:
            action(jobs.board, job)
        else:
            before, tasks, events = jobs.job(job), jobs.tasks(job), jobs.kinds(job)
            with pytest.raises(JobStateError):
                action(jobs.board, job)
            assert (jobs.job(job), jobs.tasks(job), jobs.kinds(job)) == (before, tasks, events)
        if jobs.board.jobs(tenant=None) and name != "remove" and jobs.state(job) in ACTIVE:
            jobs.board.cancel(job.id, tenant=None)


def test_the_jobs_of_others_are_not_there(jobs):
    job = jobs.submit("studio")
    for action in (
        lambda: jobs.board.job(job.id, tenant="rival"),
        lambda: jobs.board.events(job.id, tenant="rival"),
        lambda: jobs.board.attempts(job.id, tenant="rival"),
        lambda: jobs.board.cancel(job.id, tenant="rival"),
        lambda: jobs.board.pause(job.id, tenant="rival"),
        lambda: jobs.board.resume(job.id, tenant="rival"),
        lambda: jobs.board.retry(job.id, tenant="rival"),
        lambda: jobs.board.prioritise(job.id, 1, tenant="rival"),
        lambda: jobs.board.review(job.id, tenant="rival", reviewer="eve", approves=True),
        lambda: jobs.board.remove(job.id, tenant="rival"),
    ):
        with pytest.raises(JobUnknownError, match=f"There is no job {job.id}"):
            action()
    assert jobs.board.jobs(tenant="rival") == []
    assert jobs.job(job) == job


def test_pages_of_jobs_are_the_newest_first(jobs):
    made = [jobs.submit("studio" if number % 2 else "rival") for number in range(10)]
    for job in made[:4]:
        jobs.board.cancel(job.id, tenant=None)
    newest = [job.id for job in reversed(made)]
    assert [job.id for job in jobs.board.jobs(tenant=None)] == newest
    page = jobs.board.jobs(tenant=None, limit=3)
    following = jobs.board.jobs(tenant=None, limit=3, before=page[-1].number)
    assert [job.id for job in (*page, *following)] == newest[:6]
    assert [job.id for job in jobs.board.jobs(tenant="studio")] == [
        job.id for job in reversed(made) if job.tenant == "studio"
    ]
    for tenant in (None, "rival"):
        whose = [job for job in reversed(made) if tenant in {None, job.tenant}]
        for states in (("cancelled",), ("queued", "cancelled"), ("queued", "running", "failed")):
            wanted = [job.id for job in whose if jobs.state(job) in states]
            assert [job.id for job in jobs.board.jobs(tenant=tenant, states=states)] == wanted
            assert [job.id for job in jobs.board.jobs(tenant=tenant, states=states, limit=2)] == wanted[:2]


def test_events_go_on_from_the_last_one_that_is_known(jobs):
    job, _ = jobs.submit(), jobs.submit()
    jobs.work()
    every = jobs.board.events(job.id, tenant="studio")
    assert [event.id for event in every] == sorted(event.id for event in every)
    assert jobs.board.events(job.id, tenant="studio", after=every[1].id) == every[2:]
    assert jobs.board.events(job.id, tenant="studio", limit=1) == every[:1]


@pytest.mark.parametrize("tenant", ["", " ", "../etc", "a" * 65, "mü", "-a", "a\x00b"])
def test_a_tenant_has_a_name_that_can_be_a_folder(jobs, tenant):
    with pytest.raises(OptionsError, match="No tenant is called so"):
        jobs.submit(tenant)


@pytest.mark.parametrize("owner", ["", "o" * 201])
def test_whoever_asks_has_a_name(jobs, owner):
    with pytest.raises(OptionsError):
        jobs.submit(owner=owner)


@pytest.mark.parametrize("worker, seconds", [("", 30), ("w" * 201, 30), ("w", 0), ("w", -1), ("w", float("nan"))])
def test_a_lease_that_is_none_is_refused(jobs, worker, seconds):
    jobs.submit()
    with pytest.raises(OptionsError):
        jobs.queue.claim(worker, seconds=seconds)


def test_workers_are_seen_until_they_are_gone(jobs):
    from sqlalchemy import select

    from facefusion.jobs.schema import WORKERS

    def there():
        with jobs.engine.connect() as connection:
            return [(row.id, row.facts) for row in connection.execute(select(WORKERS).order_by(WORKERS.c.id))]

    jobs.queue.seen("one", {"devices": ["cpu"]})
    jobs.queue.seen("one", {"devices": ["cuda"]})
    jobs.queue.seen("two", {})
    assert there() == [("one", {"devices": ["cuda"]}), ("two", {})]
    jobs.queue.gone("two")
    jobs.queue.gone("two")
    assert there() == [("one", {"devices": ["cuda"]})]
    jobs.clock.forward(86_401)
    jobs.queue.sweep()
    assert there() == []


@pytest.mark.parametrize("kind", ["plan", "segment", "merge"])
def test_a_job_that_does_not_go_in_segments_is_done_whole(jobs, kind):
    job = jobs.submit(is_cut=True)
    lease = jobs.claim("one")
    if kind != "plan":
        jobs.queue.planned(lease, {"at": "plan"}, [SegmentOfPlan(0, 10), SegmentOfPlan(1, 10)])
        lease = jobs.claim("one")
    if kind == "merge":
        jobs.queue.finished(lease, {})
        jobs.queue.finished(jobs.claim("one"), {})
        lease = jobs.claim("one")
    assert lease.kind == kind
    jobs.queue.whole_instead(lease, BROKEN, facts={"version": "2.0"})
    now = jobs.job(job)
    assert (now.state, now.segments, now.segments_done, now.frames, now.failure) == ("queued", None, 0, None, None)
    [told] = [event for event in jobs.board.events(job.id, tenant=None) if event.kind == "job.whole"]
    assert (told.facts["kind"], told.facts["failure"]["type"]) == (kind, BROKEN.type)
    jobs.queue.whole_instead(lease, BROKEN)
    assert jobs.kinds(job).count("job.whole") == 1, "told twice, it counts once"
    whole = jobs.claim("two")
    assert (whole.kind, whole.plan, whole.results, whole.attempt) == ("whole", None, (), 1)
    assert whole.token > lease.token, "the files of both lie apart"
    jobs.queue.finished(whole, {"outputs": []})
    assert jobs.state(job) == "succeeded"
    assert jobs.queue.claim("three") is None
    states = jobs.tasks(job)
    assert states.pop(("whole", 0)) == "done"
    assert set(states.values()) == {"left"}
    assert jobs.leases() == 0


def test_who_does_another_segment_of_a_job_that_is_to_be_whole_hears_of_it(jobs):
    job = jobs.planned(3)
    first, second = jobs.claim("one"), jobs.claim("two")
    jobs.queue.whole_instead(first, BROKEN)
    for call in (jobs.queue.extend, jobs.queue.released, lambda lease: jobs.queue.finished(lease, {})):
        with pytest.raises(LeaseLostError):
            call(second)
    with pytest.raises(LeaseLostError):
        jobs.queue.whole_instead(second, BROKEN)
    assert jobs.kinds(job).count("job.whole") == 1
    assert [attempt.outcome for attempt in jobs.board.attempts(job.id, tenant=None)].count("cancelled") == 1


def test_a_job_that_became_whole_is_paused_cancelled_and_tried_again_as_such(jobs):
    job = jobs.planned(2)
    lease = jobs.claim()
    jobs.board.pause(job.id, tenant=None)
    jobs.queue.whole_instead(lease, BROKEN)
    assert jobs.queue.claim("one") is None, "it is paused still"
    jobs.board.resume(job.id, tenant=None)
    jobs.board.cancel(job.id, tenant=None)
    jobs.board.retry(job.id, tenant=None)
    assert [lease.kind for lease in jobs.work()] == ["whole"]
    assert jobs.state(job) == "succeeded"


def test_a_whole_job_cannot_become_one(jobs):
    jobs.submit()
    lease = jobs.claim()
    with pytest.raises(JobStateError):
        jobs.queue.whole_instead(lease, BROKEN)
