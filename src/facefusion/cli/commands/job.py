"""`facefusion job`: hand in jobs, look after them, fetch results; or do one in steps on a cluster."""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.job_analysis import show_failures, show_quality
from facefusion.cli.job_steps import STEPS
from facefusion.cli.job_text import (
    estimate_facts,
    estimate_lines,
    event_facts,
    event_line,
    job_facts,
    job_line,
    job_lines,
)
from facefusion.cli.terminal import Terminal, one_line
from facefusion.engine.plan import required
from facefusion.errors import JobStateError
from facefusion.jobs.board import JobBoard
from facefusion.jobs.dispatch import open_dispatcher
from facefusion.jobs.estimate import Estimator
from facefusion.jobs.opening import open_files, open_jobs
from facefusion.jobs.quality.samples import Samples
from facefusion.jobs.states import ACTIVE, FINAL, JobState
from facefusion.jobs.storage import Stored
from facefusion.jobs.submitting import HandingIn, is_cut
from facefusion.jobs.values import Job, NewJob
from facefusion.media.output import check_place
from facefusion.media.probe import probe
from facefusion.media.select import Selection
from facefusion.options import Options, ServingOptions, load_options, load_serving, settled_values
from facefusion.trust.actor import actor_of

_LEAST_WAIT: Final = 0.1
_MOST_WAIT: Final = 2.0
_TIMED_OUT: Final = 124
_CANCELLED: Final = 130
_REJECTED: Final = 66
_OVER: Final[frozenset[JobState]] = FINAL | {"review"}


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every verb needs."""

    arguments: argparse.Namespace
    terminal: Terminal
    options: Options
    serving: ServingOptions
    engine: Engine

    @property
    def board(self) -> JobBoard:
        """Takes and shows jobs."""
        return JobBoard(self.engine)

    @property
    def samples(self) -> Samples:
        """What was measured of jobs."""
        return Samples(self.engine)

    @property
    def tenant(self) -> str:
        """Whose jobs these are."""
        return self.options.trust.tenant

    @property
    def job(self) -> Job:
        """The job that was named, as it is now."""
        return self.board.job(self.arguments.id, tenant=self.tenant)

    def show(self, job: Job) -> int:
        """Print a job, as JSON or on one line."""
        text = json.dumps(job_facts(job), indent=2) if self.arguments.json else one_line(job_line(job))
        self.terminal.result(text)
        return 0


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Returns:
        0; of `wait` what became of the job: 0 it succeeded, else the exit code of what it failed for, 130 it was
        cancelled, 66 it was rejected, 124 nobody waits any more.

    Raises:
        FaceFusionError: it cannot be done.
    """
    if arguments.verb in STEPS:
        return STEPS[arguments.verb](arguments, context.terminal)
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    engine = open_jobs(serving)
    try:
        return _VERBS[arguments.verb](_Desk(arguments, context.terminal, options, serving, engine))
    finally:
        engine.dispose()


def _submit(desk: _Desk) -> int:
    from facefusion.service.uploads.local import LocalUploads  # noqa: PLC0415 - takes long to import

    arguments, options = desk.arguments, desk.options
    ask_once(options.trust, desk.terminal)
    values = settled_values(option_values(arguments), config_path=arguments.config)
    storage = open_files(desk.serving)
    uploads = LocalUploads(desk.engine, storage, options.limits, tenant=desk.tenant, owner=actor_of(options.trust))
    handing = HandingIn(storage, desk.tenant, uploads.keep)
    request = handing.request(values, deliver_to=arguments.deliver_to)
    target = required(options.target_path, "target", "picture or video to edit")
    # What is not here is looked at by the worker; it is done as a whole.
    info = probe(target, options.limits, Selection.of(options)) if request.target in handing.digests else None
    new = NewJob(
        desk.tenant,
        actor_of(options.trust),
        request.to_json(),
        priority=arguments.priority,
        is_cut=info is not None and is_cut(info, desk.serving),
        needs_review=arguments.needs_review or _is_reviewed(desk),
        names=handing.names,
    )
    with closing(open_dispatcher(desk.serving.jobs.broker)) as dispatcher:
        job = uploads.submit(new, request)
        dispatcher.wake()
    if arguments.wait:
        return _awaited(desk, job.id, None)
    if arguments.json:
        return desk.show(job)
    desk.terminal.result(job.id)
    return 0


def _is_reviewed(desk: _Desk) -> bool:
    """Return whether the place has results such as this reviewed, as the service asks for jobs that come to it."""
    from facefusion.service.gateway.quotas import Quotas  # noqa: PLC0415
    from facefusion.service.gateway.review import ReviewRules  # noqa: PLC0415

    rules = Quotas(desk.engine).rules(desk.tenant)
    return ReviewRules.of(desk.serving.review).needs_review(desk.tenant, desk.options.processors, rules)


