"""`make demo` runs from any folder and says where to look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import demo
from contact_sheet import hard_moments


@pytest.mark.slow
def test_the_demonstration_draws_once_and_swaps_each_time(
    quiet_place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "SECONDS", 0.6)
    assert demo.main() == 0
    out = quiet_place / "out"
    drawn = (out / "talking.mp4").stat().st_mtime_ns
    first = capsys.readouterr().out
    assert all(str(out / name) in first for name in ("talking.mp4", "swapped.mp4", "swapped.png"))
    assert "15 frames" in first
    assert demo.main() == 0
    assert "drawn before" in capsys.readouterr().out
    assert (out / "talking.mp4").stat().st_mtime_ns == drawn


def test_the_hard_moments_are_found_by_the_truth() -> None:
    frames = 8
    truth = {key: np.zeros((frames, 1)) for key in ("yaw", "mouth_opening")}
    truth |= {key: np.ones((frames, 1)) for key in ("eye_openness", "light_gain")}
    truth["landmarks"] = np.tile(np.array([[100, 100], [200, 200]], np.float32), (frames, 1, 1, 1))
    truth["hand_box"] = np.full((frames, 1, 4), -1)
    truth["yaw"][1], truth["yaw"][2] = 25, -25
    truth["eye_openness"][3], truth["mouth_opening"][4], truth["light_gain"][5] = 0, 0.3, 0.4
    truth["hand_box"][6], truth["hand_box"][7] = (190, 190, 300, 300), (150, 150, 300, 300)
    assert hard_moments(truth) == {
        "turned right": 1,
        "turned left": 2,
        "eyes closed": 3,
        "mouth open": 4,
        "dim light": 5,
        "hand in front": 7,
    }
