"""The processors installed, found by their entry points."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from facefusion.errors import ProcessorUnknownError
from facefusion.processors.base import ProcessorSpec

GROUP = "facefusion.processors"


def installed_processors() -> dict[str, ProcessorSpec]:
    """Return the processors by name; loading one imports its module."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: _load(point) for point in points}


def resolve_processors(names: Sequence[str]) -> list[ProcessorSpec]:
    """Return the processors of these names, in this order.

    Raises:
        ProcessorUnknownError: one is not installed (the message names those that are) or cannot be imported.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    for name in names:
        if name not in points:
            raise ProcessorUnknownError(f"There is no processor {name!r}", f"Installed: {', '.join(sorted(points))}")
    return [_load(points[name]) for name in names]


def _load(point: EntryPoint) -> ProcessorSpec:
    try:
        spec: ProcessorSpec = point.load()
    except (ImportError, AttributeError) as error:
        raise ProcessorUnknownError(
            f"The processor {point.name!r} cannot be imported ({error})", "Install the package it comes from again"
        ) from error
    return spec
