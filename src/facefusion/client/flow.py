"""What takes several calls, as generators that yield what is to be done: one text for both kinds of clients."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from facefusion.client.call import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """A while in which nothing is done.

    Attributes:
        seconds: how long.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """The end of a flow.

    Attributes:
        value: what it brings.
    """

    value: T


Flow: TypeAlias = Generator[Call[Any] | Wait, Any, T]
"""Yields calls, is sent what they return, has errors of the library thrown into it, and returns a value."""


def sent(flow: Flow[T], value: Any) -> Call[Any] | Wait | Ended[T]:
    """Give a flow what its last step brought, None at its beginning; return its next step."""
    try:
        return flow.send(value)
    except StopIteration as end:
        return Ended(end.value)


def thrown(flow: Flow[T], error: Exception) -> Call[Any] | Wait | Ended[T]:
    """Tell a flow how its last step failed; return its next step, or fail as it does."""
    try:
        return flow.throw(error)
    except StopIteration as end:
        return Ended(end.value)
