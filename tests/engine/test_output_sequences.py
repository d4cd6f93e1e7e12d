"""Jobs that write numbered pictures: which numbers they get, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefusion.errors import OptionsError
from material import ASTRONAUT, read, save

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
    result = job(target_path=plates, output_path="out/a.%04d.png", processors=(), trim_end="3f", sequence_start=1)
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


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ({}, range(1001, 1007)),
        ({"trim_start": "2f"}, range(1003, 1007)),
        ({"trim_start": "0.125", "trim_end": "5f"}, range(1005, 1006)),
        ({"sequence_rate": "10", "trim_start": "0.3"}, range(1004, 1007)),
        ({"output_video_fps": 50, "trim_start": "4f"}, range(1005, 1009)),
        ({"output_video_fps": 12.5}, range(1001, 1004)),
        ({"sequence_start": 0}, range(6)),
        ({"sequence_start": 86400, "trim_start": "5f"}, range(86400, 86401)),
    ],
    ids=str,
)
@pytest.mark.parametrize("isolate", [False, True])
def test_a_sequence_made_of_a_sequence_keeps_its_numbers(job, plates, values, numbers, isolate):
    job(target_path=plates, output_path="out/o.%04d.png", processors=(), isolate=isolate, **values)
    assert names("out") == [f"o.{number:04d}.png" for number in numbers]
    if "output_video_fps" not in values and "sequence_start" not in values:
        assert greys("out") == {f"o.{number}.png": 10 * (number - 1001) for number in numbers}


def test_renditions_are_numbered_alike(job, plates):
    job(target_path=plates, output_path="o.mp4", renditions="small/%06d.jpg size=50%", processors=(), trim_start="4f")
    assert names("small") == ["001005.jpg", "001006.jpg"]


def test_a_sequence_made_of_a_video_begins_with_1_unless_something_else_is_said(job):
    job(output_path="out/%04d.png", processors=(), trim_end="2f")
    assert names("out") == ["0001.png", "0002.png"]
    job(output_path="other/%04d.png", processors=(), trim_end="2f", sequence_start=1001)
    assert names("other") == ["1001.png", "1002.png"]


def test_a_job_that_goes_on_keeps_the_numbers_and_may_be_given_others(job, plates):
    values = {"target_path": plates, "processors": (), "trim_start": "1f", "video_chunk_size": 2}

    def breaking_off(report):
        if report.done > 2:
            raise InterruptedError

    for output, start, first in (("a", None, 1002), ("b", 7, 7)):
        with pytest.raises(InterruptedError):
            job({"progress": breaking_off}, output_path=f"{output}/%04d.png", **values)
        reports = []
        further = {"output_path": f"{output}/%04d.png", "resume": True, "sequence_start": start}
        job({"progress": reports.append}, **values, **further)
        assert reports[0].before > 0
        assert names(output) == [f"{number:04d}.png" for number in range(first, first + 5)]


def test_a_first_number_without_a_sequence_is_refused(job, plates):
    for target, output in ((plates, "o.mp4"), (ASTRONAUT, "o.png")):
        with pytest.raises(OptionsError, match="sequence-start is for"):
            job(target_path=target, output_path=output, processors=(), sequence_start=5)
