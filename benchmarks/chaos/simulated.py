"""Tasks that do nothing but wait and write known bytes: what a worker with a graphics card is to all others.

A request of such a job is `{"seed": S, "segments": N, "seconds": T}`: a job that is cut has N segments of T seconds
each, one that is not takes T seconds. Its result is N blocks of bytes that follow from the seed.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from facefusion.errors import (
    DiskFullError,
    FaceFusionError,
    JobsUnavailableError,
    LeaseLostError,
    StorageError,
)
from facefusion.jobs.queue import JobQueue
from facefusion.jobs.values import Failure, Lease, SegmentOfPlan

_BLOCK: Final = 1 << 12


class Store(Protocol):
    """Where results lie; a part of `facefusion.jobs.storage.Storage`."""

    def put_bytes(self, data: bytes, key: str) -> Any:
        """Put a small file in."""

    def read(self, key: str) -> Any:
        """Return its bytes in pieces."""


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
        store: takes their files; none are written when None.
        seconds: of a lease.
        number: of the worker process.
        wait: waits for seconds, or until the event is set, and returns whether it was.
    """

    def __init__(
        self,
        queue: JobQueue,
        store: Store | None,
        *,
        seconds: float,
        number: int = 0,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._queue, self._store, self._seconds, self._wait = queue, store, seconds, wait
        self._name = f"{socket.gethostname()}:{os.getpid()}:{number}"
        self._stop = threading.Event()

    def once(self) -> bool:
        """Do the task whose turn it is; return whether there was one."""
        if self._stop.is_set():
            return False
        lease = self._queue.claim(self._name, seconds=self._seconds)
        if lease is None:
            return False
        with suppress(LeaseLostError):
            self._do(lease)
        return True

    def stop(self) -> None:
        """Give back what is being done, and begin nothing any more."""
        self._stop.set()

    def close(self) -> None:
        """Keep nothing."""

    def _do(self, lease: Lease) -> None:
        over, ended = threading.Event(), threading.Event()
        beating = threading.Thread(target=self._extend, args=(lease, over, ended), daemon=True)
        beating.start()
        try:
            if self._work(lease, over):
                self._tell(lease)
            elif self._stop.is_set():
                self._queue.released(lease)
        except (StorageError, DiskFullError) as error:
            self._queue.failed(lease, Failure.of(error, is_final=False))
        finally:
            ended.set()

    def _work(self, lease: Lease, over: threading.Event) -> bool:
        """Take the time that the task takes; return whether it came to its end."""
        left = 0.0 if lease.kind in {"plan", "merge"} else float(lease.job.request["seconds"])
        while left > 0 and not over.is_set() and not self._stop.is_set():
            step = min(left, 0.2)
            self._wait(over, step)
            left -= step
        return left <= 0 and not over.is_set()

    def _tell(self, lease: Lease) -> None:
        request = lease.job.request
        folder = f"{lease.job.tenant}/jobs/{lease.job.id}"
        if lease.kind == "plan":
            parts = [SegmentOfPlan(number, 1) for number in range(request["segments"])]
            stored = self._put(b"plan", f"{folder}/plan-{lease.token}")
            self._queue.planned(lease, {"plan": stored}, parts)
            return
        if lease.kind == "segment":
            data, key = block(request["seed"], lease.number), f"segments/{lease.number}-{lease.token}/block"
        elif lease.kind == "merge":
            data, key = b"".join(self._get(result) for result in lease.results), f"result-{lease.token}/result.bin"
        else:
            data = b"".join(block(request["seed"], number) for number in range(request["segments"]))
            key = f"result-{lease.token}/result.bin"
        self._queue.finished(lease, self._put(data, f"{folder}/{key}"))

    def _put(self, data: bytes, key: str) -> dict[str, Any]:
        found = {"address": key, "sha256": hashlib.sha256(data).hexdigest(), "data": data.hex()}
        if self._store is None:
            return found
        self._store.put_bytes(data, key)
        return {name: found[name] for name in ("address", "sha256")}

    def _get(self, result: Mapping[str, Any]) -> bytes:
        if self._store is None:
            return bytes.fromhex(result["data"])
        return b"".join(self._store.read(result["address"]))

    def _extend(self, lease: Lease, over: threading.Event, ended: threading.Event) -> None:
        while not ended.wait(self._seconds / 3):
            try:
                self._queue.extend(lease)
            except LeaseLostError:
                over.set()
                return
            except JobsUnavailableError:
                continue
            except FaceFusionError:
                over.set()
                raise
