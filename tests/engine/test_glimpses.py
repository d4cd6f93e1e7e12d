"""Small pictures of frames: which, how many, and that none leaves without its marks."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facefusion.engine.glimpses import LONGEST, MOST, MOST_BYTES, Glimpse, Glimpses
from facefusion.engine.notes import Notes
from facefusion.engine.run import run
from facefusion.errors import AuditError
from facefusion.media.frame import Frame
from facefusion.options import load_options
from facefusion.trust.metadata import read_marks
from material import ASTRONAUT, CAPTAIN, read, write_clip


@dataclass
class Door:
    """Stands in place of a door: it lets everything out, and counts."""

    lets_glimpse: bool = True
    fault: Exception | None = None
    begun: list[int] = field(default_factory=list)

    def begin_glimpses(self) -> None:
        self.begun.append(1)
        if self.fault is not None:
            raise self.fault

    def glimpse(self, image):
        return image

    def glimpse_marked(self, jpeg: bytes) -> bytes:
        return jpeg


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(frames: int | None, *, first: int = 0, count: int | None = None, rate: float = 10.0, **door) -> list[Glimpse]:
    """The glimpses of a task that works on so many frames a second, each of which is looked at."""
    found: list[Glimpse] = []
    clock = Clock()
    glimpses = Glimpses(Door(**door), Notes(), found.append, frames=frames, first=first, clock=clock)
    image = np.zeros((20, 30, 3), np.uint8)
    for number in range(first, first + (frames or 0) if count is None else first + count):
        clock.now += 1 / rate
        glimpses.offer(Frame(number, number, 1, Fraction(1, 25), image), number, number / 25, ())
    return found


def test_they_are_spread_over_a_job_whose_length_is_known() -> None:
    found = taken(2400)
    assert len(found) == MOST
    assert [glimpse.number for glimpse in found] == list(range(0, 2400, 100))
    assert not found[0].is_live and all(glimpse.is_live for glimpse in found[1:])


@pytest.mark.parametrize("segments", [1, 3, 7, 40, 400])
def test_however_a_job_is_cut_there_are_no_more(segments: int) -> None:
    edges = np.linspace(0, 2400, segments + 1).round().astype(int)
    parts = [taken(2400, first=int(a), count=int(b - a), rate=1.0) for a, b in pairwise(edges)]
    assert sum(map(len, parts)) <= MOST
    numbers = [glimpse.number for part in parts for glimpse in part]
    assert len(numbers) == len(set(numbers))
    assert segments > 40 or len(numbers) == MOST


def test_a_job_of_unknown_length_shows_ever_fewer() -> None:
    numbers = [glimpse.number for glimpse in taken(None, count=60_000, rate=0.2)]
    assert len(numbers) <= 2 * MOST and numbers[:3] == [0, 1, 2]
    assert numbers[-1] - numbers[-2] > 1000


def test_a_quick_job_takes_one_and_shows_none() -> None:
    [only] = taken(48, rate=100.0)
    assert only.number == 0 and not only.is_live
    assert len(taken(4800, rate=100.0)) <= 12, "one in four seconds"


def test_none_leave_where_they_may_not() -> None:
    assert taken(2400, lets_glimpse=False) == []
    [only] = taken(2400, fault=AuditError("The log cannot be written"))
    assert not only.is_live, "without an entry nothing is shown; the first is for when the job is finished"


def test_they_are_small_whatever_they_show() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1080, 1920, 3), np.uint8)
    found: list[Glimpse] = []
    Glimpses(Door(), Notes(), found.append, frames=1, pixel_aspect=Fraction(1, 2)).offer(
        Frame(0, 0, 1, Fraction(1, 25), noise), 0, 0.0, ()
    )
    [only] = found
    assert len(only.jpeg) <= MOST_BYTES
    assert (only.width, only.height) == (round(LONGEST * 960 / 1080), LONGEST)
    assert Image.open(io.BytesIO(only.jpeg)).size == (only.width, only.height)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    view = read(ASTRONAUT)[30:222, 120:312]
    return write_clip(tmp_path_factory.mktemp("clips") / "still.mp4", [view] * 6)


@pytest.mark.parametrize("target", ["picture", "clip"])
def test_each_bears_a_label_and_metadata_and_changes_nothing(clip: Path, tmp_path: Path, target: str) -> None:
    path, name = (clip, "out.mp4") if target == "clip" else (ASTRONAUT, "out.png")
    found: list[Glimpse] = []
    values = {"source_paths": [CAPTAIN], "target_path": path, "output_path": tmp_path / name}
    values |= {"label": "start", "label_place": "bottom-left"}
    run(load_options(values), glimpse=found.append)
    made = (tmp_path / name).read_bytes()
    run(load_options({**values, "overwrite": True}))
    assert (tmp_path / name).read_bytes() == made
    [only] = found
    (tmp_path / "glimpse.jpg").write_bytes(only.jpeg)
    marks = read_marks(tmp_path / "glimpse.jpg")
    assert marks is not None and marks.source_type and marks.tool.startswith("FaceFusion")
    assert only.value > 0.1, "a face was edited in it"
    small = cv2.imdecode(np.frombuffer(only.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    plain = cv2.resize(cv2.cvtColor(read(ASTRONAUT), cv2.COLOR_RGB2GRAY), small.shape[::-1])
    if target == "picture":
        rows = slice(int(small.shape[0] * 0.8), None)
        assert np.abs(small[rows].astype(int) - plain[rows]).max() > 60, "the label is drawn"


def test_nothing_is_shown_of_what_is_encrypted(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    found: list[Glimpse] = []
    values = {"source_paths": [CAPTAIN], "target_path": ASTRONAUT, "output_path": tmp_path / "out.png"}
    run(load_options({**values, "encrypt_output_key": key}), glimpse=found.append)
    assert found == []
