"""Interrupted jobs: what is kept, what is worked anew, and that nobody can tell from the result."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from facefusion.engine.run import run
from facefusion.errors import CancelledError, DiskFullError, NoFaceError, OptionsError, OutputUnwritableError
from facefusion.options import Options
from material import CAPTAIN, write_clip

FRAMES, LENGTH = 20, 6
KILLED = """
import json, os, resource, signal, sys
from facefusion import process_video
values, moment, deed = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def listen(progress):
    if progress.done >= moment and deed == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if progress.done >= moment and deed == "fill":
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
process_video(values, progress=listen)
"""


@pytest.fixture(autouse=True)
def one_place(quiet_place, own_records, monkeypatch):
    """Jobs that go on do so at the same place, with the keys that their marks are made by."""
    monkeypatch.setenv("XDG_DATA_HOME", str(own_records))


@pytest.fixture
def values(moving_portrait, quiet_place):
    return {
        "target_path": str(moving_portrait),
        "output_path": "out.mp4",
        "source_paths": [str(CAPTAIN)],
        "video_chunk_size": LENGTH,
    }


@pytest.fixture(scope="module")
def whole(moving_portrait, tmp_path_factory):
    """The bytes of the output of a job that nobody interrupted."""
    output = tmp_path_factory.mktemp("whole") / "whole.mp4"
    run(_options(moving_portrait, output, source_paths=CAPTAIN))
    return output.read_bytes()


@pytest.fixture(scope="module")
def broken_off_once(moving_portrait, tmp_path_factory):
    """What a job without processors leaves that was broken off in its last segment, and what it should have made."""
    output = tmp_path_factory.mktemp("broken off") / "out.mp4"
    options = _options(moving_portrait, output, processors=())
    with pytest.raises(BrokenOffError):
        run(options, progress=breaking_off(18))
    [folder] = job_folders(output.parent)
    left = folder.rename(output.parent / "left")
    run(options)
    return left, folder.name, output.read_bytes()


@pytest.fixture
def broken_off(broken_off_once, quiet_place):
    """A job without processors that was broken off in its last segment; gives the folder of its segments."""
    left, name, _ = broken_off_once
    [folder] = filter(Path.is_dir, shutil.copytree(left, quiet_place / name).iterdir())
    return folder


@pytest.fixture
def plain(broken_off_once):
    """The bytes of the output of a job without processors that nobody interrupted."""
    return broken_off_once[-1]


def _options(target: Path, output: Path, **values) -> Options:
    return Options.parse({"target_path": target, "output_path": output, "video_chunk_size": LENGTH} | values)


def interrupt(values: dict, moment: int, deed: str = "kill") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, json.dumps(values), str(moment), deed]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class BrokenOffError(Exception):
    pass


def break_off(job, moment: int, **changes) -> None:
    """Leave a job as an error in its midst does, which keeps the same files as a kill and is quicker to make."""
    with pytest.raises(BrokenOffError):
        job({"progress": breaking_off(moment)}, **({"video_chunk_size": LENGTH} | changes))


def breaking_off(moment: int):
    def listen(report):
        if report.done >= moment:
            raise BrokenOffError

    return listen


def resume(job, **changes) -> int:
    """Go on with the job; return how many frames were taken over."""
    reports = []
    result = job({"progress": reports.append}, **({"video_chunk_size": LENGTH, "resume": True} | changes))
    assert result.frames == FRAMES
    return reports[0].before if reports else FRAMES


def resume_plain(job, **changes) -> int:
    """Go on with the job without processors."""
    return resume(job, processors=(), **changes)


def job_folders(place: Path | None = None) -> list[Path]:
    return list((place or Path.cwd()).glob(".facefusion-job-*"))


@pytest.mark.parametrize(("moment", "kept"), [(6, 0), (8, 6), (20, 18)])
def test_a_killed_job_goes_on_after_its_last_segment_and_gives_the_same_file(job, values, whole, moment, kept):
    assert interrupt(values, moment).returncode == -signal.SIGKILL
    assert not Path("out.mp4").exists()
    assert resume(job) == kept
    assert Path("out.mp4").read_bytes() == whole
    assert job_folders() == []


def test_a_job_that_is_killed_again_and_again_loses_nothing(job, values, whole):
    for moment in (8, 14):
        interrupt(values | {"resume": True}, moment)
    assert resume(job) >= LENGTH
    assert Path("out.mp4").read_bytes() == whole


def test_a_full_disk_keeps_what_is_finished_and_says_so(job, values, whole):
    answer = interrupt(values, 12, "fill")
    assert DiskFullError.__name__ in answer.stderr
    assert "6 finished frames are kept; go on from there with --resume" in answer.stderr
    assert not Path("out.mp4").exists()
    assert resume(job) == LENGTH
    assert Path("out.mp4").read_bytes() == whole


def test_cancelling_says_how_much_is_kept(job, whole):
    cancel = threading.Event()
    listen = {"progress": lambda report: report.done > 13 and cancel.set(), "cancel": cancel}
    with pytest.raises(CancelledError, match=r"12 finished frames are kept.*--resume"):
        job(listen, video_chunk_size=LENGTH)
    assert resume(job) == 2 * LENGTH
    assert Path("out.mp4").read_bytes() == whole


def test_without_resume_a_job_begins_anew(job, broken_off, plain):
    assert resume_plain(job, resume=False) == 0
    assert Path("out.mp4").read_bytes() == plain


@pytest.mark.parametrize(
    "change",
    [{"blend_ratio": 0.9}, {"output_video_quality": 30}, {"output_video_preset": "ultrafast"}, {"video_chunk_size": 7}],
    ids=str,
)
def test_other_options_begin_anew_and_say_which(job, broken_off, change):
    told: list[str] = []
    assert resume(lambda hooks, **values: job(hooks | {"notify": told.append}, **values), processors=(), **change) == 0
    name = next(iter(change)).replace("_", "-")
    assert told[0].startswith(f"12 frames that an earlier run finished are not used, as option {name} changed")
    assert job_folders() == []


def test_a_mistyped_option_costs_nothing_of_what_is_finished(job, broken_off, plain):
    break_off(job, 3, processors=(), output_video_preset="slower", resume=True)
    told: list[str] = []
    assert resume(lambda hooks, **values: job(hooks | {"notify": told.append}, **values), processors=()) == 2 * LENGTH
    assert told == ["An earlier run finished 12 frames; this one goes on after them"]
    assert Path("out.mp4").read_bytes() == plain
    assert job_folders() == []


def test_of_the_jobs_that_were_broken_off_the_last_two_are_kept(job, broken_off):
    for quality in (20, 21, 22):
        break_off(job, 13, processors=(), output_video_quality=quality, resume=True)
    assert resume_plain(job, output_video_quality=21) == 2 * LENGTH


@pytest.mark.parametrize(
    "change",
    [
        {"max_memory": 1.0},
        {"max_device_memory": 2.0, "execution_device_id": (0, 1), "share_batches": "off"},
        {"keep_audio": False},
        {"overwrite": False},
    ],
    ids=str,
)
def test_options_that_change_no_segment_take_over_all_of_them(job, broken_off, plain, change):
    assert resume_plain(job, **change) == 2 * LENGTH
    assert Path("out.mp4").read_bytes() == plain


def test_another_target_of_the_same_name_begins_anew(job, moving_portrait):
    target = shutil.copyfile(moving_portrait, Path("target.mp4"))
    break_off(job, 13, target_path=target, processors=())
    target.write_bytes(target.read_bytes() + b"\0\0\0\x08free")
    assert resume_plain(job, target_path=target) == 0


def test_the_same_target_in_another_place_goes_on(job, broken_off, moving_portrait):
    moved = shutil.copyfile(moving_portrait, "elsewhere.mp4")
    assert resume_plain(job, target_path=moved) == 2 * LENGTH


@pytest.mark.parametrize(
    "harm",
    [("000000.0.segment", 0), ("000001.0.segment", 6), ("000001.done", 6), ("000001.state", 6), ("job", 0)],
)
@pytest.mark.parametrize("deed", ["change", "shorten", "remove"])
def test_what_is_not_as_it_was_left_is_worked_anew(job, broken_off, plain, harm, deed):
    victim, kept = harm
    path = broken_off / victim
    data = path.read_bytes()
    if deed == "remove":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] + (b"?" + data[len(data) // 2 + 1 :] if deed == "change" else b""))
    assert resume_plain(job) == kept
    assert Path("out.mp4").read_bytes() == plain


def test_a_job_with_a_step_of_ones_own_cannot_be_resumed(job):
    with pytest.raises(OptionsError, match="cannot be resumed"):
        job({"pre_processor": lambda frame: frame}, resume=True)


def test_two_runs_never_write_the_same_output(job):
    second: list[BaseException] = []

    def try_second(report):
        if not second:
            with pytest.raises(OutputUnwritableError, match="Another run") as caught:
                job(processors=())
            second.append(caught.value)

    assert job({"progress": try_second}, processors=()).frames == FRAMES
    assert second


def test_nothing_is_kept_of_a_job_that_can_never_succeed(job, only_file):
    import numpy as np

    write_clip(Path("empty.mp4"), [np.full((96, 96, 3), 128, np.uint8)] * 9)
    with pytest.raises(NoFaceError):
        job(target_path="empty.mp4", video_chunk_size=4)
    assert only_file() == ["empty.mp4", "out.problem.jpg"]


def test_thumbnail_and_contact_sheet_are_the_same_after_a_kill(job):
    pictures = {"thumbnail": "thumb.png", "contact_sheet": "sheet.png"}
    job(video_chunk_size=LENGTH, **pictures)
    before = [Path(name).read_bytes() for name in pictures.values()]
    break_off(job, 13, **pictures)
    assert resume(job, **pictures) > 0
    assert [Path(name).read_bytes() for name in pictures.values()] == before


def test_every_rendition_goes_on(job):
    renditions = {"renditions": ["small.mp4 size=50%", "other.mkv quality=30"], "processors": ()}
    job(video_chunk_size=LENGTH, **renditions)
    names = ["out.mp4", "small.mp4", "other.mkv"]
    before = [Path(name).read_bytes() for name in names]
    for name in names:
        Path(name).unlink()
    break_off(job, 13, **renditions)
    assert resume(job, **renditions) > 0
    assert [Path(name).read_bytes() for name in names] == before


def test_all_outputs_take_their_places_or_none(job, quiet_place):
    """The disk of one that is full must not leave another that looks like the result of a job that went well."""
    for name in ("out.mp4", "thumb.png"):
        Path(name).write_bytes(b"as before")
    full = {"renditions": ["/dev/full/small.mp4"], "thumbnail": "thumb.png", "processors": ()}
    with pytest.raises(OutputUnwritableError):
        job(**full)

    def fill(report):
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, hard))

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(DiskFullError, match="--resume"):
            last = {"progress": lambda report: fill(report) if report.done == FRAMES else None}
            job(last, video_chunk_size=LENGTH, renditions=["%02d.png size=400%"], thumbnail="thumb.png", processors=())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {Path(name).read_bytes() for name in ("out.mp4", "thumb.png")} == {b"as before"}
    assert list(Path.cwd().glob("*.png")) == [Path.cwd() / "thumb.png"]


@pytest.mark.parametrize("other", [{"output_path": "small.mp4"}, {"output_path": "b.mp4", "thumbnail": "thumb.png"}])
def test_two_runs_never_write_the_same_rendition_or_picture(job, other, only_file):
    caught: list[BaseException] = []

    def try_second(report):
        if not caught:
            with pytest.raises(OutputUnwritableError, match=r"Another run is writing (small\.mp4|thumb\.png)") as error:
                job(processors=(), **other)
            caught.append(error.value)

    job({"progress": try_second}, processors=(), renditions=["small.mp4 size=50%"], thumbnail="thumb.png")
    assert caught
    assert sorted(only_file()) == ["out.mp4", "small.mp4", "thumb.png"]


def test_of_a_job_with_a_step_of_ones_own_nothing_is_kept(job, only_file):
    with pytest.raises(BrokenOffError):
        job({"progress": breaking_off(13), "pre_processor": lambda frame: frame}, video_chunk_size=LENGTH)
    assert only_file() == []


def test_progress_ends_where_the_video_does(job, moving_portrait):
    reports = []
    result = job({"progress": reports.append}, processors=(), trim_end="0.3")
    assert all(report.done <= report.total for report in reports)
    assert (reports[-1].done, reports[-1].total) == (result.frames, result.frames)
    assert job(processors=(), output_video_fps="50").frames == 2 * FRAMES


def test_notes_are_told_before_any_work(job):
    order: list[object] = []
    result = job({"notify": order.append, "progress": order.append}, processors=(), deinterlace=True)
    assert tuple(order[: len(result.notes)]) == result.notes != ()
