"""The shape of the house: who imports whom, what importing costs, what is public."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import facefusion

ROOT = Path(__file__).parent.parent


def test_imports_point_down():
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["torch", "gradio", "fastapi", "celery", "tensorflow", "onnxruntime", "cv2", "av"])
def test_importing_the_package_imports_nothing_heavy(name):
    code = f"import sys, facefusion; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_folder_of_code_is_a_package():
    """Tools that check imports do not look into a folder without `__init__.py`."""
    folders = {path.parent for path in (ROOT / "src" / "facefusion").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_public_names():
    assert facefusion.__all__ == [
        "BatchListener",
        "BatchReport",
        "Engine",
        "Face",
        "FaceFile",
        "FaceFusionError",
        "Frame",
        "Options",
        "Preview",
        "Progress",
        "Result",
        "analyse",
        "build_face",
        "open_preview",
        "process_batch",
        "process_image",
        "process_video",
        "set_options",
    ]


@pytest.mark.parametrize("name", facefusion.__all__)
def test_every_public_name_is_there_and_described(name):
    assert getattr(facefusion, name).__doc__
    assert name in dir(facefusion)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = facefusion.nothing


def test_the_version_is_the_installed_one():
    assert facefusion.__version__ == version("facefusion")
