"""The body of a request as it comes in: no larger, no slower and no deeper than allowed, whatever its headers say."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from facefusion.errors import AccessError, RequestRefusedError, SlowRequestError, TooLargeError
from facefusion.service.gateway.asgi import Message, Receive

_MARKS: Final = re.compile(rb'\\.|\\|["\[\]{}]', re.DOTALL)
_BACKSLASH: Final = 0x5C
_JSON: Final = re.compile(rb"\s*application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a body may be.

    Attributes:
        largest: bytes.
        depth: of arrays and objects in one another, where it is JSON.
        seconds: that may be waited for it, beyond its size.
        rate: bytes a second at which it must come once those seconds are over.
    """

    largest: int
    depth: int
    seconds: float
    rate: float


class GuardedBody:
    """Stands in place of `receive`.

    An application may take the error for one of its own, so that it is kept, too, for whoever answers.

    Args:
        receive: gives parts of the body.
        headers: of the request.
        limits: that hold for it.
        clock: tells seconds.

    Attributes:
        fault: what is wrong with the body; None as long as nothing is.
        is_whole: whether all of it was read.
    """

    def __init__(
        self,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        limits: BodyLimits,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fault: AccessError | None = None
        self._receive, self._limits, self._clock = receive, limits, clock
        kind = headers.get(b"content-type", b"")
        self._depth = JsonDepth(limits.depth) if not kind or _JSON.match(kind) else None
        self._size, self._waited, self.is_whole = 0, 0.0, False

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            AccessError: the body is not what is allowed.
        """
        if self.fault is not None:
            raise self.fault
        if self.is_whole:
            return await self._receive()  # tells when the caller goes; that may be waited for as long as need be
        message = await self._in_time()
        if message["type"] == "http.request":
            self._look(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)
        else:
            self.is_whole = True
        return message

    async def _in_time(self) -> Message:
        began = self._clock()
        left = self._limits.seconds + self._size / self._limits.rate - self._waited
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await self._receive()
        except TimeoutError:
            self._refuse(SlowRequestError("The body of the request does not come", "Send it faster"))
        finally:
            self._waited += self._clock() - began

    def _look(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limits.largest:
            self._refuse(too_large(self._limits.largest))
        if self._depth is None:
            return
        if b"\0" in part:  # no text in UTF-8 holds it; all others would have to be counted in another way
            self._refuse(RequestRefusedError("The JSON of the request is not UTF-8", "Send UTF-8", reason="encoding"))
        if not self._depth.goes_on(part):
            what = f"The JSON of the request has more than {self._limits.depth} levels"
            self._refuse(RequestRefusedError(what, "Send what is documented", reason="json-depth"))

    def _refuse(self, fault: AccessError) -> NoReturn:
        self.fault = fault
        raise fault from None


class JsonDepth:
    """Counts how deep JSON goes as it comes in, wherever it is cut into parts.

    Args:
        most: levels.
    """

    def __init__(self, most: int) -> None:
        self._most, self._depth = most, 0
        self._is_text = self._is_escaped = False

    def goes_on(self, part: bytes) -> bool:
        """Take the next part; return whether it is no deeper than allowed."""
        start = 0
        if self._is_escaped and part:
            self._is_escaped, start = False, 1
        for found in _MARKS.finditer(part, start):
            mark = found.group()
            if mark[0] == _BACKSLASH:
                self._is_escaped = len(mark) == 1  # what it is about comes with the next part
            elif mark == b'"':
                self._is_text = not self._is_text
            elif not self._is_text:
                self._depth += 1 if mark in b"[{" else -1
                if self._depth > self._most:
                    return False
        return True


def check_length(headers: Mapping[bytes, bytes], limits: BodyLimits) -> None:
    """Refuse a body that says itself that it is too large, before any of it is read.

    Raises:
        TooLargeError: it is.
        RequestRefusedError: what it says is no number.
    """
    said = headers.get(b"content-length")
    if said is None:
        return
    if not said.isdigit() or len(said) > 19:
        raise RequestRefusedError(
            "The header Content-Length is no number", "Send the number of bytes", reason="headers"
        )
    if int(said) > limits.largest:
        raise too_large(limits.largest)


def too_large(largest: int) -> TooLargeError:
    """Return the error of a body that is larger than so many bytes."""
    return TooLargeError(f"The request is larger than {largest} bytes", "Send large files as uploads, in parts")


def limits_for(path: str, parts_below: tuple[str, ...], small: BodyLimits, parts: BodyLimits) -> BodyLimits:
    """Return what holds for a path: other limits below those that take parts of uploads."""
    return parts if path.startswith(parts_below) else small
