from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clips and models are kept from test to test, as benchmarks keep them from run to run."""
    return tmp_path_factory.mktemp("kept")
