"""The kill benchmark on little data: jobs are killed, finished, compared, and its figures written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_killed_jobs_are_finished_and_compared(tmp_path):
    sizes = ["--kills", "2", "--seconds", "1", "--width", "192", "--segment", "10"]
    places = ["--clips", str(tmp_path / "clips"), "--json", str(tmp_path / "figures.json")]
    command = [sys.executable, "-m", "benchmarks.kills", *sizes, *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert found["kills"] >= 2
    assert found["same"] == found["outputs"] >= 1
    assert found["frames"] == 25
    assert found["left_behind"] == []
    assert "frames edited anew after a kill, at most" in done.stdout
