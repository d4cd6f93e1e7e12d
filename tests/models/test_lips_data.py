"""What the lip network learns from: named files under clean licences, no person twice, nothing that is judged."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.judging.choice import PAIRS
from benchmarks.steadiness import CLIPS
from models.lips_data import HELD_OUT, LEFT_OUT, MATERIAL, SIDE, TRAINED, Mouth, is_held_out, split, verified
from models.lips_material import JUDGED, person_of

CLEAN = {"public domain", "CC-BY-4.0", "public domain and CC-BY-4.0"}
ROWS = list(csv.DictReader(MATERIAL.read_text("utf-8").splitlines()))
LEARNT_FROM = ROWS[1:]


@pytest.fixture(scope="session")
def assets() -> Path:
    folder = Path(os.environ.get("FACEFUSION_TEST_ASSETS", Path(__file__).parents[3] / "shared" / "assets"))
    if not folder.is_dir():
        pytest.skip(f"the test pictures are not in {folder} (set FACEFUSION_TEST_ASSETS)")
    return folder


def mouth(person: str, looks: float) -> Mouth:
    lips = np.full((40, 2), 0.5, np.float32)
    embedding = np.full(128, looks / np.sqrt(128), np.float32)
    return Mouth(np.zeros((SIDE, SIDE, 3), np.uint8), lips, lips, person, embedding)


def test_every_file_may_be_used_to_train_what_companies_use():
    assert {row["licence"] for row in LEARNT_FROM} <= CLEAN
    assert all(row["origin"] for row in ROWS)
    assert ROWS[0]["licence"] == "Apache-2.0", "the teacher"


def test_nothing_is_learnt_from_what_the_benchmarks_judge_with():
    judged = {name for pair in PAIRS for name in pair.split(":")} | {path for path, _ in CLIPS.values()}
    assert not judged & {row["file"] for row in LEARNT_FROM}
    people = {person_of(Path(name)) for name in judged if name.startswith(("congress/", "pairs/"))}
    assert people == JUDGED
    assert all(is_held_out(person) for person in people)


def test_the_files_are_the_listed_ones(assets: Path):
    assert len(verified(assets)) == len(ROWS)


def test_a_file_that_was_changed_is_refused(tmp_path: Path):
    path = tmp_path / ROWS[0]["file"]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another teacher")
    with pytest.raises(ValueError, match=r"not the file that lips_material\.csv names"):
        verified(tmp_path)


def test_people_are_held_out_by_name_and_by_looks():
    held = sorted(JUDGED)[0]
    parts = [each.part for each in split([mouth(held, 0.0), mouth("usgov:b", 0.1), mouth("usgov:b", 1.0)])]
    assert parts == [HELD_OUT, LEFT_OUT, TRAINED]


def test_about_a_tenth_of_all_people_is_held_out():
    assert 70 < sum(is_held_out(f"usgov:{number}") for number in range(1000)) < 130


def test_a_person_has_one_name_in_all_folders():
    assert person_of(Path("congress/senate-ron-johnson.jpg")) == "usgov:ron-johnson"
    assert person_of(Path("pairs/london-063-smiling.jpg")) == "london:063"
