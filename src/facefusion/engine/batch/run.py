"""Doing the jobs of a batch, several at once, in one warm process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from traceback import clear_frames
from typing import Final, Literal

from facefusion.engine.batch.jobs import BatchJob
from facefusion.engine.batch.report import BatchReport, Outcome
from facefusion.engine.plan import make_plan
from facefusion.engine.progress import Progress
from facefusion.engine.run import Runner, run
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import CancelledError
from facefusion.inference.machine import GIB, total_memory, usable_cores
from facefusion.media.faults import writing
from facefusion.media.sequence import output_sequence_form
from facefusion.options import Options

AtOnce = int | Literal["auto"]
_MOST_AT_ONCE: Final = 4
"""More do not help where Python itself is what jobs wait for."""
_EACH: Final = GIB
"""Memory of the machine for each job at once."""
_LEAST_SHARE: Final = 0.5
"""GiB of `max_memory` for each job at once."""

_REHEARSED: Final = "facefusion-dry-run-"
_LISTENING: Final = 0.2
"""Seconds that the thread which waits for the others sleeps at a time."""


class BatchListener:
    """Hears how a batch goes on; its methods are called one at a time, from any thread. Does nothing itself."""

    def began(self, job: BatchJob) -> None:
        """Hear that a job begins."""

    def went_on(self, job: BatchJob, progress: Progress) -> None:
        """Hear how far a job is."""

    def noted(self, job: BatchJob, note: str) -> None:
        """Hear what people should know of a job, one sentence."""

    def ended(self, outcome: Outcome) -> None:
        """Hear what became of a job."""


@dataclass(frozen=True, slots=True)
class BatchWork:
    """How the jobs of a batch are done.

    Attributes:
        warm: what they share.
        at_once: how many run at the same time.
        skip_existing: whether a job is left out whose output is there already.
        listener: hears how it goes on.
        cancel: jobs that run stop soon after it is set, and no other begins.
        runner: does one job.
    """

    warm: WarmParts
    at_once: int = 1
    skip_existing: bool = False
    listener: BatchListener | None = None
    cancel: threading.Event | None = None
    runner: Runner = run

    def do(self, jobs: Sequence[BatchJob]) -> BatchReport:
        """Do the jobs. One that fails never stops the others."""
        return self._all(jobs, self._work)

    def rehearse(self, jobs: Sequence[BatchJob]) -> BatchReport:
        """Find out of each job whether it can be done, as far as that can be told before any work."""
        return self._all(jobs, self._check)

    def _all(self, jobs: Sequence[BatchJob], work: Callable[[_Turn], Outcome]) -> BatchReport:
        start = time.perf_counter()
        listener = _InTurn(self.listener or BatchListener())
        cancel = self.cancel or threading.Event()
        outcomes: dict[int, Outcome] = {}
        waiting, lock = iter(jobs), threading.Lock()

        def worker() -> None:
            for job in _shared(waiting, lock):
                if cancel.is_set():
                    return
                outcomes[job.number] = outcome = _caught(work, _Turn(self._with_share(job), listener, cancel))
                listener.ended(outcome)

        at_once = max(1, min(self.at_once, len(jobs)))
        _together(worker, at_once, cancel)
        ends = tuple(outcomes.get(job.number, Outcome(job, "stopped")) for job in jobs)
        return BatchReport(ends, time.perf_counter() - start, at_once, is_stopped=cancel.is_set())

    def _work(self, turn: _Turn) -> Outcome:
        job, listener = turn.job, turn.listener
        if self.skip_existing and is_there(job):
            return Outcome(job, "skipped")
        listener.began(job)
        if job.makes is not None:
            with writing(job.makes):
                job.makes.mkdir(parents=True, exist_ok=True)
        result = self.runner(
            job.options,
            progress=lambda progress: listener.went_on(job, progress),
            cancel=turn.cancel,
            notify=lambda note: listener.noted(job, note),
            warm=self.warm,
        )
        return Outcome(job, "done", result.seconds, result, notes=result.notes)

    def _check(self, turn: _Turn) -> Outcome:
        job = turn.job
        if self.skip_existing and is_there(job):
            return Outcome(job, "skipped")
        plan = make_plan(_as_if_made(job), has_hooks=False, try_encoder=self.warm.try_encoder)
        return Outcome(job, "ready", notes=plan.notes)

    def _with_share(self, job: BatchJob) -> BatchJob:
        """Return a job with its share of the memory that all may take together."""
        most = job.options.runtime.max_memory
        if most is None or self.at_once == 1:
            return job
        runtime = job.options.runtime.model_copy(update={"max_memory": most / self.at_once})
        return replace(job, options=job.options.model_copy(update={"runtime": runtime}))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One job whose turn it is."""

    job: BatchJob
    listener: BatchListener
    cancel: threading.Event


