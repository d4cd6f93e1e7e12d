"""The worker: a warm process that takes tasks from the queue and does them, several at once if it is told so."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import Engine, select

from facefusion.engine.versions import version
from facefusion.errors import FaceFusionError, JobsUnavailableError, LeaseLostError, OnlyWholeError
from facefusion.jobs.alike import Alike, found_alike
from facefusion.jobs.database import reading
from facefusion.jobs.frames import note_frame
from facefusion.jobs.keys import frames_prefix, task_prefix
from facefusion.jobs.monitoring.telling import TaskTold, Telling
from facefusion.jobs.quality.drawing import is_drawn
from facefusion.jobs.quality.sampler import Sampler
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.schema import TASKS
from facefusion.jobs.values import Did, Failure, Lease
from facefusion.jobs.watching import Watch
from facefusion.jobs.work.attempt import Attempt
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.patience import Patience
from facefusion.jobs.work.removing import remove_rest, removed
from facefusion.jobs.work.showing import stored_files
from facefusion.jobs.work.sorting import failure_of
from facefusion.jobs.work.task import Done, Task

GoesOn = Callable[[], bool]
"""Tells whether another task is done after this one."""

_LOG = logging.getLogger(__name__)
_LEAST_WAIT: Final = 0.05
_MOST_WAIT: Final = 0.5
_AWAY_WAIT: Final = 5.0
_PATIENCE: Final = Patience(900.0)
"""For the database, once a task is done; hours of work may be at stake."""
_LOOK: Final = 0.5
_BEFORE_OTHERS: Final = frozenset({"plan", "segment"})
"""Kinds after which the next task is leased at once; after others there is something to remove first."""


class Worker:
    """Takes tasks and does them until it is asked to end.

    Networks, source faces and encoders stay warm from task to task, and are shared by those that run at once.

    Args:
        engine: the database of jobs.
        bench: what tasks are done with.
        name: of the worker; one of its own when None.
        most_wait: seconds after which it looks for work again, when nobody wakes it.
        queue: gives the tasks; the database's own when None.
    """

    def __init__(
        self,
        engine: Engine,
        bench: Bench,
        *,
        name: str | None = None,
        most_wait: float = _MOST_WAIT,
        queue: JobQueue | None = None,
    ) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self._engine, self._bench = engine, bench
        self._queue = queue or JobQueue(engine)
        self._most_wait = most_wait
        self._version = {"version": version()}
        self._telling = Telling(bench)
        self._ending, self._woken = threading.Event(), threading.Event()
        serving, facts = bench.serving, self._facts()
        self._alike = Alike(facts, lambda: found_alike(bench.options, bench.storage))
        self._sampler = Sampler(engine, bench, self.name, lambda: self.is_ending)
        self._watch = Watch(
            self._queue,
            self.name,
            facts,
            seconds=serving.jobs.lease_seconds,
            stall_seconds=serving.worker.stall_seconds,
        )

    @property
    def is_ending(self) -> bool:
        """Whether it takes no further task."""
        return self._ending.is_set()

    @property
    def stuck(self) -> threading.Event:
        """Set when work that was stopped does not end, and never will: the process has to be ended."""
        return self._watch.stuck

    def run(self) -> bool:
        """Do tasks until `drain` is called and what was begun is finished or given back.

        Returns:
            whether all work came to its end; where not, something hangs, and the process should be ended.
        """
        slots = self._bench.serving.worker.slots
        with self.watching():
            threads = [
                threading.Thread(target=self._slot, name=f"facefusion task {number}", daemon=True)
                for number in range(slots)
            ]
            for thread in threads:
                thread.start()
            return self._joined(threads)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the leases of all that is done within the block."""
        _LOG.info("worker %s begins", self.name)
        with self._alike.looking(), self._watch.beating():
            yield
        _LOG.info("worker %s ends", self.name)
        self._bench.telemetry.traces.close()

    def work_once(
        self, lease: Lease | None = None, *, goes_on: GoesOn | None = None, begun: Callable[[], None] | None = None
    ) -> Did | None:
        """Do the task whose turn it is, if there is one, within `watching`.

        Where there is none, a finished job is measured, if one was drawn for that.

        Args:
            lease: of the task, which the last call returned as the one that follows; it is asked for when None.
            goes_on: asked when it is done; whether the next task may be leased together with telling of this one.
            begun: called once there is one.

        Returns:
            what was done; None where there was nothing to do.

        Raises:
            JobsUnavailableError: the database cannot be asked for a task.
        """
        if lease is not None and self._ending.is_set():
            self._give_up(lease)
            return Did(freed=1)
        if lease is None and self._can():
            if self._sampler.overdue():
                return Did()
            lease = self._queue.claim(self.name, seconds=self._bench.serving.jobs.lease_seconds)
            if lease is None:
                return Did() if self._sampler.idle() else None
        if lease is None:
            return None
        if begun is not None:
            begun()
        return self._do(lease, goes_on=goes_on)

    def wake(self) -> None:
        """Say that there is work, so that an idle worker looks at once."""
        self._woken.set()

    def drain(self) -> None:
        """Take no further task, finish what is begun, and end; may be called from a handler of signals."""
        self._ending.set()
        self._woken.set()

    def give_back(self) -> None:
        """End at once: what is begun goes back to the queue, unharmed; may be called from any thread."""
        self.drain()
        for attempt in self._watch.attempts:
            attempt.stop("given back")

    def _slot(self) -> None:
        wait, lease = _LEAST_WAIT, None
        while lease is not None or not self._ending.is_set():
            given, lease = lease, None
            try:
                did = self.work_once(given, goes_on=lambda: True)
                wait = min(self._most_wait, 2 * wait) if did is None else _LEAST_WAIT
                if did is not None:
                    lease = did.following
                    self._wake_others(did.freed)
            except JobsUnavailableError as error:
                self._watch.was_away()
                wait = min(_AWAY_WAIT, 2 * wait)
                _LOG.warning("%s", error)
            except Exception:  # noqa: BLE001 - told with its traceback; a worker outlives whatever a row holds
                wait = _AWAY_WAIT
                _LOG.exception("An unexpected error while taking a task")
            if wait > _LEAST_WAIT and self._woken.wait(wait) and not self._ending.is_set():
                self._woken.clear()

    def _wake_others(self, tasks: int) -> None:
        """Let threads that wait look at once, where tasks became ready."""
        if tasks:
            self._woken.set()

    def _can(self) -> bool:
        """Whether another task may be taken now."""
        if self._watch.is_settling:
            return False
        if not self._bench.has_room():
            _LOG.warning("The scratch folder is full: no task is taken before there is room again")
            return False
        return True

    def _joined(self, threads: list[threading.Thread]) -> bool:
        """Wait for the threads that work; those that hang are left."""
        since: float | None = None
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(_LOOK)
            if self._watch.stuck.is_set():
                self.drain()
                if all(attempt.cancel.is_set() for attempt in self._watch.attempts):
                    _LOG.error("Work that was stopped does not end; the process has to be ended")
                    return False
            if self._ending.is_set():
                since = time.monotonic() if since is None else since
                if time.monotonic() - since > self._bench.serving.worker.drain_seconds:
                    self.give_back()
        return True

    def _do(self, lease: Lease, *, goes_on: GoesOn | None) -> Did:
        """Do a task, and tell the queue what became of it."""
        with self._telling.task(lease) as told:
            return self._done(lease, told, goes_on=goes_on)

    def _done(self, lease: Lease, told: TaskTold, *, goes_on: GoesOn | None) -> Did:
        what = f"{lease.kind} {lease.number} of job {lease.job.id}"
        _LOG.info("%s begins, attempt %d", what, lease.attempt)
        attempt = Attempt(lease)
        attempt.trace = told.place
        task = Task(attempt, self._bench, note=partial(note_frame, self._engine, lease))
        with self._watch.over(attempt):
            try:
                done = task.do()
            except Exception as error:  # noqa: BLE001 - whatever a task raises is told as the reason it failed
                if attempt.reason is not None:
                    told.stopped(attempt.reason)
                    self._stopped(attempt)
                    return Did(freed=int(attempt.reason == "given back"))
                failure = failure_of(error, task.said)
                is_known = isinstance(error, FaceFusionError)
                _LOG.warning("%s failed: %s", what, error if is_known else failure.what, exc_info=not is_known)
                # A job that does not go in segments is to be done whole then.
                is_to_be_whole = isinstance(error, OnlyWholeError) and lease.kind != "whole"
                tell = self._queue.whole_instead if is_to_be_whole else self._queue.failed
                is_over = list[bool | None]()
                self._dropped(attempt, lambda: is_over.append(tell(lease, failure, facts=self._version)))
                if is_to_be_whole:
                    told.recut()
                else:
                    told.failed(error, failure, is_over=is_over == [True])
                return Did(freed=int(is_to_be_whole))
            following = self._finished(attempt, done, told, goes_on=goes_on)
            _LOG.info("%s is done", what)
            return Did(freed=len(done.segments), following=following)

    def _finished(self, attempt: Attempt, done: Done, told: TaskTold, *, goes_on: GoesOn | None) -> Lease | None:
        """Tell what came of a task, and return the next one; where nobody waits for what came of it, remove it."""
        lease, given = attempt.lease, list[Lease | None]()
        is_asked = goes_on is not None and lease.kind in _BEFORE_OTHERS and goes_on()
        next_for = self.name if is_asked and not self._ending.is_set() and self._can() else None
        inputs = done.inputs if is_drawn(lease.job.id, self._bench.serving.worker.quality_share) else None
        stored = sum(int(each["size"]) for each in stored_files(done.content))

        def tell() -> None:
            if lease.kind == "plan":
                after = self._queue.planned(lease, done.content, done.segments, facts=done.facts, next_for=next_for)
            else:
                after = self._queue.finished(
                    lease, done.content, facts=done.facts, stored=stored, inputs=inputs, next_for=next_for
                )
            given.append(after)

        counts = self._told(tell) or self._was_taken(lease)
        told.ended(done.facts, counts=counts is not False)
        if counts and lease.kind in {"whole", "merge"}:
            remove_rest(self._bench.storage, lease)
        elif counts is False:
            self._remove_made(lease)
        return given[0] if given else None

    def _give_up(self, lease: Lease) -> None:
        """Give back a task that was not begun."""
        self._told(lambda: self._queue.released(lease))

    def _stopped(self, attempt: Attempt) -> None:
        """Tell what became of a task that was stopped."""
        lease, reason = attempt.lease, attempt.reason
        _LOG.warning("%s %d of job %s was stopped: %s", lease.kind, lease.number, lease.job.id, reason)
        failure = Failure("StalledError", 1, "The work made no progress for too long")
        telling: dict[str, Callable[[], object]] = {
            "stalled": lambda: self._queue.failed(lease, failure, facts=self._version),
            "given back": lambda: self._queue.released(lease),
        }
        self._dropped(attempt, telling.get(reason or "", lambda: None))

    def _dropped(self, attempt: Attempt, tell: Callable[[], object]) -> None:
        """Tell the queue of an attempt that came to nothing, and remove what it put into storage."""
        self._told(tell)
        self._remove_made(attempt.lease)

    def _remove_made(self, lease: Lease) -> None:
        """Remove what an attempt put into storage that came to nothing."""
        for prefix in (task_prefix(lease), frames_prefix(lease)):
            removed(self._bench.storage, prefix)

    def _told(self, tell: Callable[[], object]) -> bool | None:
        """Tell the queue something, however long it is away; return whether it took it, None where nobody knows."""
        try:
            _PATIENCE.calling(tell, JobsUnavailableError)
        except LeaseLostError:
            return False
        except JobsUnavailableError as error:
            _LOG.error("%s; another worker will do the task anew", error.what)
            return None
        return True

    def _was_taken(self, lease: Lease) -> bool | None:
        """Whether what this lease made counts; the database may have taken it although its answer was lost.

        Returns:
            None where nobody knows.
        """
        ours = (TASKS.c.id == lease.task) & (TASKS.c.token == lease.token) & (TASKS.c.state == "done")
        try:
            with reading(self._engine) as connection:
                return connection.execute(select(TASKS.c.id).where(ours)).first() is not None
        except JobsUnavailableError:
            return None

    def _facts(self) -> dict[str, Any]:
        worker, runtime = self._bench.serving.worker, self._bench.options.runtime
        return {
            "host": socket.gethostname(),
            "process": os.getpid(),
            **self._version,
            "slots": worker.slots,
            "providers": list(runtime.execution_providers),
            "devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        }
