"""Requests that load models: few at a time, the others wait their turn, and not too many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from anyio.to_thread import run_sync

from facefusion.errors import OverloadedError
from facefusion.service.parts import ServiceParts

_MOST_WAITING: Final = 16
_MOST_STRANGERS: Final = 4
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


async def for_strangers(parts: ServiceParts, work: Callable[[], Value]) -> Value:
    """Do work for somebody without a key, in a thread; those who have one do not wait for it.

    Args:
        parts: of the service, which say how much goes on at one time.
        work: what is done.

    Raises:
        OverloadedError: too many wait already.
        FaceFusionError: as the work raises.
    """
    if parts.strangers.statistics().tasks_waiting >= _MOST_STRANGERS:
        raise OverloadedError("Too many files wait to be looked into", "Ask again later")
    return await run_sync(work, limiter=parts.strangers)
