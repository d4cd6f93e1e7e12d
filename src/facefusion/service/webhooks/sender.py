"""The sender: takes messages from the outbox, signs and sends them, and says what became of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from facefusion.client.signature import signed_headers
from facefusion.errors import FaceFusionError, SecretError
from facefusion.service.background.supervised import Failed, logged
from facefusion.service.webhooks.body import body_of
from facefusion.service.webhooks.endpoints import Webhooks
from facefusion.service.webhooks.outbox import Due, Outbox
from facefusion.service.webhooks.post import Answer, Poster
from facefusion.telemetry import catalogue
from facefusion.telemetry.recording import Recorder, Unrecorded

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 32
_TIDY_SECONDS: Final = 600.0
_MOST_IDLE: Final = 30.0


class WebhookSender:
    """Sends what is in the outbox, for as long as it is let.

    Args:
        outbox: gives messages.
        webhooks: knows their secrets.
        poster: sends them.
        public_url: by which others reach the service, for links; none when None.
        idle: seconds between looks where nothing is to be sent.
        at_once: messages that are sent at one time.
        figures: what is counted; nothing when None.
    """

    def __init__(
        self,
        outbox: Outbox,
        webhooks: Webhooks,
        poster: Poster,
        *,
        public_url: str | None = None,
        idle: float = 1.0,
        at_once: int = _AT_ONCE,
        figures: Recorder | None = None,
    ) -> None:
        self._outbox, self._webhooks, self._poster = outbox, webhooks, poster
        self._public_url, self._idle, self._at_once = public_url, idle, at_once
        self._figures = figures or Unrecorded()

    async def run(self, stopping: asyncio.Event, failed: Failed = logged) -> None:
        """Send until it is told to stop; what is on its way then is brought to its end.

        While the database is away it waits, longer each time, and goes on when that is back.

        Args:
            stopping: tells it to stop.
            failed: told of errors that nobody foresaw in sending one message, after which others are sent.
        """
        sending: set[asyncio.Task[None]] = set()
        over = asyncio.create_task(_until(stopping))
        try:
            await self._go_on(over, sending, failed)
        finally:
            over.cancel()
            await asyncio.gather(*sending)

    async def once(self) -> int:
        """Send what is due now; return how many messages that were.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        due = await self._claimed(self._at_once)
        async with asyncio.TaskGroup() as group:
            for each in due:
                group.create_task(self._send(each, logged))
        return len(due)

    async def _go_on(self, over: asyncio.Task[None], sending: set[asyncio.Task[None]], failed: Failed) -> None:
        loop = asyncio.get_running_loop()
        tidied, idle = loop.time(), self._idle
        while not over.done():
            try:
                if loop.time() - tidied >= _TIDY_SECONDS:
                    tidied = loop.time()
                    await asyncio.to_thread(self._outbox.tidy)
                due = await self._claimed(self._at_once - len(sending))
                idle = self._idle
            except FaceFusionError as error:
                _LOG.warning("webhooks wait: %s", error)
                due, idle = [], min(_MOST_IDLE, idle * 2)
            for each in due:
                task = asyncio.create_task(self._guarded(each, failed))
                sending.add(task)
                task.add_done_callback(sending.discard)
            if not due:  # what arrives makes room for what waits behind it
                await asyncio.wait({over, *sending}, timeout=idle, return_when=asyncio.FIRST_COMPLETED)

    async def _claimed(self, room: int) -> list[Due]:
        return await asyncio.to_thread(self._outbox.claim, room) if room > 0 else []

    async def _guarded(self, due: Due, failed: Failed) -> None:
        """Send a message; where what became of it cannot be written down, it is sent again when its lease is over."""
        [ended] = await asyncio.gather(self._send(due, failed), return_exceptions=True)
        if isinstance(ended, FaceFusionError):
            _LOG.warning("what became of %s is not written down: %s", due.row.message, ended)
        elif isinstance(ended, BaseException):
            failed(ended)

    async def _send(self, due: Due, failed: Failed) -> None:
        [answer] = await asyncio.gather(self._answer(due), return_exceptions=True)
        if isinstance(answer, BaseException):  # it counts as a try, so that it is not made without end
            failed(answer)
            answer = Answer(None, "the service could not send it; its log says why")
        became = await asyncio.to_thread(self._outbox.became, due, answer)
        self._figures.add(catalogue.WEBHOOK_MESSAGES, became.state)
        told: Callable[..., None] = _LOG.warning if answer.reason else _LOG.debug
        told(
            "message %s of %s to webhook %s is %s: %s",
            *(due.row.message, due.row.kind, due.webhook.id, became.state, answer.reason or answer.status),
        )
        if became.is_disabled:
            self._figures.add(catalogue.WEBHOOKS_DISABLED)
            _LOG.error("webhook %s of %s was disabled: %s", due.webhook.id, due.webhook.tenant, answer.reason)

    async def _answer(self, due: Due) -> Answer:
        body = body_of(due.row, self._public_url)
        try:
            keys = self._webhooks.keys(due.webhook, due.now)
        except SecretError as error:
            return Answer(None, error.what)
        headers = signed_headers(body, message=due.row.message, timestamp=due.now // 1_000_000, keys=keys)
        return await self._poster.post(due.webhook.url, body, headers)


async def _until(stopping: asyncio.Event) -> None:
    await stopping.wait()
