"""The film benchmark on little data: a clip of 12 seconds, two workers of which one is killed, and nothing is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.film.material import number_of

from material import read_clip

ROOT = Path(__file__).parents[2]
FRAMES, SEGMENT = 300, 100


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_clip_is_joined_without_a_fault_though_a_worker_is_killed(tmp_path, assets, postgres):
    work, found = tmp_path / "work", tmp_path / "figures.json"
    sizes = ["--minutes", f"{FRAMES / 1500}", "--segment", f"{SEGMENT}", "--size", "256x144"]
    sizes += ["--workers", "2", "--kills", "1", "--whole", "1"]
    places = ["--keep", str(work), "--strips", str(tmp_path / "strips"), "--json", str(found)]
    environment = {**os.environ, "FACEFUSION_TEST_ASSETS": str(assets)}
    command = [sys.executable, "-m", "benchmarks.film", *sizes, *places]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(found.read_text("utf-8"))
    assert figures["faults"] == []
    assert len(figures["kills"]) == 1
    assert [row["border"] for row in figures["borders"]] == [100, 200]
    assert set(figures["marks"].values()) == {"holds"}
    assert len(list((tmp_path / "strips").iterdir())) == 2
    assert [number_of(image) for image in read_clip(work / "results" / "film.mp4")] == list(range(FRAMES))
