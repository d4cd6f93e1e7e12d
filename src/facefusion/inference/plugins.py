"""Plug-ins: what other packages bring through entry points, so that one that is broken harms nothing but itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, Final, Protocol, TypeVar

OURS: Final = "facefusion"
GROUPS: Final = ("facefusion.processors", "facefusion.families", "facefusion.catalogues")


class Named(Protocol):
    """What an entry point leads to."""

    @property
    def name(self) -> str:
        """The name that it goes by; the entry point has the same."""
        ...


N = TypeVar("N", bound=Named)


class PlugInError(Exception):
    """What an entry point leads to cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Points:
    """The entry points of a group.

    Attributes:
        by_name: those that count.
        faults: of those that do not, one sentence each without a final stop.
    """

    by_name: Mapping[str, EntryPoint]
    faults: tuple[str, ...] = ()


def points_of(group: str) -> Points:
    """Return the entry points of a group.

    Of two with one name that of this package counts, else that of the package whose name comes first: what is installed
    besides cannot take the place of what was there.
    """
    chosen: dict[str, EntryPoint] = {}
    faults = []
    points = [found.point for found in sorted(_found(group), key=lambda found: found.rank)]
    for point in points:
        if point.name in chosen:
            whose = f"{package_of(point)} brings ({group})"
            faults.append(
                f"The {point.name!r} that {whose} is left out: {package_of(chosen[point.name])} has one already"
            )
        else:
            chosen[point.name] = point
    return Points(dict(sorted(chosen.items())), tuple(faults))


def package_of(point: EntryPoint) -> str:
    """Return the name of the package that brings an entry point."""
    return point.dist.name if point.dist is not None else point.value.partition(".")[0]


def is_ours(point: EntryPoint) -> bool:
    """Return whether an entry point is of this package itself."""
    return package_of(point) == OURS


def advice(point: EntryPoint) -> str:
    """Return what to do about an entry point that cannot be used."""
    package = package_of(point)
    return f"Install {package} again" if is_ours(point) else f"Update {package}, or `pip uninstall {package}`"


def loaded(point: EntryPoint, kind: type[N]) -> N:
    """Import what an entry point leads to.

    Raises:
        PlugInError: it cannot be imported, is something else, or goes by another name.
    """
    try:
        with aside():
            thing: Any = point.load()
    except (Exception, SystemExit) as error:
        # A module of others may raise anything, or want to end the program.
        raise PlugInError(f"cannot be imported ({type(error).__name__}: {error})") from error
    if not isinstance(thing, kind):
        raise PlugInError(f"{point.value} is no {kind.__name__}, but of type {type(thing).__name__}")
    if thing.name != point.name:
        raise PlugInError(f"{point.value} calls itself {thing.name!r}")
    return thing


def aside() -> AbstractContextManager[object]:
    """Send what a module prints while it is imported to stderr: stdout has the answers of commands."""
    return redirect_stdout(sys.stderr)


def plug_in_versions() -> dict[str, str]:
    """Return name and version of each package, other than this, that brings something."""
    found = (each for group in GROUPS for each in _found(group))
    return dict(sorted({each.package: each.version for each in found if each.package not in {OURS, ""}}.items()))


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry point, with what its package says of itself, each look at which reads a file."""

    point: EntryPoint
    package: str
    version: str

    @property
    def rank(self) -> tuple[bool, str]:
        package = self.package or package_of(self.point)
        return package != OURS, package


def _found(group: str) -> tuple[_Found, ...]:
    return _installed(_state()).get(group, ())


@lru_cache(maxsize=4)
def _installed(_state: Hashable) -> dict[str, tuple[_Found, ...]]:
    """Return all entry points of our groups; as they are for as long as nothing is installed."""
    return {group: tuple(_with_packages(entry_points(group=group))) for group in GROUPS}


def _with_packages(points: EntryPoints) -> Iterator[_Found]:
    facts: dict[int, tuple[str, str]] = {}
    for point in points:
        if id(point.dist) not in facts:
            facts[id(point.dist)] = ("", "") if point.dist is None else (point.dist.name, point.dist.version)
        yield _Found(point, *facts[id(point.dist)])


def _state() -> Hashable:
    """Return what changes when a package is installed or taken away: the folders of packages, and their times."""
    return tuple((place, _time(place)) for place in sys.path)


def _time(place: str) -> int:
    try:
        return os.stat(place or ".").st_mtime_ns  # noqa: PTH116 - a path object for each would cost more than the look
    except OSError:
        return 0
