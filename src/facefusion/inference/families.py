"""The families installed, found by their entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from facefusion.errors import CatalogueError
from facefusion.inference.family import Family

GROUP = "facefusion.families"


class Families:
    """Families by name; one is imported when it is asked for."""

    def __init__(self) -> None:
        self._points = {point.name: point for point in entry_points(group=GROUP)}

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
            CatalogueError: there is none of this name, or it cannot be imported.
        """
        if name not in self._points:
            raise CatalogueError(f"There is no model family {name!r}", f"Installed: {', '.join(self.names)}")
        try:
            family: Family[Any] = self._points[name].load()
        except (ImportError, AttributeError) as error:
            raise CatalogueError(
                f"The model family {name!r} cannot be imported ({error})", "Install the package it comes from again"
            ) from error
        return family
