"""Jobs in segments that are done apart: what comes out is the whole job's, whoever does which segment and when."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from faces_in_turn import faces_in_turn

from facefusion.engine.consents import faces_of_person, open_consents
from facefusion.engine.run import run
from facefusion.engine.segmented import SegmentedPlan, merge_segments, plan_job, run_segment
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import (
    CancelledError,
    ConsentRevokedError,
    FaceTooSmallError,
    InputTypeError,
    NoFaceError,
    OnlyWholeError,
    OptionsError,
    OutputExistsError,
    SegmentError,
)
from facefusion.media.open import open_reader
from facefusion.media.select import Selection
from facefusion.media.times import read_times
from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import usual_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.verify.report import verify_file
from material import ASTRONAUT, CAPTAIN, LIMITS, read, read_clip, write_clip

FRAMES, LENGTH, LEAD = 20, 6, 4
WARM = WarmParts()
"""Models are loaded once; what is done in another process loads its own."""
ELSEWHERE = """
import json, sys
from pathlib import Path
from facefusion.engine.segmented import SegmentedPlan, run_segment
from facefusion.options import Options
values, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
plan = SegmentedPlan.of_bytes(Path(sys.argv[3]).read_bytes())
for number in map(int, sys.argv[4:]):
    run_segment(Options.parse(values), plan, number, folder / str(number))
