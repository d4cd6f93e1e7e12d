"""The processors installed, found by their entry points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from facefusion.errors import ProcessorUnknownError
from facefusion.inference.plugins import PlugInError, advice, is_ours, loaded, package_of, points_of
from facefusion.processors.base import ProcessorSpec

GROUP = "facefusion.processors"


@dataclass(frozen=True, slots=True)
class Found:
    """An entry point of a processor.

    Attributes:
        name: of the processor.
        package: that brings it.
        is_ours: whether that is this package.
        spec: the processor; None where it cannot be used.
        problem: why it cannot be used; empty where it can.
        advice: what to do then.
    """

    name: str
    package: str
    is_ours: bool
    spec: ProcessorSpec | None
    problem: str = ""
    advice: str = ""


def found_processors() -> list[Found]:
    """Return what is installed, by name, also what cannot be used; each module is imported."""
    return [_found(point) for point in points_of(GROUP).by_name.values()]


def installed_processors() -> dict[str, ProcessorSpec]:
    """Return the processors that can be used, by name; each module is imported."""
    return {found.name: found.spec for found in found_processors() if found.spec is not None}


def processor_names() -> list[str]:
    """Return the names of all processors installed; nothing is imported."""
    return list(points_of(GROUP).by_name)


def package_of_processor(spec: ProcessorSpec) -> str | None:
    """Return the package that brings a processor; None where it is this one, or comes from no entry point."""
    point = points_of(GROUP).by_name.get(spec.name)
    return None if point is None or is_ours(point) else package_of(point)


def resolve_processors(names: Sequence[str]) -> list[ProcessorSpec]:
    """Return the processors of these names, in this order; no other is imported.

    Raises:
        ProcessorUnknownError: one is not installed (the message names those that are) or cannot be used.
    """
    points = points_of(GROUP).by_name
    for name in names:
        if name not in points:
            raise ProcessorUnknownError(f"There is no processor {name!r}", f"Installed: {', '.join(points)}")
    return [_load(points[name]) for name in names]


def _load(point: EntryPoint) -> ProcessorSpec:
    found = _found(point)
    if found.spec is None:
        raise ProcessorUnknownError(f"The processor {found.name!r} of {found.package}: {found.problem}", found.advice)
    return found.spec


def _found(point: EntryPoint) -> Found:
    try:
        return Found(point.name, package_of(point), is_ours(point), loaded(point, ProcessorSpec))
    except PlugInError as error:
        return Found(point.name, package_of(point), is_ours(point), None, str(error), advice(point))
