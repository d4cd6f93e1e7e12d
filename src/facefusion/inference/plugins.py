"""Plug-ins: what other packages bring through entry points, so that one that is broken harms nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
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
    points = entry_points(group=group)
    # Each look at a package's name reads all that it says of itself.
    names = {id(dist): dist.name for dist in {id(point.dist): point.dist for point in points}.values() if dist}
    ranks = {point: _rank(names.get(id(point.dist), "") or package_of(point)) for point in points}
    for point in sorted(points, key=lambda point: ranks[point]):
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
        thing: Any = point.load()
    except Exception as error:
        # A module of others may raise anything.
        raise PlugInError(f"cannot be imported ({type(error).__name__}: {error})") from error
    if not isinstance(thing, kind):
        raise PlugInError(f"{point.value} is no {kind.__name__}, but of type {type(thing).__name__}")
    if thing.name != point.name:
        raise PlugInError(f"{point.value} calls itself {thing.name!r}")
    return thing


def plug_in_versions() -> dict[str, str]:
    """Return name and version of each package, other than this, that brings something."""
    points = (point for group in GROUPS for point in entry_points(group=group))
    packages = {id(point.dist): point.dist for point in points if point.dist is not None}
    found = {dist.name: dist.version for dist in packages.values()}
    return dict(sorted((name, number) for name, number in found.items() if name != OURS))


def _rank(package: str) -> tuple[bool, str]:
    return package != OURS, package
