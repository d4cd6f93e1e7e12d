"""Requests that load models: few at a time, the others wait their turn, and not too many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from anyio.to_thread import run_sync

from facefusion.errors import OverloadedError
from facefusion.service.parts import ServiceParts

_MOST_WAITING: Final = 16
Value = TypeVar("Value")


async def heavily(parts: ServiceParts, work: Callable[[], Value]) -> Value:
    """Do work that loads models, in a thread.

    Args:
        parts: of the service, which say how many go on at one time.
        work: what is done.

    Raises:
        OverloadedError: too many wait already.
        FaceFusionError: as the work raises.
    """
    if parts.heavy.statistics().tasks_waiting >= _MOST_WAITING:
        raise OverloadedError("Too many requests wait that need a model", "Ask again later")
    return await run_sync(work, limiter=parts.heavy)
