"""What became of messages to webhooks, and sending one again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select, update

from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.jobs.newest import newest
from facefusion.jobs.outbox import new_message
from facefusion.jobs.outbox.tables import DELIVERIES
from facefusion.service.webhooks.rows import delivery_with, webhook_with, write_message
from facefusion.service.webhooks.values import PING, Delivery, DeliveryState, delivery_of


class Deliveries:
    """Shows messages to webhooks.

    Args:
        engine: the database of jobs.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock

    @until_it_goes_through
    def ping(self, tenant: str, webhook: str) -> Delivery:
        """Send a message of the kind `webhook.test`, as soon as may be; one that is disabled gets it when enabled.

        Errors as of `delivery`.
        """
        with writing(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            now, message = self._clock(connection), new_message()
            write_message(connection, tenant, webhook, now=now, kind=PING, message=message)
            return delivery_with(connection, tenant, webhook, message)

    def delivery(self, tenant: str, webhook: str, message: str) -> Delivery:
        """Return what became of one message.

        Raises:
            ResourceUnknownError: there is none of this tenant.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return delivery_with(connection, tenant, webhook, message)

    def deliveries(
        self,
        tenant: str,
        webhook: str,
        *,
        states: Sequence[DeliveryState] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> list[Delivery]:
        """Return what became of messages, the newest first.

        Args:
            tenant: whose they are.
            webhook: to which they go.
            states: in which they are; all when empty.
            before: number of the one with which the page before ended; None for the first page.
            limit: most of them.

        Raises:
            ResourceUnknownError: there is none of this tenant.
            JobsUnavailableError: the database cannot be used.
        """
        wanted = select(DELIVERIES)
        if states:
            wanted = wanted.where(DELIVERIES.c.state.in_(states))
        whose, number = (DELIVERIES.c.webhook, webhook), DELIVERIES.c.number
        wanted = newest(self._engine.dialect, wanted, [whose], number, before=before, limit=limit)
        with reading(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            return [delivery_of(row) for row in connection.execute(wanted)]

    @until_it_goes_through
    def redeliver(self, tenant: str, webhook: str, message: str) -> Delivery:
        """Send a message again from now on, whatever became of it; errors as of `delivery`."""
        with writing(self._engine) as connection:
            webhook_with(connection, tenant, webhook)
            found = delivery_with(connection, tenant, webhook, message)
            now = self._clock(connection)
            # Whoever is sending it right now has an older token: what comes of that does not end this.
            again = {"since": now, "not_before": now, "attempts": 0, "token": DELIVERIES.c.token + 1}
            values = {"state": "waiting", "until": None, "status": None, "reason": None, "ended": None, **again}
            connection.execute(update(DELIVERIES).where(DELIVERIES.c.number == found.number).values(values))
            return delivery_with(connection, tenant, webhook, message)
