"""The Celery application: one task, which has no arguments and no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Celery

from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.message import TASK
from facefusion.jobs.celery.settings import settings


def make_app(broker: Broker, work: Callable[[], None], *, tasks_per_child: int) -> Any:
    """Return an application of its own, which knows no task but ours.

    Args:
        broker: from which its messages come.
        work: what is done for a message.
        tasks_per_child: messages after which a child process is replaced by a new one.
    """
    app = Celery("facefusion", set_as_current=False)
    app.conf.update(settings(broker, tasks_per_child=tasks_per_child))

    def do_one() -> None:
        work()

    app.task(do_one, name=TASK, shared=False)
    app.finalize()
    for name in [name for name in app.tasks if name != TASK]:
        app.tasks.unregister(name)
    return app
