"""Whose turn it is: messages are leased to senders, so that several services send each once, and lost ones again.

A lease is a time until which nobody else takes the message; a sender that dies is forgotten by then. Every call is one
transaction. What a sender tells after its lease went to another, or after a user sent the message anew, is not heard.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Engine, Row, delete, func, select, update

from facefusion.jobs.database import Clock, database_time, reading, until_it_goes_through, writing
from facefusion.jobs.outbox import new_message
from facefusion.jobs.outbox.tables import DELIVERIES, WEBHOOK_KINDS, WEBHOOKS
from facefusion.service.webhooks.post import Answer
from facefusion.service.webhooks.rows import write_message
from facefusion.service.webhooks.settings import Tries
from facefusion.service.webhooks.values import DISABLED

_LOOKED_AT: Final = 500
_AT_ONCE: Final = 4  # messages to one webhook, so that a slow one leaves room for others
_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now.

    Attributes:
        row: of `DELIVERIES`.
        webhook: row of `WEBHOOKS`.
        token: of the lease.
        now: when it was given, in microseconds.
    """

    row: Row[Any]
    webhook: Row[Any]
    token: int
    now: int


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a message.

    Attributes:
        state: `delivered`, `waiting` for the next try, `dead`, or `lost` where somebody else has it.
        is_disabled: whether its webhook was disabled with that.
    """

    state: str
    is_disabled: bool = False


class Outbox:
    """Gives messages to senders, and takes what became of them.

    Args:
        engine: the database of jobs.
        tries: how often is tried.
        clock: tells the time.
        chance: returns a number from 0 to 1, by which waits are spread.
    """

    def __init__(
        self,
        engine: Engine,
        tries: Tries,
        *,
        clock: Clock = database_time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._engine, self._tries = engine, tries
        self._clock, self._chance = clock, chance

    @until_it_goes_through
    def claim(self, most: int) -> list[Due]:
        """Lease messages whose time has come, a few for each webhook.

        Args:
            most: messages.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:  # where nothing is to be done nobody is kept from writing
            if not _due(connection, self._clock(connection), most):
                return []
        with writing(self._engine) as connection:
            now = self._clock(connection)
            until = now + round(self._tries.lease * 1e6)
            taken = [self._taken(connection, number, now, until) for number in _due(connection, now, most)]
            return [due for due in taken if due is not None]

    @until_it_goes_through
    def became(self, due: Due, answer: Answer) -> Became:
        """Take what became of a message.

        Args:
            due: the message.
            answer: of its receiver.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            now = self._clock(connection)
            if not answer.reason:
                return self._arrived(connection, due, answer, now)
            wait = self._tries.waiting(due.row.attempts + 1, self._chance())
            later = now + round(max(wait, min(answer.after or 0.0, self._tries.longest)) * 1e6)
            is_dead = answer.status == _GONE or later - due.row.since > self._tries.give_up * 1e6
            values: dict[str, Any] = {"not_before": later, "status": answer.status, "reason": answer.reason[:300]}
            if is_dead:
                values |= {"state": "dead", "ended": now}
            if not _ended(connection, due, values):
                return Became("lost")
            return Became("dead" if is_dead else "waiting", self._failed(connection, due, answer, now))

    @until_it_goes_through
    def tidy(self) -> int:
        """Give up what waited too long, as it does where a webhook is disabled, and forget what is old.

        Returns:
            how many messages were given up.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            now = self._clock(connection)
            old = DELIVERIES.c.ended < now - round(self._tries.keep * 1e6)
            connection.execute(delete(DELIVERIES).where((DELIVERIES.c.state != "waiting") & old))
            late = DELIVERIES.c.since < now - round(self._tries.give_up * 1e6)
            free = DELIVERIES.c.until.is_(None) | (DELIVERIES.c.until < now)
            values = {"state": "dead", "ended": now, "reason": func.coalesce(DELIVERIES.c.reason, "it was not tried")}
            waiting = (DELIVERIES.c.state == "waiting") & late & free
            return connection.execute(update(DELIVERIES).where(waiting).values(values)).rowcount

    def _taken(self, connection: Connection, number: int, now: int, until: int) -> Due | None:
        """Lease a message, unless somebody else was faster."""
        wanted = (DELIVERIES.c.number == number) & _is_due(now)
        values = {"until": until, "not_before": until, "token": DELIVERIES.c.token + 1}
        if _rows(connection, update(DELIVERIES).where(wanted).values(values)) != 1:
            return None
        row = connection.execute(select(DELIVERIES).where(DELIVERIES.c.number == number)).one()
        webhook = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.id == row.webhook)).one_or_none()
        return None if webhook is None else Due(row, webhook, row.token, now)

    def _arrived(self, connection: Connection, due: Due, answer: Answer, now: int) -> Became:
        values = {"state": "delivered", "status": answer.status, "reason": None, "ended": now}
        if not _ended(connection, due, values):
            return Became("lost")
        failing = (WEBHOOKS.c.id == due.webhook.id) & WEBHOOKS.c.failing_since.is_not(None)
        connection.execute(update(WEBHOOKS).where(failing).values(failing_since=None))
        return Became("delivered")

    def _failed(self, connection: Connection, due: Due, answer: Answer, now: int) -> bool:
        """Note that a webhook fails; disable one that did for too long, and tell of it."""
        mine = WEBHOOKS.c.id == due.webhook.id
        fresh = mine & WEBHOOKS.c.failing_since.is_(None)
        connection.execute(update(WEBHOOKS).where(fresh).values(failing_since=now))
        since = connection.execute(select(WEBHOOKS.c.failing_since).where(mine)).scalar_one_or_none()
        if since is None:  # it was removed meanwhile
            return False
        if answer.status == _GONE:
            reason = "the receiver answered 410: it wants no more"
        elif now - since > self._tries.disable * 1e6:
            reason = f"nothing arrived for {self._tries.disable / 86400:g} days; the last: {answer.reason}"[:200]
        else:
            return False
        values = {"is_enabled": False, "disabled_reason": reason, "revision": WEBHOOKS.c.revision + 1}
        if _rows(connection, update(WEBHOOKS).where(mine & WEBHOOKS.c.is_enabled).values(values)) != 1:
            return False
        _tell_others(connection, due.webhook, now, reason)
        return True


