"""A job in steps, without a database: `plan`, `run-segment`, `merge`, for Slurm, Argo, Airflow and their like.

All that is known of the job lies in one place, a shared folder or an object store:

    job.json              the request, the plan's content and number of segments
    segments/N.json       what came of segment N, written when all its files are there
    result.json           what came of the job
    TENANT/…              the files themselves, under keys as those of any job

Steps may be done by any machine that has the keys of the same place, in any order, and again: whatever is there already
is not made anew.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from facefusion.engine.progress import ProgressListener
from facefusion.errors import SegmentError, StorageMissingError
from facefusion.jobs.request import JobRequest
from facefusion.jobs.states import TaskKind
from facefusion.jobs.storage import Storage, Stored
from facefusion.jobs.values import Job, Lease
from facefusion.jobs.work.attempt import Attempt
from facefusion.jobs.work.bench import Bench
from facefusion.jobs.work.task import Done, Task
from facefusion.trust.actor import actor_of

_JOB: Final = "job.json"
_RESULT: Final = "result.json"
_TOKENS: Final = 1 << 62
_HOURS: Final = 3600.0
_VERSION: Final = 1


class _Attempt(Attempt):
    """An attempt that tells somebody how far it is."""

    def __init__(self, lease: Lease, progress: ProgressListener | None, cancel: threading.Event | None) -> None:
        super().__init__(lease)
        self.cancel = cancel or self.cancel
        self._listener = progress

    def progress(self, progress: Any) -> None:
        super().progress(progress)
        if self._listener is not None:
            self._listener(progress)


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one job.

    Attributes:
        bench: what they are done with; its storage is the place of the job.
        progress: called now and then with how far a step is.
        cancel: a step stops soon after it is set.
    """

    bench: Bench
    progress: ProgressListener | None = None
    cancel: threading.Event | None = None

    def plan(self, request: JobRequest) -> dict[str, Any]:
        """Plan a job; return what is known of it.

        Raises:
            SegmentError: another job lies at this place.
            FaceFusionError: it cannot be planned.
        """
        trust = self.bench.options.trust
        job = {"version": _VERSION, "tenant": trust.tenant, "owner": actor_of(trust), "request": request.to_json()}
        job["id"] = secrets.token_hex(16)
        there = self._read(_JOB)
        if there is not None:
            if any(there.get(name) != value for name, value in job.items() if name != "id"):
                raise SegmentError("Another job lies at this place", "Choose another --work for this one")
            return there
        done = self._do("plan", job)
        job |= {"plan": done.content, "segments": [each.frames for each in done.segments]}
        self._write(_JOB, job)
        return job

    def segments(self) -> list[int]:
        """Return how many frames each segment has.

        Raises:
            SegmentError: nothing was planned here.
        """
        return list(self._job()["segments"])

    def run_segment(self, number: int) -> bool:
        """Make one segment; return whether it was made, and not there already.

        Raises:
            SegmentError: nothing was planned here, or the plan has no such segment.
            FaceFusionError: it cannot be made.
        """
        job = self._job()
        if not 0 <= number < len(job["segments"]):
            raise SegmentError(f"The plan has no segment {number}", f"Choose from 0 to {len(job['segments']) - 1}")
        if self._segment(job, number) is not None:
            return False
        done = self._do("segment", job, number)
        self._write(_segment(number), {"plan": job["plan"]["digest"], "content": done.content})
        return True

    def merge(self) -> dict[str, Any]:
        """Make the outputs, and return what they are; those that are there already stay.

        Raises:
            SegmentError: nothing was planned here, or segments are missing or of another plan.
            FaceFusionError: it cannot be made.
        """
        job = self._job()
        result = self._read(_RESULT)
        if result is not None and self._is_there(result["outputs"]):
            return result
        found = [self._segment(job, number) for number in range(len(job["segments"]))]
        missing = [str(number) for number, content in enumerate(found) if content is None]
        if missing:
            shown = ", ".join(missing[:20]) + (", …" if len(missing) > 20 else "")
            raise SegmentError(f"{len(missing)} of {len(found)} segments are missing: {shown}", "Make them first")
        done = self._do("merge", job, results=tuple(content for content in found if content is not None))
        self._write(_RESULT, dict(done.content))
        return dict(done.content)

    def _segment(self, job: Mapping[str, Any], number: int) -> Mapping[str, Any] | None:
        """Return what came of a segment; None where it is still to be made.

        Raises:
            SegmentError: it was made under another plan.
        """
        there = self._read(_segment(number))
        if there is None:
            return None
        if there.get("plan") != job["plan"]["digest"]:
            raise SegmentError(f"Segment {number} was made under another plan", "Choose another --work for this job")
        content: Mapping[str, Any] = there["content"]
        return content if self._is_there(content["files"].values()) else None

    def _is_there(self, files: Any) -> bool:
        return all(self.bench.storage.size(each["address"]) is not None for each in files)

    def _job(self) -> dict[str, Any]:
        job = self._read(_JOB)
        if job is None or job.get("version") != _VERSION:
            raise SegmentError("No job was planned at this place", "Run `facefusion job plan --work` first")
        return job

    def _do(
        self,
        kind: TaskKind,
        job: Mapping[str, Any],
        number: int = 0,
        results: tuple[Mapping[str, Any], ...] = (),
    ) -> Done:
        now = datetime.now(UTC)
        kept = Job(
            *(1, job["id"], job["tenant"], job["owner"], "running"),
            is_paused=False,
            needs_review=False,
            priority=0,
            revision=1,
            request=job["request"],
            created=now,
            queued=now,
            started=now,
            finished=None,
            segments=None,
            segments_done=0,
            frames=None,
            failure=None,
            result=None,
            review=None,
        )
        lease = Lease(
            *(0, secrets.randbelow(_TOKENS), kind, number, kept, job.get("plan"), results),
            until=now,
            seconds=_HOURS,
            attempt=1,
        )
        return Task(_Attempt(lease, self.progress, self.cancel), self.bench).do()

    def _read(self, key: str) -> dict[str, Any] | None:
        return read_json(self.bench.storage, key)

    def _write(self, key: str, values: Mapping[str, Any]) -> None:
        self.bench.storage.put_bytes(json.dumps(values, indent=1).encode(), key)


def read_json(storage: Storage, key: str) -> dict[str, Any] | None:
    """Return what a file of JSON says; None where there is none.

    Raises:
        SegmentError: it is damaged.
        StorageError: it cannot be read.
    """
    try:
        data = b"".join(storage.read(key))
    except StorageMissingError:
        return None
    try:
        values = json.loads(data)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise SegmentError(f"{key} is damaged", "Remove it, and do this step again")
    return values


def outputs_of(result: Mapping[str, Any]) -> list[tuple[str, Stored]]:
    """Return the outputs of a job by their names."""
    return [(each["name"], Stored.of_json(each)) for each in result["outputs"]]


def _segment(number: int) -> str:
    return f"segments/{number}.json"
