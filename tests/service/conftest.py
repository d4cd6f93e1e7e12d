from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_house import House

from facefusion.trust.database import open_database


@pytest.fixture
def house(sqlite_jobs_place: str, tmp_path: Path) -> Iterator[House]:
    """A place with a database of jobs, keys and an audit log, and a small service."""
    engine = open_database(sqlite_jobs_place)
    made = House(engine, tmp_path)
    yield made
    made.log.close()
    engine.dispose()
