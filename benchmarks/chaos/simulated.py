"""Tasks that do nothing but wait and write known bytes: what a worker with a graphics card is to all others.

A request of such a job is `{"seed": S, "segments": N, "seconds": T}`: a job that is cut has N segments of T seconds
each, one that is not takes T seconds. Its result is N blocks of bytes that follow from the seed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from facefusion.errors import DiskFullError, JobsUnavailableError, LeaseLostError, StorageError
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.storage import Storage, Stored
from facefusion.jobs.values import Did, Failure, Lease, SegmentOfPlan

_BLOCK: Final = 1 << 16
_STEP: Final = 0.2


def block(seed: int, number: int) -> bytes:
    """Return what one segment of a simulated job is."""
    piece = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return piece * (_BLOCK // len(piece))


def expected(request: Mapping[str, Any]) -> str:
    """Return the digest of the result of a simulated job, in hexadecimal digits."""
    whole = b"".join(block(request["seed"], number) for number in range(request["segments"]))
    return hashlib.sha256(whole).hexdigest()


class SimulatedRunner:
    """Does simulated tasks, as a `facefusion.jobs.celery.child.TaskRunner`.

    Args:
        queue: gives them.
        storage: takes their files; nothing is kept but digests when None.
        scratch: folder for files that are being made.
        seconds: of a lease.
        number: of the worker process.
        wait: waits for seconds, or until the event is set.
        clock: tells the time in seconds.
    """

    def __init__(
        self,
        queue: JobQueue,
        storage: Storage | None,
        scratch: Path,
        *,
        seconds: float,
        number: int = 0,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._storage, self._scratch = queue, storage, scratch
        self._seconds, self._wait, self._clock = seconds, wait, clock
        self._name = f"{socket.gethostname()}:{os.getpid()}:{number}"
        self._ending, self._stop = threading.Event(), threading.Event()
        self._following: Lease | None = None

    def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
        """Do the task whose turn it is; see `TaskRunner.once`."""
        lease, self._following = self._following, None
        if lease is not None and self._ending.is_set():
            self._queue.released(lease)
            freed(1)
            return Did(freed=1)
        if lease is None and not self._ending.is_set():
            lease = self._queue.claim(self._name, seconds=self._seconds)
        if lease is None:
            return None
        count = 0
        with suppress(LeaseLostError):
            count = self._do(lease, goes_on)
        freed(count)
        return Did(count, self._following)

    def drain(self) -> None:
        """Begin nothing any more."""
        self._ending.set()

    def give_back(self) -> None:
        """Give back what is being done, and begin nothing any more."""
        self._ending.set()
        self._stop.set()

    def close(self) -> None:
        """Keep nothing."""

    def _do(self, lease: Lease, goes_on: Callable[[], bool]) -> int:
        """Do a task, and return how many others may begin because of it."""
        over, ended = threading.Event(), threading.Event()
        beating = threading.Thread(target=self._extend, args=(lease, over, ended), daemon=True)
        beating.start()
        try:
            if self._took_its_time(lease, over):
                return self._tell(lease, goes_on)
            if self._stop.is_set():
                self._queue.released(lease)
                return 1
        except (StorageError, DiskFullError) as error:
            self._queue.failed(lease, Failure.of(error, is_final=False))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            full = Failure("DiskFullError", DiskFullError.exit_code, "The worker's disk is full")
            self._queue.failed(lease, full)
        finally:
            ended.set()
        return 0

    def _took_its_time(self, lease: Lease, over: threading.Event) -> bool:
        end = self._clock() + (0.0 if lease.kind in {"plan", "merge"} else float(lease.job.request["seconds"]))
        while (left := end - self._clock()) > 0 and not over.is_set() and not self._stop.is_set():
            self._wait(over, min(left, _STEP))
        return left <= 0 and not over.is_set()

    def _tell(self, lease: Lease, goes_on: Callable[[], bool]) -> int:
        seed, segments = lease.job.request["seed"], range(lease.job.request["segments"])
        if lease.kind == "plan":
            plan = {"plan": self._put(b"plan", f"plan-{lease.token}", lease)}
            made = [SegmentOfPlan(number, 1) for number in segments]
            self._following = self._queue.planned(lease, plan, made, next_for=self._next_for(goes_on))
            return len(made)
        if lease.kind == "segment":
            name, data = f"segments/{lease.number}-{lease.token}/block", block(seed, lease.number)
        else:
            merged = self._merged(lease) if lease.kind == "merge" else [block(seed, number) for number in segments]
            name, data = f"result-{lease.token}/result.bin", b"".join(merged)
        result = self._put(data, name, lease)
        self._following = self._queue.finished(lease, result, next_for=self._next_for(goes_on))
        return 0

    def _next_for(self, goes_on: Callable[[], bool]) -> str | None:
        return self._name if goes_on() and not self._ending.is_set() else None

    def _merged(self, lease: Lease) -> list[bytes]:
        if self._storage is None:
            return [block(lease.job.request["seed"], number) for number in range(len(lease.results))]
        return [self._got(self._storage, result) for result in lease.results]

    def _got(self, storage: Storage, result: Mapping[str, Any]) -> bytes:
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder, "block")
            storage.get(Stored.of_json(result), path)
            return path.read_bytes()

    def _put(self, data: bytes, name: str, lease: Lease) -> dict[str, Any]:
        if self._storage is None:
            return {"sha256": hashlib.sha256(data).hexdigest()}
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder, "made")
            path.write_bytes(data)
            return self._storage.put(path, f"{lease.job.tenant}/jobs/{lease.job.id}/{name}").to_json()

    def _extend(self, lease: Lease, over: threading.Event, ended: threading.Event) -> None:
        while not ended.wait(self._seconds / 3):
            try:
                self._queue.extend(lease)
            except LeaseLostError:
                over.set()
                return
            except JobsUnavailableError:
                continue  # it is asked again, until the lease is over
