"""The families installed, found by their entry points."""

from __future__ import annotations

from typing import Any

from facefusion.errors import CatalogueError
from facefusion.inference.family import Family
from facefusion.inference.plugins import PlugInError, advice, loaded, package_of, points_of

GROUP = "facefusion.families"


class Families:
    """Families by name; one is imported when it is asked for.

    Attributes:
        faults: of plug-ins whose families do not count; one sentence each.
    """

    def __init__(self) -> None:
        points = points_of(GROUP)
        self._points, self.faults = points.by_name, points.faults

    @property
    def names(self) -> list[str]:
        """The names of the families."""
        return sorted(self._points)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a family of this name."""
        return name in self._points

    def __getitem__(self, name: str) -> Family[Any]:
        """Return a family.

        Raises:
            CatalogueError: there is none of this name, or it cannot be imported, or is something else.
        """
        if name not in self._points:
            raise CatalogueError(f"There is no model family {name!r}", f"Installed: {', '.join(self.names)}")
        point = self._points[name]
        try:
            return loaded(point, Family)
        except PlugInError as error:
            raise CatalogueError(f"The model family {name!r} of {package_of(point)}: {error}", advice(point)) from error
