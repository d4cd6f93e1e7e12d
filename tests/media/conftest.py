from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """Real pictures and clips."""
    beside = Path(__file__).parents[2].parent / "shared" / "assets"
    folder = Path(os.environ.get("FACEFUSION_TEST_ASSETS", beside))
    if not folder.is_dir():
        pytest.skip(f"the shared test material is not at {folder} (set FACEFUSION_TEST_ASSETS)")
    return folder
