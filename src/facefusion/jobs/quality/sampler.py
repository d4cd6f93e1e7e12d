"""The sampler of a worker: measures jobs that are finished while nobody waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Engine

from facefusion.engine.judged import Measures, flags, judge
from facefusion.errors import CancelledError, FaceFusionError, InputMissingError, OptionsError, StorageMissingError
from facefusion.jobs.backlog import backlog
from facefusion.jobs.quality.samples import Samples
from facefusion.jobs.quality.values import Sample
from facefusion.jobs.request import JobRequest
from facefusion.jobs.storage import Stored
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.building import built_options
from facefusion.jobs.work.said import Said
from facefusion.jobs.work.sorting import failure_of
from facefusion.jobs.work.staging import Staging
from facefusion.telemetry import catalogue

_LOG = logging.getLogger(__name__)
OVERDUE_SECONDS: Final = 3600.0
"""For which a job waits at most while there is always something else to do; then it is measured all the same."""
_LOOK_SECONDS: Final = 60.0
"""Between two looks for such jobs."""


class Sampler:
    """Measures jobs for a worker.

    Args:
        engine: the database.
        bench: what the worker works with.
        worker: its name.
        is_ending: says whether the worker is to end.
    """

    def __init__(self, engine: Engine, bench: Bench, worker: str, is_ending: Callable[[], bool]) -> None:
        self._engine, self._bench, self._worker, self._is_ending = engine, bench, worker, is_ending
        self._samples = Samples(engine)
        self._figures = bench.telemetry.figures
        self._next_look = time.monotonic() + _LOOK_SECONDS
        self._turn = threading.Lock()

    def idle(self) -> bool:
        """Measure a job, if one waits, for as long as there is nothing else to do; return whether one waited.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        return self._one(0.0, may_wait=True)

    def overdue(self) -> bool:
        """Measure a job that has waited too long, whatever else there is to do; otherwise as `idle`.

        It looks for one now and then alone, so that it may be called before each task.
        """
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + _LOOK_SECONDS
        return self._one(OVERDUE_SECONDS, may_wait=False)

    def _one(self, age: float, *, may_wait: bool) -> bool:
        if not self._turn.acquire(blocking=False):  # a worker measures one job at a time, however many tasks it does
            return False
        try:
            sample = self._samples.claim(self._worker, age=age)
            if sample is not None:
                self._measure(sample, may_wait=may_wait)
            return sample is not None
        finally:
            self._turn.release()

    def _measure(self, sample: Sample, *, may_wait: bool) -> None:
        """Measure a job; whatever goes wrong is told of it, and of nothing else."""

        def check() -> None:
            if self._is_ending() or (may_wait and backlog(self._engine)):
                raise CancelledError("There is something else to do", "It is measured later")

        said = Said()
        try:
            measures, found = measured(sample, self._bench, said, check)
        except CancelledError:
            self._samples.released(sample)
        except Exception as error:  # noqa: BLE001 - the job is finished: that it cannot be measured is no failure of it
            is_known = isinstance(error, FaceFusionError)
            _LOG.warning("Job %s cannot be measured: %s", sample.job.id, error, exc_info=not is_known)
            failure = failure_of(error, said)
            self._figures.add(catalogue.SAMPLES, "failed")
            if failure.is_final:
                self._samples.skipped(sample, failure.what)
        else:
            self._samples.measured(sample, measures, found)
            self._figures.add(catalogue.SAMPLES, "suspicious" if found else "usual")
            for flag in found:
                self._figures.add(catalogue.FLAGS, flag)
            _LOG.info("job %s was measured: %s", sample.job.id, ", ".join(found) or "nothing unusual")


def measured(sample: Sample, bench: Bench, said: Said, check: Callable[[], None]) -> tuple[Measures, tuple[str, ...]]:
    """Measure a job that is finished.

    Args:
        sample: which.
        bench: of the worker.
        said: takes paths of the worker out of what is told.
        check: called now and then; raises where the work is to stop.

    Returns:
        the figures, and which of them are unusual.

    Raises:
        FaceFusionError: it cannot be measured.
    """
    result: dict[str, Any] = dict(sample.job.result or {})
    output = _readable(result)
    request = JobRequest.parse(sample.job.request)
    with bench.folder() as folder:
        said.add(folder, "the worker's folder")
        digests = {**request.digests, **sample.inputs}
        brought = Staging(bench, sample.job.tenant, folder, said, threading.Event(), check, digests)
        options = built_options(sample.job, request, brought)
        path = folder / "judged" / str(output["name"])
        path.parent.mkdir()
        said.add(path, request.output)
        try:
            bench.storage.get(Stored.of_json(output), path)
        except StorageMissingError as error:
            raise InputMissingError("The result is in the storage no more", "It was removed") from error
        with bench.warm.sessions(options, 0, _LOG.info) as sessions:
            measures = judge(options, path, sessions, count=bench.serving.worker.quality_frames, check=check)
    edited = int(result.get("faces", 0)) / max(1, int(result.get("frames", 0)))
    swaps = [link for link in options.links if link.processor == "face_swapper"]
    blend = max((options.for_link(link).face_swapper.blend_ratio for link in swaps), default=1.0)
    everywhere = not any(link.when or link.region for link in swaps)
    return measures, flags(measures, options.processors, edited=edited, blend=blend, everywhere=everywhere)


def _readable(result: dict[str, Any]) -> dict[str, Any]:
    """Return the first output of a job.

    Raises:
        OptionsError: nobody here can read it.
    """
    output: dict[str, Any] = (result.get("outputs") or [{"is_encrypted": True}])[0]
    if output["is_encrypted"]:
        raise OptionsError("The result is encrypted for somebody else")
    return output
