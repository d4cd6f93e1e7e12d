"""What is measured of a result, and what is unusual about it, on real pictures and clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.engine.judged import BOUNDS, Measures, flags, judge
from facefusion.engine.judged.pairs import pairs, spread
from facefusion.engine.run import run
from facefusion.inference.opening import open_sessions
from facefusion.options import Options, load_options
from material import ASTRONAUT, CAPTAIN, read, save, write_clip

SWAP = ("face_swapper",)
USUAL = Measures(8, 8, 1.0, 1.0, 1.0, 1.0, 0.45, 0.75, 0.006, 2.5, 0.9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged")


@pytest.fixture(scope="module")
def target(folder: Path) -> Path:
    """A portrait of 160 pixels, which is quick to work on."""
    return save(folder / "captain.png", read(CAPTAIN)[::2, ::2])


@pytest.fixture(scope="module")
def options(folder: Path, target: Path) -> Options:
    values = {"source_paths": [ASTRONAUT], "target_path": target, "output_path": folder / "swapped.png"}
    return load_options(values)


@pytest.fixture(scope="module")
def swapped(options: Options) -> Path:
    return run(options).output_path


@pytest.fixture(scope="module")
def judged(options: Options):
    sessions = open_sessions(options)
    yield lambda result, like=options: judge(like, result, sessions)
    sessions.unload()


def test_a_swap_is_nearer_to_its_source_and_keeps_expression_and_pose(judged, swapped: Path) -> None:
    found = judged(swapped)
    assert (found.frames, found.faces, found.found, found.changed, found.nearer) == (1, 1, 1, 1, 1)
    assert found.to_source < found.to_target
    assert found.expression < 0.03 and found.pose < 8 and found.sharpness > 0.5
    assert flags(found, SWAP, edited=1.0) == ()


def test_no_figure_tells_a_person(judged, swapped: Path) -> None:
    values = judged(swapped).to_json()
    assert all(isinstance(value, int | float) for value in values.values()), values
    assert len(values) == 11


def test_what_was_not_edited_though_the_job_says_so_is_unusual(judged, target: Path) -> None:
    found = judged(target)
    assert (found.found, found.changed, found.to_source) == (1, 0, None)
    assert flags(found, SWAP, edited=1.0) == ("unchanged",)
    assert flags(found, SWAP, edited=0.0) == (), "nothing was edited, and the job said so"
    assert flags(found, SWAP, edited=1.0, blend=0.1) == ()


def test_another_face_than_was_asked_for_is_unusual(judged, target: Path, folder: Path) -> None:
    """The face was changed, and is whose it was."""
    brighter = save(folder / "brighter.png", np.asarray(read(target).astype(int) * 9 // 10 + 20, np.uint8))
    found = judged(brighter)
    assert (found.changed, found.nearer) == (1, 0)
    assert found.to_target < 0.3
    assert flags(found, SWAP, edited=1.0) == ("not-the-source",)


def test_a_result_that_is_blurred_or_shows_no_face_is_unusual(judged, folder: Path, swapped: Path) -> None:
    image = read(swapped)
    soft = save(folder / "soft.png", np.asarray(cv2.GaussianBlur(image, (0, 0), 5), np.uint8))
    assert "blurred" in flags(judged(soft), SWAP, edited=1.0)
    grey = save(folder / "grey.png", np.full_like(image, 90))
    found = judged(grey)
    assert (found.faces, found.found) == (1, 0)
    assert flags(found, SWAP, edited=1.0) == ("faces-lost", "unchanged")


def test_a_target_without_faces_says_nothing(judged, options: Options, folder: Path) -> None:
    grey = save(folder / "nobody.png", np.full((120, 160, 3), 90, np.uint8))
    found = judged(grey, options.changed({"target_path": grey, "processors": ["frame_colorizer"]}))
    assert found == Measures(1, 0)
    assert flags(found, ("frame_colorizer",), edited=0.0) == ()


def test_an_output_of_another_size_is_held_against_its_target(judged, folder: Path, swapped: Path) -> None:
    image = read(swapped)
    large = save(folder / "large.png", np.asarray(cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)))
    found = judged(large)
    assert found.changed == 1 and found.expression < 0.03
    assert flags(found, SWAP, edited=1.0) == ()


@pytest.mark.parametrize(
    ("change", "processors", "flag"),
    [
        ({"found": 0.5}, SWAP, "faces-lost"),
        ({"nearer": 0.4}, SWAP, "not-the-source"),
        ({"to_source": 0.8}, SWAP, "not-the-source"),
        ({"to_target": 0.7}, ("face_enhancer", "frame_enhancer"), "another-person"),
        ({"expression": 0.06}, SWAP, "expression"),
        ({"pose": 20.0}, SWAP, "pose"),
        ({"sharpness": 0.3}, SWAP, "blurred"),
    ],
)
def test_each_bound_sets_its_flag(change: dict[str, float], processors: tuple[str, ...], flag: str) -> None:
    usual = USUAL if "face_swapper" in processors else replace(USUAL, to_target=0.3)
    assert flags(usual, processors, edited=1.0) == ()
    assert flags(replace(usual, **change), processors, edited=1.0) == (flag,)
    assert flag in BOUNDS


def test_what_was_asked_for_is_not_unusual() -> None:
    talking = replace(USUAL, expression=0.2, pose=20.0, to_target=0.4)
    assert flags(talking, ("lip_syncer",), edited=1.0) == ()
    assert flags(replace(USUAL, nearer=0.0), SWAP, edited=1.0, blend=0.3) == ()
    assert flags(replace(USUAL, nearer=0.0), SWAP, edited=1.0, everywhere=False) == ()
    assert flags(replace(USUAL, nearer=0.0), ("age_modifier",), edited=1.0) == ()
    drawn = replace(USUAL, found=0.1, expression=0.3, pose=40.0, sharpness=0.2)
    assert flags(drawn, ("stylizer",), edited=1.0) == ()
    assert flags(replace(USUAL, to_target=0.7), ("makeup",), edited=1.0) == ("another-person",)


def test_frames_are_spread_evenly_and_each_is_looked_at_once() -> None:
    assert spread(100, 4) == [12, 37, 62, 87]
    assert spread(3, 8) == [0, 1, 2]
    assert spread(1, 8) == [0]


@pytest.mark.parametrize("trimmed", [{}, {"trim_start": "0.4"}, {"trim_start": "10f", "trim_end": "30f"}])
def test_frames_of_a_clip_are_held_against_the_same_moments(tmp_path: Path, trimmed: dict[str, str]) -> None:
    shades = [np.full((64, 64, 3), 5 * number, np.uint8) for number in range(40)]
    clip = write_clip(tmp_path / "clip.mp4", shades)
    first, last = (10 if trimmed else 0), (30 if "trim_end" in trimmed else 40)
    result = write_clip(tmp_path / "result.mp4", shades[first:last])
    options = load_options({"target_path": clip, "output_path": result, **trimmed})
    found = list(pairs(clip, result, options, 4))
    assert len(found) == 4
    for pair, place in zip(found, spread(last - first, 4), strict=True):
        assert pair.after.mean() == pytest.approx(5 * (first + place), abs=2)
        assert pair.before.mean() == pytest.approx(pair.after.mean(), abs=2)


def test_a_clip_of_another_rate_is_held_against_by_its_times(tmp_path: Path) -> None:
    shades = [np.full((64, 64, 3), 5 * number, np.uint8) for number in range(40)]
    clip = write_clip(tmp_path / "clip.mp4", shades)
    result = write_clip(tmp_path / "result.mp4", shades[::2], rate=12)
    options = load_options({"target_path": clip, "output_path": result})
    for pair in pairs(clip, result, options, 4):
        assert pair.before.mean() == pytest.approx(pair.after.mean(), abs=8)