def _list(desk: _Desk) -> int:
    arguments = desk.arguments
    states = arguments.state or ()
    jobs = desk.board.jobs(tenant=desk.tenant, states=states, suspicious=arguments.suspicious, limit=arguments.limit)
    quality = desk.samples.of(jobs)
    if arguments.json:
        listed = [job_facts(job, quality.get(job.number)) for job in jobs]
        desk.terminal.result(json.dumps({"jobs": listed}, indent=2))
        return 0
    for job in jobs:
        desk.terminal.result(one_line(job_line(job, quality.get(job.number))))
    if not jobs:
        desk.terminal.say("There are no such jobs")
    return 0


def _show(desk: _Desk) -> int:
    job = desk.job
    quality = desk.samples.of([job]).get(job.number)
    estimate = Estimator(desk.engine).estimate(job.id, tenant=desk.tenant) if job.state in ACTIVE else None
    if desk.arguments.json:
        facts = job_facts(job, quality) | {"estimate": None if estimate is None else estimate_facts(estimate)}
        desk.terminal.result(json.dumps(facts, indent=2))
        return 0
    further = () if estimate is None else estimate_lines(estimate)
    for line in itertools.chain(job_lines(job, quality), further):
        desk.terminal.result(one_line(line))
    return 0


def _failures(desk: _Desk) -> int:
    return show_failures(desk.arguments, desk.engine, desk.tenant, desk.terminal)


def _quality(desk: _Desk) -> int:
    return show_quality(desk.arguments, desk.engine, desk.tenant, desk.terminal)


def _events(desk: _Desk) -> int:
    after = 0
    for wait in _waits():
        is_over = not desk.arguments.follow or desk.job.state in _OVER
        for event in desk.board.events(desk.arguments.id, tenant=desk.tenant, after=after):
            after = event.id
            text = json.dumps(event_facts(event)) if desk.arguments.json else one_line(event_line(event))
            desk.terminal.result(text)
        if is_over:
            break
        time.sleep(wait)
    return 0


def _wait(desk: _Desk) -> int:
    return _awaited(desk, desk.arguments.id, desk.arguments.timeout)


def _awaited(desk: _Desk, job_id: str, timeout: float | None) -> int:
    end = None if timeout is None else time.monotonic() + timeout
    for wait in _waits():
        job = desk.board.job(job_id, tenant=desk.tenant)
        if job.state in _OVER or (end is not None and time.monotonic() >= end):
            break
        time.sleep(wait)
    desk.show(job)
    ends: dict[JobState, int] = {"succeeded": 0, "review": 0, "cancelled": _CANCELLED, "rejected": _REJECTED}
    if job.state == "failed":
        return job.failure.code if job.failure is not None else 1
    return ends.get(job.state, _TIMED_OUT)


def _priority(desk: _Desk) -> int:
    return desk.show(desk.board.prioritise(desk.arguments.id, desk.arguments.priority, tenant=desk.tenant))


def _fetch(desk: _Desk) -> int:
    job, arguments = desk.job, desk.arguments
    if job.state != "succeeded" or job.result is None:
        raise JobStateError(f"Job {job.id} is {job.state} and has nothing to be fetched", "Wait for it with job wait")
    storage = open_files(desk.serving)
    paths = []
    for each in job.result["outputs"]:
        path = arguments.to / each["name"]
        check_place(
            path, inputs=(), overwrite="overwrite" in option_values(arguments) and desk.options.output.overwrite
        )
        storage.get(Stored.of_json(each), path)
        paths.append(str(path))
    desk.terminal.result(json.dumps({"files": paths}) if arguments.json else "\n".join(paths))
    return 0


def _changed(name: str) -> Callable[[_Desk], int]:
    """Return the verb that does one thing with a job and shows it."""

    def do(desk: _Desk) -> int:
        change: Callable[..., Job] = getattr(desk.board, name)
        return desk.show(change(desk.arguments.id, tenant=desk.tenant))

    return do


def _waits() -> Any:
    return itertools.chain((_LEAST_WAIT * 2**step for step in range(5)), itertools.repeat(_MOST_WAIT))


_VERBS: Final[dict[str, Callable[[_Desk], int]]] = {
    "submit": _submit,
    "list": _list,
    "show": _show,
    "failures": _failures,
    "quality": _quality,
    "events": _events,
    "wait": _wait,
    "priority": _priority,
    "fetch": _fetch,
    **{name: _changed(name) for name in ("cancel", "pause", "resume", "retry")},
}