class _InTurn(BatchListener):
    """Passes on what several threads say, one at a time."""

    def __init__(self, listener: BatchListener) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def began(self, job: BatchJob) -> None:
        with self._lock:
            self._listener.began(job)

    def went_on(self, job: BatchJob, progress: Progress) -> None:
        with self._lock:
            self._listener.went_on(job, progress)

    def noted(self, job: BatchJob, note: str) -> None:
        with self._lock:
            self._listener.noted(job, note)

    def ended(self, outcome: Outcome) -> None:
        with self._lock:
            self._listener.ended(outcome)


def jobs_at_once(wanted: AtOnce, jobs: Sequence[BatchJob]) -> int:
    """Return how many jobs shall run at the same time.

    Args:
        wanted: a number, or `auto`: one for each core, but no more than four, than there is a GiB of memory for, and
            than have half a GiB each of `max_memory`.
        jobs: those of the batch.
    """
    if wanted != "auto":
        return wanted
    bounds = [usable_cores(), _MOST_AT_ONCE, len(jobs)]
    if (memory := total_memory()) is not None:
        bounds.append(memory // (2 * _EACH))
    limits = [job.options.runtime.max_memory for job in jobs]
    bounds += [int(limit / _LEAST_SHARE) for limit in limits if limit is not None]
    return max(1, min(bounds))


def is_there(job: BatchJob) -> bool:
    """Return whether a job's output is there, which is so only when it is whole; of a sequence none can tell."""
    return output_sequence_form(job.output) is None and job.output.is_file()


def _as_if_made(job: BatchJob) -> Options:
    """Return the options of a job; where its folder is still to be made, with an output in that which will hold it."""
    folder = job.output.parent
    if job.makes is None or folder.exists():
        return job.options
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return job.options.model_copy(update={"output_path": folder / f"{_REHEARSED}{job.output.name}"})


def _shared(values: Iterator[BatchJob], lock: threading.Lock) -> Iterator[BatchJob]:
    """Yield from an iterator that several threads take from."""
    while True:
        with lock:
            value = next(values, None)
        if value is None:
            return
        yield value


def _together(worker: Callable[[], None], count: int, cancel: threading.Event) -> None:
    """Run a function in several threads until all have ended.

    Raises:
        BaseException: the first that one of them raised, or Ctrl-C in this thread; the others are told to stop.
    """
    at_work = threading.Semaphore(count)

    def guarded() -> None:
        try:
            with at_work:
                worker()
        except BaseException:
            cancel.set()
            raise

    with ThreadPoolExecutor(count, thread_name_prefix="job") as pool:
        try:
            futures = [pool.submit(guarded) for _ in range(count)]
            while wait(futures, timeout=_LISTENING).not_done:
                pass  # a signal that the system gave to another thread is handled when this one wakes
            for each in futures:
                each.result()
        except BaseException:
            cancel.set()
            for _ in range(count):  # Ctrl-C may come while a thread is started, of which the pool knows nothing then
                at_work.acquire()
            at_work.release(count)
            raise


def _caught(work: Callable[[_Turn], Outcome], turn: _Turn) -> Outcome:
    """Do one job, and make of whatever it raises what became of it: others must go on."""
    start = time.perf_counter()
    try:
        return work(turn)
    except CancelledError as error:
        _let_go(error)
        return Outcome(turn.job, "stopped", time.perf_counter() - start, error=error)
    except Exception as error:  # noqa: BLE001 - a bug that one file shows is no reason to give up the others
        _let_go(error)
        return Outcome(turn.job, "failed", time.perf_counter() - start, error=error)


def _let_go(error: BaseException | None) -> None:
    """Let go of what the job had in hand: an error that is kept holds all that was at work where it was raised."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
