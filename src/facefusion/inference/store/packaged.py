"""Weights that a Python package of others brings; nothing of it is imported, its file alone is read."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path


def found_in_package(requirement: str, name: str) -> Path | None:
    """Return a file that an installed package brings; None where package or file is not there.

    Args:
        requirement: package and version, as pip takes them.
        name: of the file, in whatever folder of the package.
    """
    try:
        files = Distribution.from_name(requirement.partition("==")[0]).files or ()
    except PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name == name)
    return next((path for path in paths if path.is_file()), None)
