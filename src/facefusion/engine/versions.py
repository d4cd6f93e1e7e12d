"""Versions of what is installed, looked up once."""

from __future__ import annotations

import importlib.metadata
from functools import cache


@cache
def version(package: str = "facefusion") -> str:
    """Return the version of a package; reading it from the disk takes milliseconds."""
    return importlib.metadata.version(package)
