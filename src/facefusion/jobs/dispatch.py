"""Waking workers: what is told to them is only that there may be work; what the work is they ask the database.

So a message that is lost, late or doubled does no harm, and none can be forged that does anything.
"""

from __future__ import annotations

from typing import Protocol


class Dispatcher(Protocol):
    """Wakes workers that wait for work."""

    def wake(self, count: int = 1) -> None:
        """Say that so many tasks have become ready; returns at once, and never fails.

        Where workers cannot be reached, they are woken later by whoever looks for tasks that nobody took.

        Args:
            count: tasks that may be begun.
        """
        ...

    def close(self) -> None:
        """Send what is still to be sent, for a moment at most, and let go of all connections."""
        ...


class NoDispatcher:
    """Wakes nobody: for workers that look for themselves."""

    def wake(self, count: int = 1) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