def _due(connection: Connection, now: int, most: int) -> list[int]:
    """Return the numbers of messages that are due, those first that have been for longest."""
    busy = select(DELIVERIES.c.webhook).where(DELIVERIES.c.until > now).group_by(DELIVERIES.c.webhook)
    busy = busy.having(func.count() >= _AT_ONCE)
    enabled = select(WEBHOOKS.c.id).where(WEBHOOKS.c.is_enabled)
    wanted = select(DELIVERIES.c.number, DELIVERIES.c.webhook, DELIVERIES.c.not_before).where(
        _is_due(now) & DELIVERIES.c.webhook.in_(enabled) & DELIVERIES.c.webhook.not_in(busy)
    )
    first = wanted.order_by(DELIVERIES.c.not_before, DELIVERIES.c.number).limit(_LOOKED_AT).subquery()
    place = func.row_number().over(partition_by=first.c.webhook, order_by=(first.c.not_before, first.c.number))
    ranked = select(first, place.label("place")).subquery()
    few = select(ranked.c.number).where(ranked.c.place <= _AT_ONCE)
    return list(connection.execute(few.order_by(ranked.c.not_before, ranked.c.number).limit(most)).scalars())


def _is_due(now: int) -> Any:
    return (DELIVERIES.c.state == "waiting") & (DELIVERIES.c.not_before <= now)


def _ended(connection: Connection, due: Due, values: dict[str, Any]) -> bool:
    """End a lease; return whether it was still held."""
    held = (DELIVERIES.c.number == due.row.number) & (DELIVERIES.c.token == due.token)
    counted = {"attempts": DELIVERIES.c.attempts + 1, "until": None}
    return _rows(connection, update(DELIVERIES).where(held).values({**values, **counted})) == 1


def _tell_others(connection: Connection, webhook: Row[Any], now: int, reason: str) -> None:
    wanted = select(WEBHOOK_KINDS.c.webhook).join(WEBHOOKS, WEBHOOKS.c.id == WEBHOOK_KINDS.c.webhook)
    mine = (WEBHOOK_KINDS.c.tenant == webhook.tenant) & (WEBHOOK_KINDS.c.kind == DISABLED)
    others = connection.execute(wanted.where(mine & WEBHOOKS.c.is_enabled)).scalars().all()
    facts, message = {"webhook": webhook.id, "reason": reason}, new_message()
    for other in others:
        write_message(connection, webhook.tenant, other, now=now, kind=DISABLED, message=message, facts=facts)


def _rows(connection: Connection, statement: Any) -> int:
    done: CursorResult[Any] = connection.execute(statement)
    return done.rowcount
