"""All tables that the parts of the service keep in the database of jobs."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

from facefusion.jobs.schema import METADATA

_PACKAGE = Path(__file__).parents[2]


def registered() -> MetaData:
    """Return `METADATA` after every `tables.py` of jobs and of the service has put its tables there."""
    for layer in ("jobs", "service"):
        for path in sorted((_PACKAGE / layer).rglob("tables.py")):
            parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))
    return METADATA
