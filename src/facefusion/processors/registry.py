"""The processors installed, found by their entry points."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points

from facefusion.errors import ProcessorUnknownError
from facefusion.processors.base import ProcessorSpec

GROUP = "facefusion.processors"


def installed_processors() -> dict[str, ProcessorSpec]:
    """Return the processors by name; loading one imports its module."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def resolve_processors(names: Sequence[str]) -> list[ProcessorSpec]:
    """Return the processors of these names, in this order.

    Raises:
        ProcessorUnknownError: one is not installed; the message names those that are.
    """
    installed = installed_processors()
    for name in names:
        if name not in installed:
            raise ProcessorUnknownError(f"There is no processor {name!r}", f"Installed: {', '.join(installed)}")
    return [installed[name] for name in names]
