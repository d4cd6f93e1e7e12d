"""What a worker tells of its tasks: figures, a trace, and by what its lines of logs belong to a job."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from facefusion.jobs.origin import request_of, trace_of
from facefusion.jobs.values import Failure, Lease
from facefusion.jobs.work.attempt import Reason
from facefusion.jobs.work.bench import Bench
from facefusion.telemetry import catalogue
from facefusion.telemetry.ids import known_as
from facefusion.telemetry.recording import Recorder, running
from facefusion.telemetry.refusals import is_refusal
from facefusion.telemetry.traceparent import TraceParent
from facefusion.telemetry.tracing import Span

_STOPPED: Final[Mapping[Reason, str]] = {"stalled": "stalled", "given back": "released", "lost": "lost"}
_FIRST: Final = frozenset({"whole", "plan"})
_LAST: Final = frozenset({"whole", "merge"})
_WRITING: Final = frozenset({"whole", "segment"})


class Telling:
    """Tells of the tasks of a worker.

    Args:
        bench: what they are done with.
    """

    def __init__(self, bench: Bench) -> None:
        self._figures, self._traces = bench.telemetry.figures, bench.telemetry.traces
        self._share = bench.serving.monitoring.trace_share
        self._uses = bench.warm.uses

    @contextmanager
    def task(self, lease: Lease) -> Iterator[TaskTold]:
        """Tell of one task, for as long as it is done."""
        job, began = lease.job, time.time()
        after = trace_of(job, self._share)
        facts: dict[str, str | int] = {"facefusion_kind": lease.kind, "facefusion_job": job.id}
        self._tell_wait(lease, after, began)
        with (
            known_as(request=request_of(job), job=job.id, task=f"{lease.kind}-{lease.number}", place=after),
            running(self._figures, catalogue.TASKS_RUNNING, lease.kind),
            self._traces.span(f"task {lease.kind}", after=after, kind="consumer", **facts) as span,
        ):
            span.note({"facefusion.segment": lease.number, "facefusion.attempt": lease.attempt})
            try:
                yield TaskTold(lease, span, self._figures)
            finally:
                self._tell_uses()

    def _tell_wait(self, lease: Lease, after: TraceParent, now: float) -> None:
        """Tell how long a job has waited that is begun now for the first time, by the clock of this machine."""
        if lease.attempt > 1:
            self._figures.add(catalogue.RETRIES, lease.kind)
        elif lease.kind in _FIRST:
            queued = lease.job.queued.timestamp()
            self._figures.observe(catalogue.JOB_WAIT, max(0.0, now - queued))
            self._traces.past("queued", queued, now, after=after, facefusion_job=lease.job.id)

    def _tell_uses(self) -> None:
        """Tell how often networks were used since it was told last, by any task of this process."""
        for result, count in self._uses.taken().items():
            self._figures.add(catalogue.MODEL_USES, result, amount=count)


class TaskTold:
    """Tells how one task went.

    Args:
        lease: of it.
        span: of its trace.
        figures: what is counted.
    """

    def __init__(self, lease: Lease, span: Span, figures: Recorder) -> None:
        self._lease, self._span, self._figures = lease, span, figures
        self._began = time.perf_counter()

    @property
    def place(self) -> TraceParent | None:
        """Where its trace goes on; None where there is none."""
        return self._span.place

    def ended(self, facts: Mapping[str, Any], *, counts: bool) -> None:
        """Tell of work that came to its end.

        Args:
            facts: what was measured.
            counts: whether the queue took it; another had the task by then where not.
        """
        kind = self._lease.kind
        if not counts:
            self._figures.add(catalogue.TASKS, kind, "lost")
            self._span.fail("LeaseLostError")
            return
        self._figures.add(catalogue.TASKS, kind, "done")
        self._figures.observe(catalogue.TASK_SECONDS, time.perf_counter() - self._began, kind)
        if kind in _LAST:
            state = "review" if self._lease.job.needs_review else "succeeded"
            self._figures.add(catalogue.JOBS_ENDED, state)
        if kind in _WRITING:
            self._figures.add(catalogue.FRAMES, amount=float(facts.get("frames", 0)))
            self._figures.add(catalogue.FACES, amount=float(facts.get("faces", 0)))
        self._tell_stages(facts)

    def failed(self, error: Exception, failure: Failure, *, is_over: bool) -> None:
        """Tell of a task that failed.

        Args:
            error: by which.
            failure: what the queue is told.
            is_over: whether its job has failed by that.
        """
        self._figures.add(catalogue.TASKS, self._lease.kind, "failed")
        self._figures.add(catalogue.FAILURES, failure.type, "true" if is_over else "false")
        if is_over:
            self._figures.add(catalogue.JOBS_ENDED, "failed")
        if is_refusal(error):
            self._figures.add(catalogue.REFUSALS, failure.type, "worker")
        self._span.fail(failure.type)

    def stopped(self, reason: Reason) -> None:
        """Tell of a task that was stopped."""
        self._figures.add(catalogue.TASKS, self._lease.kind, _STOPPED[reason])
        self._span.fail(_STOPPED[reason])

    def recut(self) -> None:
        """Tell of a task whose job is to be done whole instead."""
        self._figures.add(catalogue.TASKS, self._lease.kind, "recut")

    def _tell_stages(self, facts: Mapping[str, Any]) -> None:
        """Tell where the time went: the engine's own stages, and what came before and after them."""
        stages = {**facts.get("stages", {}), **{name: facts[name] for name in ("staged", "published") if name in facts}}
        for name, seconds in stages.items():
            self._figures.add(catalogue.STAGE_SECONDS, str(name), amount=float(seconds))
