"""Figures of the queue, as both databases have them."""

from __future__ import annotations

from sqlalchemy import Engine, event

from facefusion.jobs.board import JobBoard
from facefusion.jobs.monitoring.queue_figures import QueueFigures
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Lease, NewJob, SegmentOfPlan
from job_databases import SteppedClock

REQUEST = {"options": {"processors": ["face_swapper"]}}
STATEMENTS = 8
"""That `docs/deploy/monitoring.md` names, the clock of PostgreSQL not counted."""


def test_figures_follow_the_queue(jobs_engine: Engine, clock: SteppedClock) -> None:
    board, queue = JobBoard(jobs_engine, clock=clock), JobQueue(jobs_engine, clock=clock)
    source = QueueFigures(jobs_engine, clock)

    def seen() -> dict[tuple[str, ...], float]:
        return {
            (figure.metric.name.removeprefix("facefusion_"), *labels): value
            for figure in source.figures()
            for labels, value in figure.values.items()
        }

    def claimed() -> Lease:
        lease = queue.claim("one", seconds=30)
        assert lease is not None
        return lease

    empty = seen()
    assert (
        empty["queue_waiting",] == empty["queue_oldest_seconds",] == empty["workers",] == empty["jobs", "queued"] == 0
    )

    board.submit(NewJob("film", owner="ada", request=REQUEST, is_cut=True))
    clock.forward(7)
    board.submit(NewJob("news", owner="bob", request=REQUEST))
    queue.seen("one", {"slots": 2})
    found = seen()
    assert (found["queue_waiting",], found["jobs", "queued"], found["queue_oldest_seconds",]) == (2, 2, 7)
    assert (found["workers",], found["worker_slots",]) == (1, 2)
    assert (found["tasks_open", "plan", "ready"], found["tasks_open", "whole", "ready"]) == (1, 1)

    queue.planned(claimed(), {"at": "plan"}, [SegmentOfPlan(0, 10), SegmentOfPlan(1, 20)])
    claimed()
    found = seen()
    assert found["jobs", "running"] >= 1
    states = {key[2]: value for key, value in found.items() if key[:2] == ("tasks_open", "segment")}
    assert sum(states.values()) == 2

    clock.forward(61)
    assert seen()["workers",] == 0, "who was silent for a minute does not count"


def test_an_answer_costs_as_many_statements_however_much_there_is(jobs_engine: Engine, clock: SteppedClock) -> None:
    board, source = JobBoard(jobs_engine, clock=clock), QueueFigures(jobs_engine, clock)
    said: list[str] = []

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(jobs_engine, "before_cursor_execute", note)
    try:
        for number in range(20):
            board.submit(NewJob(f"tenant-{number}", owner="ada", request=REQUEST))
        for _ in range(2):
            said.clear()
            source.figures()
            assert len([each for each in said if each.startswith("SELECT")]) == STATEMENTS, said
    finally:
        event.remove(jobs_engine, "before_cursor_execute", note)
