"""Waking workers: what is told to them is only that there may be work; what the work is they ask the database.

So a message that is lost, late or doubled does no harm, and none can be forged that does anything.
"""

from __future__ import annotations

from typing import Protocol

from facefusion.errors import OptionsError


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


def open_dispatcher(broker: str | None) -> Dispatcher:
    """Return what wakes workers.

    Args:
        broker: URL, as the option `broker` has it; None where workers look for themselves.

    Raises:
        OptionsError: such a broker is not used, or its packages are not installed.
    """
    if broker is None:
        return NoDispatcher()
    try:
        from facefusion.jobs.celery.broker import Broker  # noqa: PLC0415
        from facefusion.jobs.celery.dispatcher import CeleryDispatcher  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise OptionsError(
            "A broker needs packages that are not installed", "Run pip install 'facefusion[celery]'"
        ) from error
    return CeleryDispatcher(Broker(broker))
