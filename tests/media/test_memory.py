"""However long a video is, it takes the same memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from media_clips import make_clip

MEASURE = """
import sys, resource
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from media_clips import rewrite
rewrite(Path(sys.argv[2]), Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_peak_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    peaks = []
    for seconds in (10, 100):
        clip = make_clip(tmp_path / f"{seconds}.mp4", size=(160, 120), pts=range(25 * seconds), sounds=["aac"])
        command = [sys.executable, "-c", MEASURE, str(Path(__file__).parent), str(clip), str(tmp_path / "out.mp4")]
        peaks.append(int(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
    assert peaks[1] <= 1.05 * peaks[0]
