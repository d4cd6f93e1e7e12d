"""The broker: where it is, and how it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from facefusion.errors import OptionsError

_RABBITMQ: Final = frozenset({"amqp", "amqps"})
_REDIS: Final = frozenset({"redis", "rediss", "sentinel"})


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker and what is asked of it.

    Attributes:
        url: of RabbitMQ (`amqp://`, `amqps://`) or Redis (`redis://`, `rediss://`, `sentinel://`).
        queue: name of the queue; deployments that share a broker need one each.
        longest: seconds that a task may take. The broker holds a message for whoever works on it that long; one that
            takes longer is still done only once, but wakes another worker for nothing.
        most: messages that wait at one time; more would wake nobody earlier.
        beat: seconds between looks for tasks that nobody was woken for, and for workers that are lost.
        patience: seconds that a broker may take to answer.
        deliveries: times that a message comes back from workers that were lost before it is laid aside (RabbitMQ).
    """

    url: str
    queue: str = "facefusion.work"
    longest: float = 6 * 3600.0
    most: int = 1000
    beat: float = 5.0
    patience: float = 5.0
    deliveries: int = 20

    def __post_init__(self) -> None:
        """Make sure that the URL is one of a broker that is used.

        Raises:
            OptionsError: it is not.
        """
        if self._scheme not in _RABBITMQ | _REDIS:
            raise OptionsError(
                f"A broker of the kind {self._scheme or 'without a scheme'} is not used",
                "Name one such as amqp://user:password@host// or redis://host:6379/0",
            )

    @property
    def is_redis(self) -> bool:
        """Whether it is Redis, not RabbitMQ."""
        return self._scheme in _REDIS

    @property
    def dead_queue(self) -> str:
        """Name of the queue for messages that are laid aside (RabbitMQ)."""
        return f"{self.queue}.dead"

    @property
    def _scheme(self) -> str:
        return urlsplit(self.url).scheme
