"""All tables that the parts of the service keep in the database of jobs."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

from facefusion.jobs.schema import METADATA

_PACKAGE = Path(__file__).parents[2]


def registered() -> MetaData:
    """Return `METADATA` after every module of jobs and of the service that makes tables has put them there."""
    for layer in ("jobs", "service"):
        for path in sorted((_PACKAGE / layer).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            if "= Table(" in source and "METADATA" in source:
                parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
                importlib.import_module(".".join(parts))
    return METADATA
