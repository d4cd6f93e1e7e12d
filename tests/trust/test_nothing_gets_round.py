"""No set of options, processors, plug-ins, steps of the caller and ways in gives an output without its marks.

`python -m benchmarks.disclosure` runs thousands of the same cases.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest
from benchmarks.disclosing.case import ENTRIES, Case, draw
from benchmarks.disclosing.world import World
from benchmarks.disclosure import told

from facefusion.engine.doors.record import Record
from facefusion.engine.doors.seals import Seals

CASES = 150


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.mark.slow
def test_whatever_comes_out_bears_its_marks_and_is_on_record(world):
    outcomes = [world.run(draw(number)) for number in range(CASES)]
    assert [(outcome.case, outcome.faults) for outcome in outcomes if outcome.faults] == []
    assert sum(outcome.ending == "done" for outcome in outcomes) > CASES // 3
    assert sum(outcome.ending == "refused" for outcome in outcomes) > CASES // 20
    assert {outcome.case.entry for outcome in outcomes if outcome.ending == "done"} == set(ENTRIES)
    assert " 0 |" in told(outcomes).splitlines()[-5]


@pytest.mark.slow
def test_jobs_in_segments_bear_their_marks_and_are_on_record(world):
    drawn = [each for each in map(draw, range(400)) if each.is_moving and each.entry in {"call", "mapping", "engine"}]
    cases = [replace(each, entry="segments", hooks="none", number=10_000 + each.number) for each in drawn[:30]]
    outcomes = [world.run(each) for each in cases]
    assert [(outcome.case, outcome.faults) for outcome in outcomes if outcome.faults] == []
    assert sum(outcome.ending == "done" for outcome in outcomes) > len(cases) // 3


def case(entry: str, *, policy: str = "eu", target: str = "plain.png", output: str = ".png", **values) -> Case:
    return Case(1, entry, policy, target, output, "none", "clean", is_there=False, values={"processors": []} | values)


@contextmanager
def without_metadata():
    with patch("facefusion.engine.doors.seals.embed", lambda *arguments: None):
        yield


@contextmanager
def without_label():
    with patch.object(Seals, "labelled", lambda self, frame, seconds: frame):
        yield


@contextmanager
def without_manifest():
    with patch("facefusion.trust.provenance.signing.sign", lambda *arguments: None):
        yield


@contextmanager
def without_record():
    with patch.object(Record, "published", lambda *arguments, **facts: None):
        yield


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        (without_metadata, "bears no metadata"),
        (without_label, "shows no label"),
        (without_manifest, "holds no manifest"),
        (without_record, "is not in the audit log"),
    ],
)
@pytest.mark.parametrize("entry", ["call", "command", "preview command"])
def test_a_mark_that_is_left_out_is_noticed(world, left_out, told, entry):
    with left_out():
        outcome = world.run(case(entry))
    assert any(told in fault for fault in outcome.faults), outcome


def test_a_watermark_that_is_left_out_is_noticed(world):
    seen = world.run(case("preview", policy="personal"))
    assert seen.faults == ()
    with patch.object(Seals, "marked", lambda self, frame: frame):
        outcome = world.run(case("preview", policy="personal"))
    assert any("marks were put in" in fault for fault in outcome.faults)


@pytest.mark.parametrize("left_out", [without_metadata, without_label, without_record])
def test_a_mark_that_is_left_out_of_a_job_in_segments_is_noticed(world, left_out):
    with left_out():
        outcome = world.run(case("segments", target="clip.mp4", output=".mp4"))
    assert outcome.faults, outcome


@pytest.mark.parametrize("entry", ["call", "mapping", "set_options", "engine", "batch", "command", "preview command"])
def test_what_is_refused_leaves_nothing_and_is_on_record(world, entry):
    refused = Case(2, entry, "personal", "plain.png", ".png", "none", "explicit at first", False, {"processors": []})
    outcome = world.run(refused)
    assert (outcome.ending, outcome.error, outcome.faults) == ("refused", "ContentRefusedError", ())


def test_a_recording_of_live_frames_in_which_something_is_refused_is_not_kept(world):
    values = {"processors": [], "content_every_live": 1}
    live = Case(3, "live file", "personal", "clip.mp4", ".mkv", "none", "explicit later", False, values)
    outcome = world.run(live)
    assert (outcome.ending, outcome.files, outcome.faults) == ("refused", (), ())


def test_a_picture_beside_a_video_bears_its_own_label(world):
    """The best frame may be one from long after the label at the start is gone."""
    outcome = world.run(
        case("call", target="slow.mp4", output=".mp4", thumbnail="thumb.png", contact_sheet="sheet.jpg")
    )
    assert (outcome.faults, sorted(outcome.files)) == ((), [".jpg", ".mp4", ".png"])


def test_what_cannot_hold_a_manifest_that_is_required_is_refused_before_any_work(world):
    outcome = world.run(case("call", policy="strict", target="clip.mp4", output=".mkv"))
    assert (outcome.error, outcome.faults) == ("DisclosureError", ())
