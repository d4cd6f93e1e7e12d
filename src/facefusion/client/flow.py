"""What takes several calls, as generators that yield what is to be done: one text for both kinds of clients."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from facefusion.client.call import Call

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wait:
    """A while in which nothing is done.

    Attributes:
        seconds: how long.
    """

    seconds: float


Flow: TypeAlias = Generator[Call[Any] | Wait, Any, T]
"""Yields calls, is sent what they return, has errors of the library thrown into it, and returns a value."""
