"""Live mode: frames of a camera come in through a WebSocket, and go out edited."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, WebSocket

from facefusion.errors import OverloadedError, RequestBusyError
from facefusion.service.gateway.access import allowed
from facefusion.service.live.channel import LiveChannel, ended
from facefusion.service.parts import ServiceParts

ROUTER: Final = APIRouter(prefix="/v1")


@ROUTER.websocket("/live", name="live.open")
async def live(socket: WebSocket) -> None:
    """Edit frames as they come, until either side ends it; docs/live.md has the messages.

    Raises:
        AccessError: whoever calls may not do this; it is answered as a request is.
    """
    parts: ServiceParts = socket.app.state.parts
    caller = allowed(socket.scope.get("state", {}).get("caller"), "jobs:write")
    await socket.accept()
    try:
        async with parts.live.one(caller, parts.settings.live_times.again):
            await LiveChannel(socket, parts, caller).serve()
    except (OverloadedError, RequestBusyError) as error:
        await ended(socket, error)
