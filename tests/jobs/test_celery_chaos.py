"""A small part of `python -m benchmarks.chaos`, which kills and cuts whatever can be killed and cut."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.common import ROOT

SMALL = {
    "rabbitmq": ["--simulated", "--jobs", "20", "--faults", "25", "--between", "1.2", "--outages", "0"],
    "local": ["--jobs", "6", "--faults", "6", "--between", "2", "--outages", "0"],
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("broker", SMALL)
def test_of_jobs_that_are_disturbed_none_is_lost_doubled_or_different(broker: str, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.chaos", "--broker", broker, "--json", str(figures), "--limit", "480"]
    done = subprocess.run([*command, *SMALL[broker]], cwd=ROOT, capture_output=True, text=True, check=False)
    if "MissingServerError" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(figures.read_text())
    assert (found["lost"], found["doubled"], found["corrupt"]) == (0, 0, 0)
    assert sum(found["jobs"].values()) >= int(SMALL[broker][SMALL[broker].index("--jobs") + 1])
