"""Jobs that write numbered pictures: which numbers they get, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from material import read, save

STILLS = [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(6)]


@pytest.fixture
def plates(quiet_place) -> Path:
    """Six pictures, numbered from 1001 on, each of one grey."""
    folder = quiet_place / "plates"
    folder.mkdir()
    for number, still in enumerate(STILLS):
        save(folder / f"shot.{1001 + number}.png", still)
    return folder


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def greys(folder: str) -> dict[str, int]:
    """The grey of each picture, by its name."""
    return {name: int(read(Path(folder, name)).mean()) for name in names(folder)}


def test_pictures_that_the_job_does_not_write_stay_and_a_note_names_them(job, plates):
    Path("out").mkdir()
    for number in (2, 2001, 2002, 9000):
        save(Path("out", f"a.{number:04d}.png"), STILLS[5])
    save(Path("out", "other.0001.png"), STILLS[5])
    result = job(target_path=plates, output_path="out/a.%04d.png", processors=(), trim_end="3f")
    kept = dict.fromkeys(["a.2001.png", "a.2002.png", "a.9000.png", "other.0001.png"], 50)
    assert greys("out") == {"a.0001.png": 0, "a.0002.png": 10, "a.0003.png": 20} | kept
    assert result.notes == (
        "The folder out holds 3 more pictures of the pattern a.%04d.png (2001 to 9000), left as before",
    )


def test_a_sequence_over_one_that_is_no_longer_needs_no_note(job, plates):
    for _ in range(2):
        assert job(target_path=plates, output_path="out/a.%04d.png", processors=()).notes == ()
    assert len(names("out")) == 6


def test_renditions_leave_other_pictures_too(job, plates):
    Path("small").mkdir()
    save(Path("small", "0700.png"), STILLS[5])
    result = job(target_path=plates, output_path="o.gif", renditions="small/%04d.png size=50%", processors=())
    assert len(names("small")) == 7
    assert any("another picture of the pattern %04d.png (700), left as before" in note for note in result.notes)
