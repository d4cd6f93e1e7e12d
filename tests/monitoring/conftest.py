from __future__ import annotations

from collections.abc import Iterator

import pytest
from watched_run import Run, watched


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A service and a worker that have done jobs, and can be asked."""
    with watched(tmp_path_factory.mktemp("watched")) as found:
        yield found
