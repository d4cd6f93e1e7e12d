"""Interrupted jobs: what is kept, what is worked anew, and that nobody can tell from the result."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from facefusion.errors import CancelledError, DiskFullError, NoFaceError, OptionsError, OutputUnwritableError
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


@pytest.fixture
def values(moving_portrait, quiet_place):
    return {
        "target_path": str(moving_portrait),
        "output_path": "out.mp4",
        "source_paths": [str(CAPTAIN)],
        "video_chunk_size": LENGTH,
    }


@pytest.fixture
def whole(job):
    """The bytes of the output of a job that nobody interrupted."""
    job(output_path="whole.mp4", video_chunk_size=LENGTH)
    return Path("whole.mp4").read_bytes()


def interrupt(values: dict, moment: int, deed: str = "kill") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, json.dumps(values), str(moment), deed]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class BrokenOffError(Exception):
    pass


def break_off(job, moment: int, **changes) -> None:
    """Leave a job as an error in its midst does, which keeps the same files as a kill and is quicker to make."""

    def listen(report):
        if report.done >= moment:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        job({"progress": listen}, **({"video_chunk_size": LENGTH} | changes))


def resume(job, **changes) -> int:
    """Go on with the job; return how many frames were taken over."""
    reports = []
    result = job({"progress": reports.append}, **({"video_chunk_size": LENGTH, "resume": True} | changes))
    assert result.frames == FRAMES
    return reports[0].before if reports else FRAMES


def job_folders() -> list[Path]:
    return list(Path.cwd().glob(".facefusion-job-*"))


@pytest.mark.parametrize(("moment", "kept"), [(1, 0), (6, 0), (8, 6), (13, 12), (20, 18)])
def test_a_killed_job_goes_on_after_its_last_segment_and_gives_the_same_file(job, values, whole, moment, kept):
    assert interrupt(values, moment).returncode == -signal.SIGKILL
    assert not Path("out.mp4").exists()
    assert resume(job) == kept
    assert Path("out.mp4").read_bytes() == whole
    assert job_folders() == []


def test_a_job_that_is_killed_again_and_again_loses_nothing(job, values, whole):
    for moment in (8, 14, 19):
        interrupt(values | {"resume": True}, moment)
    assert resume(job) >= LENGTH
    assert Path("out.mp4").read_bytes() == whole


def test_a_full_disk_keeps_what_is_finished(job, values, whole):
    answer = interrupt(values, 12, "fill")
    assert DiskFullError.__name__ in answer.stderr
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


def test_without_resume_a_job_begins_anew(job, whole):
    break_off(job, 13)
    assert resume(job, resume=False) == 0
    assert Path("out.mp4").read_bytes() == whole


@pytest.mark.parametrize(
    "change",
    [{"blend_ratio": 0.9}, {"output_video_quality": 30}, {"output_video_preset": "ultrafast"}, {"video_chunk_size": 7}],
    ids=str,
)
def test_other_options_begin_anew(job, change):
    break_off(job, 13)
    assert resume(job, **change) == 0


@pytest.mark.parametrize("change", [{"max_memory": 1.0}, {"keep_audio": False}, {"overwrite": False}], ids=str)
def test_options_that_change_no_segment_take_over_all_of_them(job, change):
    break_off(job, 13)
    assert resume(job, **change) > 0


def test_another_target_of_the_same_name_begins_anew(job, moving_portrait):
    target = Path("target.mp4")
    shutil.copyfile(moving_portrait, target)
    break_off(job, 13, target_path=str(target))
    target.write_bytes(target.read_bytes() + b"\0\0\0\x08free")
    assert resume(job, target_path=str(target)) == 0


def test_the_same_target_in_another_place_goes_on(job, moving_portrait):
    break_off(job, 13)
    moved = shutil.copyfile(moving_portrait, "elsewhere.mp4")
    assert resume(job, target_path=moved) > 0


@pytest.mark.parametrize(
    "harm",
    [("000000.0.segment", 0), ("000001.0.segment", 6), ("000001.done", 6), ("000001.state", 6), ("job", 0)],
)
@pytest.mark.parametrize("deed", ["change", "shorten", "remove"])
def test_what_is_not_as_it_was_left_is_worked_anew(job, whole, harm, deed):
    victim, kept = harm
    break_off(job, 18)
    path = job_folders()[0] / victim
    data = path.read_bytes()
    if deed == "remove":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] + (b"?" + data[len(data) // 2 + 1 :] if deed == "change" else b""))
    assert resume(job) == kept
    assert Path("out.mp4").read_bytes() == whole


def test_a_job_with_a_step_of_ones_own_cannot_be_resumed(job):
    with pytest.raises(OptionsError, match="cannot be resumed"):
        job({"pre_processor": lambda frame: frame}, resume=True)


def test_two_runs_never_write_the_same_output(job):
    second: list[BaseException] = []

    def try_second(report):
        if not second:
            with pytest.raises(OutputUnwritableError, match="Another run") as caught:
                job()
            second.append(caught.value)

    assert job({"progress": try_second}).frames == FRAMES
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
    renditions = {"renditions": ["small.mp4 size=50%", "other.mkv quality=30"]}
    job(video_chunk_size=LENGTH, **renditions)
    names = ["out.mp4", "small.mp4", "other.mkv"]
    before = [Path(name).read_bytes() for name in names]
    for name in names:
        Path(name).unlink()
    break_off(job, 13, **renditions)
    assert resume(job, **renditions) > 0
    assert [Path(name).read_bytes() for name in names] == before