"""


@pytest.fixture(autouse=True)
def one_place(quiet_place, own_records, monkeypatch):
    """All steps of a job are done at one place."""
    monkeypatch.setenv("XDG_DATA_HOME", str(own_records))


@pytest.fixture
def under(quiet_place, monkeypatch):
    """Let one further rule hold."""

    def rule(section, name, value):
        path = quiet_place / "rules.toml"
        extends = Path(os.environ["FACEFUSION_POLICY"]).read_text("utf-8").replace('"tests"', '"stricter"')
        path.write_text(f'{extends}\n[{section}]\n{name} = {{ value = "{value}", why = "A test asks for it" }}\n')
        monkeypatch.setenv("FACEFUSION_POLICY", str(path))

    return rule


@pytest.fixture
def values(moving_portrait, quiet_place):
    return {"target_path": str(moving_portrait), "output_path": "out.mp4", "source_paths": [str(CAPTAIN)]}


@pytest.fixture
def plain(moving_portrait, quiet_place):
    """A job that changes nothing, and loses nothing."""
    return lossless(moving_portrait)


def lossless(target, **more):
    basics = {"target_path": str(target), "output_path": "out.mkv", "processors": [], "output_video_encoder": "ffv1"}
    return basics | more


def planned(values, **numbers) -> SegmentedPlan:
    numbers = {"segment_frames": LENGTH, "lead_frames": LEAD} | numbers
    plan = plan_job(Options.parse(values), warm=WARM, **numbers)
    return SegmentedPlan.of_bytes(plan.to_bytes())


def made(values, plan, numbers=None, folder="segments"):
    """Make segments, in the order given; return the folders of all."""
    Path(folder).mkdir(exist_ok=True)
    for number in range(len(plan.segments)) if numbers is None else numbers:
        run_segment(Options.parse(values), plan, number, Path(folder) / f"{number}", warm=WARM)
    return [Path(folder) / f"{part.number}" for part in plan.segments]


def in_segments(values, **numbers):
    """Do a job in segments, the last first."""
    plan = planned(values, **numbers)
    folders = made(values, plan, reversed(range(len(plan.segments))))
    return merge_segments(Options.parse(values), plan, folders, warm=WARM)


def shown(path, **options):
    """The frames of a clip with their times, and of each how long it lasts."""
    with open_reader(Path(path), limits=LIMITS, selection=Selection.of(Options.parse(options))) as reader:
        return [(frame.time, frame.duration * frame.time_base, frame.image.tobytes()) for frame in reader]


def sound_of(path):
    """All packets of sound, with their times."""
    with av.open(str(path)) as container:
        return [
            (packet.pts, packet.dts, bytes(packet))
            for packet in container.demux(container.streams.audio)
            if packet.size
        ]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def entries():
    home = usual_home()
    with closing(AuditLog.open(home, AuditKeys.of(KeyRing.open(home)))) as log:
        return [json.loads(entry.body) for entry in log.entries()]


def test_the_merged_file_is_the_same_whoever_makes_segments_in_which_order_and_how_often(values, quiet_place):
    plan = planned(values)
    assert [(part.first, part.frames, part.lead) for part in plan.segments] == [(0, 6, 0), (6, 6, 4), (12, 8, 4)]
    assert planned(values).digest == plan.digest
    folders = made(values, plan, [2, 0, 1])
    before = [contents(folder) for folder in folders]
    made(values, plan, [1, 1])
    Path("plan").write_bytes(plan.to_bytes())
    Path("elsewhere").mkdir()
    command = [sys.executable, "-c", ELSEWHERE, json.dumps(values), "elsewhere", "plan", "1", "0"]
    subprocess.run(command, check=True)
    assert [contents(folder) for folder in folders] == before
    assert [contents(Path("elsewhere") / f"{number}") for number in (0, 1)] == before[:2]
    result = merge_segments(Options.parse(values), plan, folders[::-1])
    assert (result.frames, result.faces, result.kind) == (FRAMES, FRAMES, "video")
    whole = run(Options.parse(values | {"output_path": "whole.mp4"}))
    assert (whole.frames, whole.faces) == (result.frames, result.faces)
    assert [each[:2] for each in shown("out.mp4")] == [each[:2] for each in shown("whole.mp4")]
    once = Path("out.mp4").read_bytes()
    mixed = [Path("elsewhere/0"), Path("elsewhere/1"), folders[2]]
    merge_segments(Options.parse(values | {"overwrite": True}), plan, mixed)
    assert Path("out.mp4").read_bytes() == once


def test_what_a_segment_is_said_to_be(values, quiet_place):
    plan, reports = planned(values), []
    Path("segments").mkdir()
    made_one = run_segment(Options.parse(values), plan, 1, Path("segments/1"), progress=reports.append)
    assert (made_one.number, made_one.frames, made_one.faces, made_one.has_faces) == (1, 6, 6, True)
    assert sorted(path.name for path in made_one.files) == sorted(contents(Path("segments/1")))
    assert made_one.files[-1].name == "segment.json"
    assert (reports[-1].done, reports[-1].total) == (6, 6)
    assert oct(Path("segments/1").stat().st_mode & 0o777) == "0o700"


VARIABLE = [0, 40, 70, 200, 240, 280, 290, 400, 440, 480, 520, 900, 940, 980, 1020, 1060, 1100, 1140, 1141, 1200]


def write_variable(path, images, times=VARIABLE, *, form="yuv420p"):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = *images[0].shape[:2], form
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"trim_start": "0.2", "trim_end": "0.6"},
        {"trim_start": "3f", "trim_end": "17f"},
        {"output_video_fps": 50},
        {"output_video_fps": 10, "trim_start": "0.1"},
        {"deinterlace": True},
        {"crop": [10, 20, 100, 80]},
    ],
    ids=str,
)
def test_frames_and_times_are_those_of_the_whole_job(plain, quiet_place, options):
    values = plain | options
    run(Options.parse(values | {"output_path": "whole.mkv"}))
    result = in_segments(values, segment_frames=5, lead_frames=3)
    assert shown("out.mkv") == shown("whole.mkv")
    assert result.frames == len(shown("whole.mkv"))


def test_frames_of_any_length_keep_their_times(quiet_place, moving_portrait):
    target = write_variable(quiet_place / "variable.mkv", read_clip(moving_portrait))
    run(Options.parse(lossless(target, output_path="whole.mkv")))
    in_segments(lossless(target))
    assert shown("out.mkv") == shown("whole.mkv")
    assert [float(time) for time, _, _ in shown("out.mkv")] == [time / 1000 for time in VARIABLE]


def test_deep_colour_is_kept_bit_for_bit(quiet_place, moving_portrait):
    target = write_variable(quiet_place / "deep.mkv", read_clip(moving_portrait), form="yuv420p10le")
    run(Options.parse(lossless(target, output_path="whole.mkv")))
    in_segments(lossless(target))
    assert planes("out.mkv") == planes("whole.mkv") == planes(target)


def planes(path):
    with av.open(str(path)) as container:
        return [(frame.format.name, frame.to_ndarray().tobytes()) for frame in container.decode(video=0)]


def test_sequences_come_in_and_go_out(quiet_place, moving_portrait):
    run(Options.parse(lossless(moving_portrait, output_path="in/%03d.png", output_video_encoder="auto")))
    values = lossless(quiet_place / "in" / "%03d.png", output_path="out/%04d.png", output_video_encoder="auto")
    run(Options.parse(values | {"output_path": "whole/%04d.png"}))
    assert in_segments(values).frames == FRAMES
    assert contents(Path("out")) == contents(Path("whole"))


@pytest.mark.parametrize("name", ["out.gif", "out.webp", "two passes.mp4"])
def test_what_needs_the_whole_video_is_encoded_when_it_is_merged(plain, quiet_place, name):
    more = {"output_video_bitrate": 300_000, "output_video_passes": 2} if name.endswith("mp4") else {}
    values = plain | {"output_path": name, "output_video_encoder": "auto"} | more
    whole = Path(f"whole {name}")
    run(Options.parse(values | {"output_path": str(whole)}))
    in_segments(values)
    found, wanted = shown(name), shown(whole)
    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    if not more:  # of two passes the encoder's threads have a say
        assert found == wanted


def test_all_renditions_and_pictures_beside_are_made(plain, quiet_place):
    beside = {"thumbnail": "thumb.png", "contact_sheet": "sheet.png"}
    values = plain | {"renditions": ["half.mkv size=50%", "pictures/%02d.png"]} | beside
    result = in_segments(values, segment_frames=7)
    assert [path.name for path in result.further_paths] == ["half.mkv", "%02d.png", "thumb.png", "sheet.png"]
    found = [Path(name).read_bytes() for name in ("thumb.png", "sheet.png")] + [contents(Path("pictures"))]
    halves = shown("half.mkv")
    run(Options.parse(values | {"overwrite": True}))
    wanted = [Path(name).read_bytes() for name in ("thumb.png", "sheet.png")] + [contents(Path("pictures"))]
    assert found == wanted
    assert [each[:2] for each in halves] == [each[:2] for each in shown("half.mkv")]


def test_sound_is_that_of_the_whole_job(assets, quiet_place):
    values = {"target_path": str(assets / "video" / "male_with_espeak_audio_mux.mp4"), "output_path": "out.mp4"}
    values |= {"processors": [], "trim_start": "0.5", "trim_end": "2.5"}
    run(Options.parse(values | {"output_path": "whole.mp4"}))
    in_segments(values, segment_frames=20)
    assert sound_of("out.mp4") == sound_of("whole.mp4") != []
    assert [each[:2] for each in shown("out.mp4")] == [each[:2] for each in shown("whole.mp4")]


def test_frames_between_are_filled_in(values, quiet_place):
    values |= {"frame_sampling": 3, "output_path": "out.mkv", "output_video_encoder": "ffv1"}
    result = in_segments(values, segment_frames=10, lead_frames=8)
    assert (result.frames, result.faces) == (FRAMES, FRAMES)
    before, after = read_clip(Path(values["target_path"])), read_clip(Path("out.mkv"))
    changed = [(one != other).any(axis=2).mean() for one, other in zip(before, after, strict=True)]
    assert min(changed) > 0.01


# Faces


def swapped_halves(path, target):
    """In which frames the left and the right half of the picture are edited."""
    found = []
    for before, after in zip(read_clip(target), read_clip(Path(path)), strict=True):
        middle = before.shape[1] // 2
        differs = (before != after).any(axis=2)
        found.append((bool(differs[:, :middle].any()), bool(differs[:, middle:].any())))
    return found


def test_with_mode_one_all_segments_mean_the_person_who_came_first(quiet_place, astronaut, captain):
    target = faces_in_turn(quiet_place / "two.mkv", astronaut, captain)
    values = {
        "target_path": str(target),
        "output_path": "out.mkv",
        "source_paths": [str(CAPTAIN)],
        "output_video_encoder": "ffv1",
        "face_selector_mode": "one",
    }
    run(Options.parse(values | {"output_path": "whole.mkv"}))
    wanted = swapped_halves("whole.mkv", target)
    in_segments(values, segment_frames=8, lead_frames=2)
    assert swapped_halves("out.mkv", target) == wanted
    assert wanted[0] == (True, False)
    assert wanted[-1] == (False, True), "the other person is on the left by now, and larger"


def test_where_no_segment_has_a_face_the_merging_says_so(quiet_place):
    target = write_clip(quiet_place / "grey.mp4", [np.full((96, 128, 3), shade, np.uint8) for shade in range(60, 80)])
    values = {"target_path": str(target), "output_path": "out.mp4", "source_paths": [str(CAPTAIN)]}
    plan = planned(values)
    folders = made(values, plan)
    with pytest.raises(NoFaceError, match="No face was found in") as error:
        merge_segments(Options.parse(values), plan, folders)
    assert error.value.picture == Path("out.problem.jpg")
    assert not Path("out.mp4").exists()
    assert read_problem() == pytest.approx(60, abs=1)


def read_problem():
    """Lightness of the middle of the problem's picture, which shows the first frame."""
    return round(float(np.median(read(Path("out.problem.jpg"))[20:76])))


