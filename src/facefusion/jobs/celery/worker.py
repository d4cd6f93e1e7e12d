"""A worker of one machine: processes that wait for messages and do tasks.

The processes are forked (Celery's prefork pool), not threads: one that is killed, crashes in a driver or runs out of
memory takes one task with it, not all; each has its own models and its own device; and one that has grown is replaced
after a number of tasks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from billiard import current_process
from celery import signals

from facefusion.jobs.celery.app import make_app
from facefusion.jobs.celery.beat import told
from facefusion.jobs.celery.beating import beating
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.child import Child, TaskRunner, Tether
from facefusion.jobs.celery.dispatcher import CeleryDispatcher
from facefusion.jobs.monitoring.showing import Place

TASKS_PER_CHILD: Final = 500
"""Messages after which a child is replaced; its models are loaded anew then, which takes seconds."""


def run_worker(
    broker: Broker,
    database: str,
    build: Callable[[int], TaskRunner],
    *,
    name: str,
    children: int = 1,
    tasks_per_child: int = TASKS_PER_CHILD,
    drain_seconds: float = 0.0,
    place: Place | None = None,
) -> int:
    """Wait for messages and do tasks, until a signal asks this process to end; from its main thread.

    On the first SIGTERM or SIGINT nothing is begun any more; on the second, or when it takes too long, what is being
    done is given back. On SIGQUIT children are ended at once, and others get their tasks when their leases are over.

    Args:
        broker: from which messages come.
        database: a SQLite file or a URL, for the beat.
        build: makes what does tasks, in each child; gets the child's number, from 0.
        name: of this worker; no other of this broker has it.
        children: processes, each of which does one task at a time.
        tasks_per_child: messages after which a child is replaced.
        drain_seconds: that children have for what they are at, when this process is asked to end.
        place: where figures are shown, by the process of the beat; None for nowhere.

    Returns:
        the exit code.
    """
    draining, ending = Tether(), Tether()
    child = Child(build, CeleryDispatcher(broker), draining=draining, ending=ending, seconds=drain_seconds)
    app = make_app(broker, child.work, tasks_per_child=tasks_per_child)
    app.steps["worker"].add(beating(told(database, broker, place), place))
    with _connected(child, draining, ending):
        worker = app.Worker(
            hostname=name,
            pool="prefork",
            concurrency=children,
            loglevel=logging.getLogger().getEffectiveLevel(),
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
    return int(worker.exitcode or 0)


@contextmanager
def _connected(child: Child, draining: Tether, ending: Tether) -> Iterator[None]:
    """Have Celery call what is to be called as long as the block lasts."""

    def begin(**_: Any) -> None:
        child.begin(current_process().index)

    def end(**_: Any) -> None:
        child.end()

    def stop(**_: Any) -> None:
        (ending if draining.is_cut else draining).cut()

    def leave_alone(**_: Any) -> None:
        """Where somebody listens to this signal, Celery leaves the set-up of logging alone."""

    heard = {
        signals.worker_process_init: begin,
        signals.worker_process_shutdown: end,
        signals.worker_shutting_down: stop,
        signals.setup_logging: leave_alone,
    }
    for signal, call in heard.items():
        signal.connect(call, weak=False)
    try:
        yield
    finally:
        for signal, call in heard.items():
            signal.disconnect(call)
