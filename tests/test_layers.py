"""The shape of the house: who imports whom, what importing costs, what is public."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_imports_point_down():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["torch", "gradio", "fastapi", "celery", "tensorflow", "onnxruntime", "cv2", "av"])
def test_importing_the_package_imports_nothing_heavy(name):
    code = f"import sys, facefusion; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
