"""What all routes do alike: answer once for one idempotency key, and not at all what a client has already."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Annotated, Any, ClassVar, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import StreamingResponse

from facefusion.errors import FaceFusionError, RequestBusyError, RequestInvalidError
from facefusion.service.etags import is_known, tag_of
from facefusion.service.gateway.caller import Caller
from facefusion.service.idempotency import (
    CLAIM_SECONDS,
    KEPT_HEADERS,
    AnswerSeal,
    Claim,
    IdempotencyStore,
    KeptAnswer,
    digest_of,
)
from facefusion.service.parts import parts_of

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern="^[ -~]+$",
        description="a request that is sent again with the same key is not done again; its first answer is returned",
    ),
]
_KEY: Final = re.compile("[ -~]{1,200}")
_JSON: Final = "application/json"
_SEALED: Final = "kept answers that hold secrets"
_OF_A_STREAM: Final = ("content-type", "content-length", "upload-length", "upload-metadata", "upload-checksum")
_WAIT_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.1
_LOG: Final = logging.getLogger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ServiceRoute(APIRoute):
    """A route of the service."""

    holds_secrets: ClassVar[bool] = False

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()
        methods = self.methods or set()
        if "POST" in methods:
            return _once(handle, is_sealed=self.holds_secrets)
        return _unless_known(handle) if "GET" in methods else handle


def answered(answer: BaseModel, status: int = 200, **headers: str) -> Response:
    """Return an answer as it is sent.

    A route that returns the model itself has it checked once more, in one more thread, and written by the thread that
    serves everybody.

    Args:
        answer: of the route, as its `response_model` says.
        status: of HTTP.
        headers: that belong to it, such as `ETag`.
    """
    return Response(answer.model_dump_json(), status, headers, media_type=_JSON)


def keep_within(request: Request, connection: Connection, answer: Response) -> None:
    """Keep the answer to a request that has an idempotency key in the transaction that makes it true.

    Args:
        request: to which it is the answer.
        connection: in that transaction.
        answer: that will be given.

    Raises:
        RequestBusyError: somebody else answers the request by now.
    """
    claim: Claim | None = getattr(request.state, "claim", None)
    if claim is not None:
        claim.keep(connection, _kept_of(answer))
        request.state.is_kept = True


class SecretRoute(ServiceRoute):
    """A route whose answers hold a secret; they are kept sealed."""

    holds_secrets: ClassVar[bool] = True


def _once(handle: Handler, *, is_sealed: bool) -> Handler:
    async def answered(request: Request) -> Response:
        key, caller = request.headers.get("idempotency-key"), getattr(request.state, "caller", None)
        if key is None or not isinstance(caller, Caller):
            return await handle(request)
        if _KEY.fullmatch(key) is None:
            raise RequestInvalidError("The idempotency key is not understood", "It is 1 to 200 characters of ASCII")
        parts = parts_of(request)
        store = IdempotencyStore(parts.engine, parts.settings.idempotency_seconds)
        who, asked = digest_of(caller.tenant, caller.actor, key), await _asked(request)
        seal = AnswerSeal(parts.records.ring.derived(_SEALED), who) if is_sealed else None
        begun = await _begun(store, who, asked)
        if isinstance(begun, KeptAnswer):
            given = begun if seal is None else seal.opened(begun)
            return Response(given.body, given.status, {**given.headers, "Idempotency-Replayed": "true"})
        return await _kept(store, begun, request, handle, seal)

    return answered


async def _kept(
    store: IdempotencyStore, claim: Claim, request: Request, handle: Handler, seal: AnswerSeal | None
) -> Response:
    """Answer a request, and keep the answer where it did something; else let it be sent again."""
    request.state.claim = claim
    try:
        async with _renewed(store, claim):
            response = await handle(request)
        if response.status_code < 300 and _can_be_kept(response):
            if not getattr(request.state, "is_kept", False):
                answer = _kept_of(response)
                await run_sync(store.complete, claim, answer if seal is None else seal.sealed(answer))
            return response
    except BaseException:
        with anyio.CancelScope(shield=True):
            await run_sync(store.forget, claim)
        raise
    await run_sync(store.forget, claim)
    return response


def _kept_of(response: Response) -> KeptAnswer:
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    return KeptAnswer(response.status_code, headers, bytes(response.body).decode())


@contextlib.asynccontextmanager
async def _renewed(store: IdempotencyStore, claim: Claim) -> AsyncIterator[None]:
    """Keep a claim for as long as the block lasts; it is lost soon where this process is."""

    async def renew() -> None:
        while True:
            await anyio.sleep(CLAIM_SECONDS / 3)
            try:
                await run_sync(store.renew, claim)
            except FaceFusionError as error:  # the next time may go through; else whoever asks again answers
                _LOG.warning("A claim could not be renewed: %s", error.what)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


def _can_be_kept(response: Response) -> bool:
    """Whether an answer is text; pictures are made again."""
    kind = response.headers.get("content-type", _JSON)
    return not isinstance(response, StreamingResponse) and kind.startswith(_JSON)


async def _begun(store: IdempotencyStore, caller: str, asked: str) -> Claim | KeptAnswer:
    """Claim a request; where it is being answered, wait a little for that answer."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return await run_sync(store.begin, caller, asked)
        except RequestBusyError:
            if time.monotonic() >= end:
                raise
            await anyio.sleep(_LOOK_SECONDS)


async def _asked(request: Request) -> str:
    """Return a digest of what is asked for; of a stream, by what its headers say of it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_stream = kind not in {_JSON, ""}
    body = "" if is_stream else hashlib.sha256(await request.body()).hexdigest()
    headers = [request.headers.get(name) for name in _OF_A_STREAM] if is_stream else []
    return digest_of(request.method, request.url.path, request.url.query, body, headers)


def _unless_known(handle: Callable[[Request], Awaitable[Response]]) -> Handler:
    async def answered(request: Request) -> Response:
        response = await handle(request)
        if response.status_code != 200 or isinstance(response, StreamingResponse) or not response.body:
            return response
        tag = response.headers.setdefault("ETag", tag_of(bytes(response.body)))
        if not is_known(request.headers.get("if-none-match"), tag):
            return response
        return Response(status_code=304, headers={"ETag": tag})

    return answered
