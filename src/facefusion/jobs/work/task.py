"""Doing one task, from its lease to files in storage. Telling the queue of it is the worker's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from facefusion.engine.run import Result
from facefusion.engine.segmented import SegmentedPlan, SegmentMade, merge_segments, plan_job, run_segment
from facefusion.errors import (
    ConsentRevokedError,
    ContentRefusedError,
    FaceBlockedError,
    SegmentError,
    StorageMissingError,
)
from facefusion.jobs.keys import job_prefix, people_prefix, task_prefix, upload_key
from facefusion.jobs.reference import Reference
from facefusion.jobs.request import JobRequest
from facefusion.jobs.states import TaskKind
from facefusion.jobs.storage import Stored
from facefusion.jobs.values import Lease, SegmentOfPlan
from facefusion.jobs.work.attempt import Attempt
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.building import built_options
from facefusion.jobs.work.publishing import delivered, measured, published, put_file
from facefusion.jobs.work.removing import removed
from facefusion.jobs.work.said import Said
from facefusion.jobs.work.showing import NoteFrame, Showing, best_of, kept_glimpse, with_thumbnail
from facefusion.jobs.work.staging import Staging
from facefusion.options import Options
from facefusion.telemetry.tracing import Span


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a task.

    Attributes:
        content: the result of the task, or the plan, as JSON values.
        facts: what was measured.
        segments: of a plan.
        inputs: of a result, SHA-256 of the files that it was made of, by their references.
    """

    content: Mapping[str, Any]
    facts: Mapping[str, Any]
    segments: tuple[SegmentOfPlan, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at a task.

    Attributes:
        attempt: of it.
        bench: of the worker.
        said: takes the worker's paths out of what users are told.
        note: tells the database of small pictures of frames; none are made where it is None.
    """

    attempt: Attempt
    bench: Bench
    said: Said = field(default_factory=Said)
    note: NoteFrame | None = None

    @property
    def lease(self) -> Lease:
        """The right to do it."""
        return self.attempt.lease

    def do(self) -> Done:
        """Do it; nothing is in storage afterwards but under the lease's own prefix.

        Raises:
            FaceFusionError: it cannot be done; `CancelledError` after the attempt was stopped.
        """
        request = JobRequest.parse(self.lease.job.request)
        start = time.perf_counter()
        try:
            with self.bench.folder() as folder:
                self.said.add(folder, "the worker's folder")
                self.said.add(self.bench.scratch, "the worker's folder")
                with self._span("bring inputs"):
                    staging = self._staging(request, folder)
                    options = built_options(self.lease.job, request, staging)
                staged = time.perf_counter() - start
                return _DOING[self.lease.kind](self, _Staged(request, options, folder, staging, staged))
        except _NOT_KEPT as error:
            self._forget(request, with_inputs=isinstance(error, ContentRefusedError))
            raise

    def whole(self, staged: _Staged) -> Done:
        """Do a job that is not cut."""
        attempt = self.attempt
        with self._showing() as showing, self._span("edit") as span:
            result = self.bench.runner(
                staged.options,
                progress=attempt.progress,
                cancel=attempt.cancel,
                warm=self.bench.warm,
                job_number=self.lease.job.id,
                glimpse=showing,
            )
            self._tell_stages(span, result)
        best = None if showing is None else showing.best
        return self._finished(staged, result, thumbnail=None if best is None else best.jpeg)

    def plan(self, staged: _Staged) -> Done:
        """Plan a job that is cut."""
        attempt = self.attempt
        frames = self.bench.serving.jobs.segment_frames
        with self._span("plan"):
            plan = plan_job(
                staged.options,
                segment_frames=frames,
                warm=self.bench.warm,
                cancel=attempt.cancel,
                job_number=self.lease.job.id,
            )
        path = staged.folder / "plan"
        path.write_bytes(plan.to_bytes())
        stored = put_file(self.bench.storage, path, task_prefix(self.lease), attempt)
        segments = tuple(SegmentOfPlan(each.number, each.frames) for each in plan.segments)
        content = {"plan": stored.to_json(), "digest": plan.digest, "digests": dict(staged.staging.digests)}
        return Done(content, {"staged": round(staged.seconds, 3)}, segments)

    def segment(self, staged: _Staged) -> Done:
        """Do one segment."""
        attempt, folder = self.attempt, staged.folder / "segment"
        folder.mkdir()
        with self._showing() as showing, self._span("edit") as span:
            made = run_segment(
                staged.options,
                self._plan(staged),
                self.lease.number,
                folder,
                progress=attempt.progress,
                cancel=attempt.cancel,
                warm=self.bench.warm,
                job_number=self.lease.job.id,
                glimpse=showing,
            )
            self._tell_stages(span, made)
        prefix = task_prefix(self.lease)
        with self._span("publish"):
            files = {
                path.name: put_file(self.bench.storage, path, f"{prefix}/{path.name}", attempt).to_json()
                for path in made.files
            }
        notes = [self.said.text(note) for note in made.notes]
        counted = {"frames": made.frames, "faces": made.faces, "seconds": round(made.seconds, 3)}
        best = None if showing is None else showing.best
        seen = kept_glimpse(self.bench.storage, self.lease, best, prefix)
        content = {"files": files, "digest": made.digest, "notes": notes, **seen, **counted}
        stages = {name: round(seconds, 3) for name, seconds in made.stage_seconds.items()}
        return Done(content, {"staged": round(staged.seconds, 3), **counted, "stages": stages})

    def merge(self, staged: _Staged) -> Done:
        """Join the segments."""
        attempt, folders = self.attempt, []
        plan = self._plan(staged)
        for number, made in enumerate(self.lease.results):
            folder = staged.folder / f"segment-{number}"
            folder.mkdir()
            for name, stored in made["files"].items():
                self._get(stored, folder / name, f"Segment {number}")
                attempt.moved()
            folders.append(folder)
        with self._span("merge") as span:
            result = merge_segments(
                *(staged.options, plan, folders),
                progress=attempt.progress,
                cancel=attempt.cancel,
                warm=self.bench.warm,
                job_number=self.lease.job.id,
            )
            self._tell_stages(span, result)
        notes = (note for made in self.lease.results for note in made.get("notes", ()))
        thumbnail = best_of(self.bench.storage, self.lease.results)
        return self._finished(staged, result, *notes, thumbnail=thumbnail)

    def _staging(self, request: JobRequest, folder: Path) -> Staging:
        """Know the digests of inputs: all that were there when the job was planned hold for all of it."""
        known = {**request.digests, **(self.lease.plan or {}).get("digests", {})}
        attempt = self.attempt
        return Staging(
            *(self.bench, self.lease.job.tenant, folder, self.said, attempt.cancel, attempt.moved), digests=known
        )

    def _plan(self, staged: _Staged) -> SegmentedPlan:
        path = staged.folder / "plan"
        self._get((self.lease.plan or {})["plan"], path, "The plan")
        return SegmentedPlan.of_bytes(path.read_bytes())

    def _get(self, stored: Mapping[str, Any], to: Path, name: str) -> None:
        try:
            self.bench.storage.get(Stored.of_json(stored), to, cancel=self.attempt.cancel)
        except StorageMissingError as error:
            raise SegmentError(f"{name} of this job is in the storage no more", "Begin a new job") from error

    def _showing(self) -> AbstractContextManager[Showing | None]:
        """Return what takes small pictures of frames; nothing does where nobody could be told of them."""
        return nullcontext() if self.note is None else Showing(self.lease, self.bench.storage, self.note)

    def _finished(self, staged: _Staged, result: Result, *notes: str, thumbnail: bytes | None = None) -> Done:
        start = time.perf_counter()
        job, cancel = self.lease.job, self.attempt.cancel
        with self._span("publish"):
            content = published(result, task_prefix(self.lease), self.bench, self.attempt, self.said)
        content["notes"] = list(dict.fromkeys((*content["notes"], *notes)))
        address = staged.request.deliver_to
        if address is not None and not job.needs_review:
            content["delivered"] = delivered(result, address, job.tenant, self.bench, cancel)
        content = with_thumbnail(content, self.bench.storage, self.lease, thumbnail)
        facts = measured(result, staged=staged.seconds, published=time.perf_counter() - start)
        return Done(content, facts, inputs=dict(staged.staging.digests))

    def _span(self, name: str) -> AbstractContextManager[Span]:
        """Return a piece of the trace of this task."""
        return self.bench.telemetry.traces.span(name, after=self.attempt.trace)

    def _tell_stages(self, span: Span, of: Result | SegmentMade) -> None:
        """Tell of the stages of the work, which were side by side, when each first began and when it last ended."""
        for name, (begin, end) in of.stage_times.items():
            busy = round(of.stage_seconds.get(name, 0.0), 3)
            self.bench.telemetry.traces.past(
                f"stage {name}", begin, end, after=span.place, facefusion_busy_seconds=busy
            )

    def _forget(self, request: JobRequest, *, with_inputs: bool) -> None:
        """Remove what was made of a job that may not be, and what was handed in for it where that is what is wrong."""
        job = self.lease.job
        prefixes = [job_prefix(job.tenant, job.id)]
        if with_inputs:
            references = map(Reference.parse, request.references())
            uploads = {each.upload for each in references if each.upload is not None}
            prefixes += [key(job.tenant, each) for each in uploads for key in (upload_key, people_prefix)]
        for prefix in prefixes:
            removed(self.bench.storage, prefix)


@dataclass(frozen=True, slots=True)
class _Staged:
    """A task whose inputs are on this machine."""

    request: JobRequest
    options: Options
    folder: Path
    staging: Staging
    seconds: float


_NOT_KEPT: Final = (ContentRefusedError, FaceBlockedError, ConsentRevokedError)
_DOING: Final[Mapping[TaskKind, Callable[[Task, _Staged], Done]]] = {
    "whole": Task.whole,
    "plan": Task.plan,
    "segment": Task.segment,
    "merge": Task.merge,
}
