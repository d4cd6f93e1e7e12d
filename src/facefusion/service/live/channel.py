"""One live session: what comes through its WebSocket, what goes, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from facefusion.engine.live.figures import Tally
from facefusion.errors import (
    AccessError,
    CancelledError,
    FaceFusionError,
    OverloadedError,
    RequestBusyError,
    RequestInvalidError,
    SlowRequestError,
    TooLargeError,
    TooManyRequestsError,
    TrustError,
)
from facefusion.service.gateway.caller import Caller
from facefusion.service.gateway.still import Still
from facefusion.service.live import messages
from facefusion.service.live.inbox import Inbox
from facefusion.service.live.messages import Incoming, LiveWish
from facefusion.service.live.work import LiveWork
from facefusion.service.parts import ServiceParts
from facefusion.service.problems import problem_of

_LOG: Final = logging.getLogger(__name__)
_TICK: Final = 0.25
_TELL_SECONDS: Final = 1.0
"""Between two messages of figures."""
_SEND_SECONDS: Final = 10.0
"""That a client has to take one message."""
_END_SECONDS: Final = 20.0
"""That the thread has to end."""
_MOST_TEXTS: Final = 100
_MOST_MESSAGES: Final = 400
_MOST_WISHES: Final = 60
"""In one second."""
_MOST_FRAMES: Final = 60
"""In one second; those that come beyond are left out."""
_MOST_BYTES: Final = 24 << 20
"""In one second; no more is read then until the next."""
_MOST_REASON: Final = 120
"""Bytes that WebSocket has room for beside a close code."""

_CODES: Final = (
    (CancelledError, 1001),
    (TooLargeError, 1009),
    (OverloadedError, 1013),
    (RequestBusyError, 1013),
    (SlowRequestError, 4408),
    (RequestInvalidError, 1007),
    (AccessError, 1008),
    (TrustError, 1008),
)
"""Close codes of WebSocket (RFC 6455, 7.4); the first class that an error is of counts."""
_FAILED: Final = 1011


class LiveChannel:
    """Serves one live session, from the accepted WebSocket to its end.

    Args:
        socket: accepted.
        parts: of the service.
        caller: whose it is.
    """

    def __init__(self, socket: WebSocket, parts: ServiceParts, caller: Caller) -> None:
        self._socket, self._parts, self._times = socket, parts, parts.settings.live_times
        self._still = Still.of(socket.scope)
        self._inbox, self._tally = Inbox(), Tally()
        self._texts: deque[dict[str, Any]] = deque(maxlen=_MOST_TEXTS)
        self._frame: tuple[Incoming, bytes, int] | None = None
        self._waiting = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._began = self._heard = time.monotonic()
        self._is_asked = self._is_opening = False
        self._work = LiveWork(
            parts, caller, self._inbox, tell=self._tell_from_thread, hand=self._hand_from_thread, tally=self._tally
        )

    async def serve(self) -> None:
        """Serve until either side ends it; whatever ends it is told as far as somebody is there."""
        threads = ThreadPoolExecutor(1, thread_name_prefix="facefusion-live")
        working = self._loop.run_in_executor(threads, self._work.run)
        beside = [self._begun(each) for each in (self._receive(), self._send(), self._watch())]
        try:
            await asyncio.wait([working, *beside], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._inbox.finish()
            for task in beside:
                task.cancel()
            ended = await asyncio.gather(*beside, return_exceptions=True)
            try:
                async with asyncio.timeout(_END_SECONDS):
                    [worked] = await asyncio.gather(working, return_exceptions=True)
            except TimeoutError:
                _LOG.error("The thread of a live session does not end")
                worked = None
            threads.shutdown(wait=False)
        errors = [each for each in (worked, *ended) if isinstance(each, Exception)]
        await self._end(next(iter(errors), None))

    def _begun(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    async def _receive(self) -> None:
        """Take messages; returns when the client is gone."""
        counted_since, count, frames, size = time.monotonic(), 0, 0, 0
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            came, now = time.perf_counter(), time.monotonic()
            if now - counted_since >= 1:
                counted_since, count, frames, size = now, 0, 0, 0
            content, text = message.get("bytes"), message.get("text")
            count, size = count + 1, size + len(content or text or "")
            if count > _MOST_MESSAGES or count - frames > _MOST_WISHES:
                raise TooManyRequestsError("Too many messages", "Send fewer in a second", reason="live-rate")
            if content is None:
                self._take_text(text or "")
            else:
                frames += 1
                self._heard = now
                self._take_frame(Incoming.of(content, came), is_too_many=frames > _MOST_FRAMES)
            if size > _MOST_BYTES:
                await asyncio.sleep(max(0.0, counted_since + 1 - now))

    def _take_text(self, text: str) -> None:
        wish = messages.wish_of(text)
        if isinstance(wish, LiveWish):
            self._heard, self._is_asked, self._is_opening = time.monotonic(), True, True
            self._inbox.put_wish(wish)
        else:
            self._tell(messages.failure(wish))

    def _take_frame(self, frame: Incoming, *, is_too_many: bool) -> None:
        self._tally.came()
        if is_too_many or self._inbox.put_frame(frame):
            self._tally.dropped()

    async def _send(self) -> None:
        """Send what is there: messages of text first, then the newest frame."""
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            while self._texts:
                await self._sent(json.dumps(self._texts.popleft()))
            frame, self._frame = self._frame, None
            if frame is not None:
                incoming, content, faces = frame
                age = 1000 * (time.perf_counter() - incoming.came)
                await self._sent(messages.outgoing(incoming, content, faces, age))
                self._tally.shown(incoming.came, faces)

    async def _sent(self, data: str | bytes) -> None:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                await (self._socket.send_text(data) if isinstance(data, str) else self._socket.send_bytes(data))
        except TimeoutError:
            raise SlowRequestError("What is sent is not taken", "Choose a smaller picture") from None

    async def _watch(self) -> None:
        """Tell figures, and end what lasts too long."""
        told, times = time.monotonic(), self._times
        while not self._parts.stopping.is_set():
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            if self._is_opening:  # models may take long to load
                self._heard = now
            if now - self._heard > (times.idle if self._is_asked else times.first):
                raise SlowRequestError("Nothing came for a while", "Begin anew when there are frames")
            if now - self._began > times.longest:
                raise CancelledError("A live session does not last longer", "Begin another")
            if self._still is not None:
                await self._still.check()
            if now - told >= _TELL_SECONDS:
                told, figures = now, self._tally.figures()
                if figures.came:
                    self._tell(messages.figures(figures))
        raise CancelledError("The service goes down", "Begin anew in a while")

    def _tell(self, message: dict[str, Any]) -> None:
        self._texts.append(message)
        self._waiting.set()

    def _hand(self, frame: Incoming, content: bytes, faces: int) -> None:
        if self._frame is not None:
            self._tally.dropped()
        self._frame = frame, content, faces
        self._waiting.set()

    def _answer(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._heard, self._is_opening = time.monotonic(), False
        self._tell(message)

    def _tell_from_thread(self, message: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._answer, message)

    def _hand_from_thread(self, frame: Incoming, content: bytes, faces: int) -> None:
        self._loop.call_soon_threadsafe(self._hand, frame, content, faces)

    async def _end(self, error: Exception | None) -> None:
        """Say why it ends, where somebody is there to hear it."""
        await ended(self._socket, error)


async def ended(socket: WebSocket, error: Exception | None) -> None:
    """Close a WebSocket, with an error where there is one.

    Args:
        socket: accepted; it may be closed already.
        error: why it ends; None where the client went.
    """
    if error is not None and not isinstance(error, FaceFusionError | WebSocketDisconnect):
        _LOG.error("A live session failed", exc_info=error)
    if socket.client_state != WebSocketState.CONNECTED or socket.application_state != WebSocketState.CONNECTED:
        return
    known = error if isinstance(error, FaceFusionError) else None
    code = next((code for kind, code in _CODES if isinstance(error, kind)), 1000 if error is None else _FAILED)
    problem = None if known is None else problem_of(known)
    try:
        async with asyncio.timeout(_TICK):
            if problem is not None:
                await socket.send_text(json.dumps(messages.failure(problem, is_last=True)))
            await socket.close(code, "" if problem is None else problem.title[:_MOST_REASON])
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return  # nobody is there any more