def test_faces_in_one_segment_are_enough_and_those_left_out_are_counted(quiet_place, astronaut):
    face, empty = astronaut[30:222, 120:312], np.full((192, 192, 3), 90, np.uint8)
    target = write_clip(quiet_place / "late.mp4", [empty] * 14 + [face] * 6)
    values = {"target_path": str(target), "output_path": "out.mp4", "source_paths": [str(CAPTAIN)]}
    result = in_segments(values)
    assert (result.frames, result.faces) == (20, 6)
    small = values | {"output_path": "small.mp4", "face_min_size": 300}
    with pytest.raises(SegmentError, match="option face-min-size changed"):
        merge_segments(Options.parse(small), planned(values), [])
    plan = planned(small)
    folders = made(small, plan, folder="small")
    with pytest.raises(FaceTooSmallError, match="pixels wide, the least is 300"):
        merge_segments(Options.parse(small), plan, folders)


# Trust


@pytest.fixture
def own_place(quiet_place, monkeypatch):
    """A place with records of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(quiet_place.with_name(f"{quiet_place.name} records")))


def agree(values):
    """Let the source consent; return the records of consents and this one."""
    options = Options.parse(values)
    store = open_consents(options)
    return store, store.add(faces_of_person(options.source_paths, options), granted_by="Grace")


def test_the_merged_output_bears_its_marks_and_one_entry_says_so(values, own_place, monkeypatch):
    monkeypatch.setenv("FACEFUSION_POLICY", "eu")
    values |= {"label": "ends", "acknowledge": True}
    agree(values)
    result = in_segments(values)
    told = [entry for entry in entries() if entry.get("job") == entries()[-1]["job"]]
    assert [entry["kind"] for entry in told] == ["admitted"] * 5 + ["published"]
    facts = told[-1]
    assert facts["marks"] == ["label", "watermark", "metadata", "provenance"]
    assert (facts["frames"], facts["faces"]) == (FRAMES, FRAMES)
    options = Options.parse(values)
    report = verify_file(result.output_path, open_layers(options), options.limits)
    assert report.fault() is None, report
    held = {layer.layer: str(layer.state) for layer in report.layers}
    assert (held["watermark"], held["metadata"], held["provenance"]) == ("holds", "holds", "holds")


def test_the_label_is_shown_at_the_start_of_the_video_and_not_of_each_segment(plain, quiet_place, monkeypatch):
    monkeypatch.setenv("FACEFUSION_POLICY", "personal")
    values = plain | {"label": "start", "acknowledge": True}
    target = write_clip(quiet_place / "long.mp4", [np.full((96, 160, 3), 120, np.uint8)] * 150)
    values |= {"target_path": str(target)}
    run(Options.parse(values | {"output_path": "whole.mkv"}))
    in_segments(values, segment_frames=50, lead_frames=5)
    labelled = [np.ptp(image.astype(int)) > 60 for image in read_clip(Path("out.mkv"))]
    assert labelled == [np.ptp(image.astype(int)) > 60 for image in read_clip(Path("whole.mkv"))]
    assert labelled[0]
    assert not any(labelled[-50:])


def test_a_consent_that_is_revoked_between_planning_and_merging_holds_the_output_back(values, own_place, under):
    under("consent", "require", "sources")
    options = Options.parse(values)
    store, consent = agree(values)
    plan = planned(values)
    folders = made(values, plan, [0, 1])
    store.revoke(consent.id)
    with pytest.raises(ConsentRevokedError):
        run_segment(options, plan, 2, Path("segments/2"))
    with pytest.raises(ConsentRevokedError):
        merge_segments(options, plan, folders)
    assert [entry["kind"] for entry in entries()[-2:]] == ["refused", "refused"]
    assert not Path("out.mp4").exists()


# What does not belong together


@pytest.fixture
def cut(plain, quiet_place):
    """A job whose segments are all made: its options, plan and folders."""
    plan = planned(plain)
    return plain, plan, made(plain, plan)


def merge(cut, folders=None, **changes):
    values, plan, all_folders = cut
    return merge_segments(Options.parse(values | changes), plan, all_folders if folders is None else folders, warm=WARM)


def flip(path: Path, place: int = -20) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["000001.0.segment", "segment.state", "segment.json"])
def test_an_altered_segment_is_refused(cut, name):
    flip(cut[2][1] / name)
    with pytest.raises(SegmentError) as error:
        merge(cut)
    assert error.value.exit_code == 85
    assert not Path("out.mkv").exists()


@pytest.mark.parametrize("name", ["000001.0.segment", "segment.state", "segment.json"])
def test_a_segment_without_one_of_its_files_is_refused(cut, name):
    (cut[2][1] / name).unlink()
    with pytest.raises(SegmentError, match="Make this segment anew"):
        merge(cut)


def test_a_missing_a_doubled_and_a_swapped_segment_are_refused(cut):
    folders = cut[2]
    with pytest.raises(SegmentError, match="Segment 1 is missing"):
        merge(cut, [folders[0], folders[2]])
    with pytest.raises(SegmentError, match="Segments 0, 1, 2 are missing"):
        merge(cut, [])
    with pytest.raises(SegmentError, match="Segment 0 is given twice"):
        merge(cut, [folders[0], *folders])
    (folders[0] / "000000.0.segment").write_bytes((folders[1] / "000001.0.segment").read_bytes())
    with pytest.raises(SegmentError, match=r"000000\.0\.segment is not what it was"):
        merge(cut)


def test_what_was_made_under_another_plan_is_refused(cut):
    values, plan, folders = cut
    other = planned(values, lead_frames=LEAD + 1)
    assert other.digest != plan.digest
    foreign = made(values, other, [1], folder="foreign")[1]
    with pytest.raises(SegmentError, match="was made under another plan"):
        merge(cut, [folders[0], foreign, folders[2]])


def test_what_was_made_at_another_place_is_refused(cut, monkeypatch, quiet_place):
    values, plan, folders = cut
    monkeypatch.setenv("XDG_DATA_HOME", str(quiet_place / "another place"))
    with pytest.raises(SegmentError, match="The plan was not made at this place"):
        run_segment(Options.parse(values), plan, 0, Path("foreign"))
    theirs = planned(values)
    foreign = made(values, theirs, folder="foreign")
    with pytest.raises(SegmentError, match="was not written at this place"):
        merge((values, theirs, folders))
    monkeypatch.undo()
    assert len(foreign) == len(folders)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output_video_size": "50%"}, "option output-video-size changed"),
        ({"target_path": str(ASTRONAUT.with_name("other.mp4"))}, "an input changed"),
        ({"label_text": "by Ann"}, "option label-text changed"),
        ({"video_chunk_size": 3}, "option video-chunk-size changed"),
    ],
    ids=str,
)
def test_a_job_that_changed_since_it_was_planned_is_refused(cut, change, said, quiet_place, moving_portrait):
    if "target_path" in change:
        change = {"target_path": str(write_clip(quiet_place / "other.mp4", read_clip(moving_portrait)[::-1]))}
    for step in (
        lambda: run_segment(Options.parse(cut[0] | change), cut[1], 0, Path("again")),
        lambda: merge(cut, **change),
    ):
        with pytest.raises(SegmentError, match=said):
            step()
    assert not Path("again").exists()


def test_another_source_is_another_job(values, quiet_place):
    plan = planned(values)
    with pytest.raises(SegmentError, match="an input changed"):
        run_segment(Options.parse(values | {"source_paths": [str(ASTRONAUT)]}), plan, 0, Path("first"))


def test_files_may_lie_elsewhere_if_their_bytes_are_the_same(cut, quiet_place, moving_portrait):
    copy = quiet_place / "a copy.mp4"
    copy.write_bytes(moving_portrait.read_bytes())
    again = run_segment(Options.parse(cut[0] | {"target_path": str(copy)}), cut[1], 1, Path("again"))
    assert contents(Path("again")) == contents(cut[2][1])
    assert again.frames == 6


def test_there_is_no_such_segment(cut):
    for number in (-1, 3, 1.0, True):
        with pytest.raises(SegmentError, match="has no segment"):
            run_segment(Options.parse(cut[0]), cut[1], number, Path("none"))


def test_what_cannot_be_done_in_segments_is_said_when_it_is_planned(plain, values, quiet_place, under):
    with pytest.raises(OptionsError, match="not gone on with"):
        planned(plain | {"resume": True})
    with pytest.raises(InputTypeError, match="is not a video"):
        planned(values | {"target_path": str(ASTRONAUT), "output_path": "out.png"})
    for numbers in ({"segment_frames": 0}, {"segment_frames": 2.5}, {"lead_frames": -1}, {"lead_frames": 10**6}):
        with pytest.raises(OptionsError):
            planned(plain, **numbers)
    under("privacy", "work_folder", "memory")
    with pytest.raises(OnlyWholeError, match="segments lie on disks"):
        planned(plain)


def test_what_is_there_is_not_written_over(cut):
    Path("out.mkv").write_bytes(b"somebody's work")
    with pytest.raises(OutputExistsError):
        merge(cut, overwrite=False)
    assert Path("out.mkv").read_bytes() == b"somebody's work"


def test_a_stopped_step_leaves_nothing_that_counts(plain, quiet_place):
    plan, stop = planned(plain), threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        run_segment(Options.parse(plain), plan, 1, Path("one"), cancel=stop)
    assert contents(Path("one")) == {}
    with pytest.raises(CancelledError):
        merge_segments(Options.parse(plain), plan, made(plain, plan), cancel=stop)
    assert not Path("out.mkv").exists()


def test_a_target_whose_frames_are_not_where_they_were_planned_is_to_be_done_whole(plain, quiet_place, monkeypatch):
    def fewer(*given):
        times = read_times(*given)
        return replace(times, pts=times.pts[:-1])

    monkeypatch.setattr("facefusion.engine.segmented.planning.read_times", fewer)
    plan = planned(plain)
    assert plan.frames == FRAMES - 1
    Path("segments").mkdir()
    with pytest.raises(OnlyWholeError, match="Do this job whole"):
        run_segment(Options.parse(plain), plan, len(plan.segments) - 1, Path("segments/last"))
