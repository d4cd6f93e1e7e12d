"""The part of a Celery worker that takes messages, without all that we do not use of it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Final

from celery import bootsteps
from celery.worker.consumer import Consumer

from facefusion.jobs.celery.message import flaw

_LOG: Final = logging.getLogger(__name__)
_WAIT: Final = 1.0
_MOST_WAIT: Final = 5.0


class WakeConsumer(Consumer):  # type: ignore[misc]  # Celery has no types
    """Takes messages that are ours, and refuses all others, which RabbitMQ then lays aside."""

    class Blueprint(bootsteps.Blueprint):  # type: ignore[misc]
        """Its parts: no gossip, no events, no remote control, no queues for delays."""

        name = "Consumer"
        default_steps: Final = (
            "celery.worker.consumer.connection:Connection",
            "celery.worker.consumer.mingle:Mingle",
            "celery.worker.consumer.tasks:Tasks",
            "celery.worker.consumer.consumer:Evloop",
        )

        def shutdown(self, parent: Any) -> None:
            """End all parts."""
            self.send_all(parent, "shutdown")

    def ensure_connected(self, conn: Any) -> Any:
        """Connect; a broker that is away is asked each few seconds, where Celery would wait for half a minute."""
        often = {"interval_start": _WAIT, "interval_step": _WAIT, "interval_max": _MOST_WAIT}
        conn.ensure_connection = functools.partial(conn.ensure_connection, **often)
        return super().ensure_connected(conn)

    def create_task_handler(self, *arguments: Any, **named: Any) -> Callable[[Any], Any]:
        """Return what is called with each message."""
        handle: Callable[[Any], Any] = super().create_task_handler(*arguments, **named)

        def checked(message: Any) -> Any:
            message.ack_log_error = self._settling(message, message.ack_log_error)
            message.reject_log_error = self._settling(message, message.reject_log_error)
            wrong = flaw(message)
            if wrong is None:
                return handle(message)
            _LOG.error("A message in the queue was refused: %s", wrong)
            return message.reject_log_error(_LOG, self.connection_errors)

        return checked

    def _settling(self, message: Any, settle: Callable[..., Any]) -> Callable[..., Any]:
        """Return what settles a message, and connects anew where the broker could not be told.

        Celery only logs that. On Redis the message counts as being worked on from then on; as nothing is read while
        a worker has all that it may have, nothing would ever notice that the connection is lost.
        """

        def settled(*arguments: Any, **named: Any) -> None:
            settle(*arguments, **named)
            consumer = self.task_consumer
            # Messages of an earlier connection are not this one's: their broker has given them back by itself.
            if not message.acknowledged and consumer is not None and message.channel is consumer.channel:
                self.hub.call_soon(_lose)

        return settled


def _lose() -> None:
    raise ConnectionResetError("A message could not be settled")
