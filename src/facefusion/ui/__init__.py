"""The web console as files: pages that were built from `console/`, and what serves them beside the REST API.

The pages work with the REST API alone. What they are made of, and how they are built, is told in `docs/console.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from facefusion.errors import OptionsError

STATIC: Final = Path(__file__).with_name("static")
"""The folder of the pages."""
PAGE: Final = "index.html"
"""The first of them, which shows all others."""


def is_built(files: Path = STATIC) -> bool:
    """Whether the pages are there; in a checkout they are not before somebody built them."""
    return (files / PAGE).is_file()


def check_built(files: Path = STATIC) -> None:
    """Make sure that the pages are there.

    Raises:
        OptionsError: they are not.
    """
    if not is_built(files):
        raise OptionsError("The web console is not part of this installation", "In a checkout run make console")
