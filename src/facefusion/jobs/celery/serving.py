"""`facefusion worker` with a broker: the workers of this machine, woken by it."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from sqlalchemy import Engine

from facefusion.errors import OptionsError
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import TaskRunner
from facefusion.jobs.celery.slots import Slots
from facefusion.jobs.celery.worker import run_worker
from facefusion.jobs.devices import device_shares, visible, with_devices
from facefusion.jobs.monitoring.showing import gathering
from facefusion.jobs.opening import open_jobs, open_worker
from facefusion.jobs.values import Did, Lease
from facefusion.jobs.worker import Worker
from facefusion.options import Options, ServingOptions

_HUNG: Final = 1


class WorkerRunner:
    """Does tasks with a worker, as a `facefusion.jobs.celery.child.TaskRunner`.

    Args:
        worker: does them; a process has one.
        slots: tasks at once.
    """

    def __init__(self, worker: Worker, slots: int = 1) -> None:
        self._worker = worker
        self._following: Lease | None = None
        self._count = slots
        self._ending = ExitStack()
        self._ending.enter_context(worker.watching())
        threading.Thread(target=self._end_if_stuck, name="stuck work", daemon=True).start()

    def once(self, *, goes_on: Callable[[], bool], freed: Callable[[int], None]) -> Did | None:
        """Do the task whose turn it is, and others beside it where there are slots; see `TaskRunner.once`."""
        if self._count > 1:
            slots = Slots(lambda begun: self._has_done_one(begun, freed), self._count)
            return Did() if slots.once() else None
        lease, self._following = self._following, None
        if lease is None and self._worker.is_ending:
            return None
        did = self._worker.work_once(lease, goes_on=goes_on)
        if did is not None:
            self._following = did.following
            freed(did.freed)
        return did

    def drain(self) -> None:
        """Begin nothing any more."""
        self._worker.drain()

    def give_back(self) -> None:
        """Give back what is being done, and begin nothing any more."""
        self._worker.give_back()

    def close(self) -> None:
        """Keep no lease any more."""
        self._ending.close()

    def _has_done_one(self, begun: Callable[[], None], freed: Callable[[int], None]) -> bool:
        did = None if self._worker.is_ending else self._worker.work_once(begun=begun)
        if did is not None:
            freed(did.freed)
        return did is not None

    def _end_if_stuck(self) -> None:
        """End the process where work that was stopped does not end, as it may in a driver; another takes its place."""
        self._worker.stuck.wait()
        os._exit(_HUNG)


def serve(options: Options, serving: ServingOptions, say: Callable[[str], None] = lambda _: None) -> int:
    """Do jobs until a signal asks this process to end; see `run_worker`.

    Args:
        options: of the place, for all jobs.
        serving: with a broker.
        say: told where figures are shown.

    Returns:
        the exit code.

    Raises:
        OptionsError: there is no broker, or none that is used; or the cards cannot be shared out so.
        JobsUnavailableError: the database cannot be reached.
        SecretError: its file cannot be used.
    """
    if serving.jobs.broker is None:
        raise OptionsError("There is no broker", "Name one with --broker")
    shares = device_shares(serving.worker.devices, serving.worker.workers)
    engine = open_jobs(serving)
    database = _place(engine)
    engine.dispose()  # children are forked, and must not share its connections

    def build(number: int) -> TaskRunner:
        share = shares[number % len(shares)]
        os.environ.update(visible(share))  # before this process, or the one it was forked from, has looked for cards
        return WorkerRunner(open_worker(with_devices(options, share), serving), serving.worker.slots)

    with gathering(serving, say) as place:
        return run_worker(
            Broker(serving.jobs.broker),
            database,
            build,
            name=f"{secrets.token_hex(3)}@{socket.gethostname()}",
            children=len(shares),
            drain_seconds=serving.worker.drain_seconds,
            place=place,
        )


def _place(engine: Engine) -> str:
    """Return what `open_database` opens as the same database."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
