"""Where in a file of a request a problem is, told by what the request calls the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facefusion.errors import FaceError


def name_spot(error: FaceError, name: Callable[[Path], str | None]) -> None:
    """Let an error tell by its reference in which file the problem is; nothing where it is in none of the request's.

    Args:
        error: as it was raised.
        name: returns by what the request calls a file.
    """
    if error.spot is not None:
        error.input = name(error.spot.path)
