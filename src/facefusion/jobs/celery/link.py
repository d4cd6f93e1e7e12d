"""A connection to the broker for those who send."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from kombu.connection import Connection
from kombu.exceptions import KombuError

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.message import BODY, CONTENT_TYPE, ENCODING, headers
from facefusion.jobs.celery.settings import queues, transport

_PERSISTENT: Final = 2
_Value = TypeVar("_Value")


class Link:
    """One connection, made when it is first needed and again where it broke; for one thread at a time.

    Args:
        broker: to which it leads.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._queues = queues(broker)
        self._connection: Any = None
        self._channel: Any = None

    def waiting(self) -> int:
        """Return how many messages no worker has taken yet.

        Raises:
            JobsUnavailableError: the broker cannot be reached.
        """
        return self._through(self._count)

    def laid_aside(self) -> int:
        """Return how many messages the broker laid aside; 0 on Redis, which does not.

        Raises:
            JobsUnavailableError: the broker cannot be reached.
        """
        if self._broker.is_redis:
            return 0
        return self._through(lambda: int(self._queues[1](self._channel).queue_declare()[1]))

    def send(self, count: int) -> int:
        """Send messages; not more than the broker is to hold, and on RabbitMQ each is confirmed by it.

        Args:
            count: how many.

        Returns:
            how many were sent.

        Raises:
            JobsUnavailableError: the broker cannot be reached; some may have been sent.
        """
        return self._through(lambda: self._send(min(count, self._broker.most - self._count())))

    def keep(self, count: int) -> int:
        """Send as many messages as are missing to so many that wait; returns and raises as `send` does."""
        return self._through(lambda: self._send(min(count, self._broker.most) - self._count()))

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*_errors(connection)):
                connection.collect(socket_timeout=self._broker.patience)

    def _through(self, call: Callable[[], _Value]) -> _Value:
        """Make a call, and once more with a new connection where it had been made before and is broken."""
        is_new = self._connection is None
        try:
            return self._tried(call)
        except JobsUnavailableError:
            if is_new:
                raise
        return self._tried(call)

    def _tried(self, call: Callable[[], _Value]) -> _Value:
        if self._connection is None:
            self._connection = Connection(
                self._broker.url,
                connect_timeout=self._broker.patience,
                heartbeat=0,  # nobody would be there to answer
                transport_options=transport(self._broker, is_publisher=True),
            )
        try:
            if self._channel is None:
                self._channel = self._connection.channel()
                for queue in self._queues:
                    queue(self._channel).declare()
            return call()
        except _errors(self._connection) as error:
            self.close()
            raise JobsUnavailableError(
                f"The broker cannot be used: {_reason(error)}",
                "Nothing is lost: workers are woken when it is back",
            ) from error

    def _count(self) -> int:
        # Declared as it is, not asked for passively: a queue that somebody removed is there again.
        declared = self._queues[0](self._channel).queue_declare()
        return int(declared[1])

    def _send(self, count: int) -> int:
        for _ in range(count):
            # A message goes by the exchange without a name to the queue that it names.
            prepared = self._channel.prepare_message(
                BODY,
                content_type=CONTENT_TYPE,
                content_encoding=ENCODING,
                headers=headers(),
                properties={"delivery_mode": _PERSISTENT},
            )
            confirming = {} if self._broker.is_redis else {"confirm_timeout": self._broker.patience}
            self._channel.basic_publish(prepared, exchange="", routing_key=self._broker.queue, **confirming)
        return max(0, count)


def _errors(connection: Any) -> tuple[type[BaseException], ...]:
    return (*connection.connection_errors, *connection.channel_errors, KombuError, OSError)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
