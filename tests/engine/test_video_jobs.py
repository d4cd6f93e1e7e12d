"""A job on a video, from its options to its file: progress, cancelling, memory, and what is left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from alive_frames import Alive, jam

from facefusion.engine.plan import DEFAULT_IN_FLIGHT, GIB, LEAST_IN_FLIGHT
from facefusion.errors import CancelledError, InputDamagedError, NoFaceError, OptionsError
from material import ASTRONAUT, CAPTAIN, read_clip, save, write_clip

FRAME_BYTES = 192 * 192 * 8
"""Picture, edited picture and planes of a frame of the moving portrait."""


def test_the_result_tells_what_was_done(job, moving_portrait):
    result = job()
    assert (result.kind, result.frames, result.faces) == ("video", 20, 20)
    assert result.output_path == Path("out.mp4")
    assert set(result.stage_seconds) == {"prepare", "decode", "analyse", "process", "encode", "join", "models"}
    assert all(0 < seconds < result.seconds for seconds in result.stage_seconds.values())
    before, after = read_clip(moving_portrait), read_clip(Path("out.mp4"))
    assert len(after) == len(before)
    assert all(image.shape == (192, 192, 3) for image in after)
    assert all(np.abs(a.astype(int) - b).mean() < 15 for a, b in zip(before, after, strict=True))


def test_the_same_job_gives_the_same_file(job):
    files = []
    for _ in range(4):
        job()
        files.append(Path("out.mp4").read_bytes())
    assert len(set(files)) == 1


def test_a_hooks_own_error_reaches_the_caller_as_it_is(job):
    def missing_table(frame):
        return Path("no-such-table.cube").read_bytes()

    with pytest.raises(FileNotFoundError, match="no-such-table"):
        job({"pre_processor": missing_table})


def test_progress_goes_up_to_the_total(job):
    reports = []
    job({"progress": reports.append})
    done = [report.done for report in reports]
    assert done == sorted(set(done))
    assert done[-1] == 20 == reports[-1].total
    assert {report.stage for report in reports} == {"editing"}
    seconds = [report.seconds for report in reports]
    assert seconds == sorted(seconds)


def test_a_picture_reports_once(job):
    reports = []
    job({"progress": reports.append}, target_path=ASTRONAUT, output_path="out.png")
    assert [(report.done, report.total) for report in reports] == [(1, 1)]


def test_cancelling_leaves_nothing_behind(job, only_file):
    cancel = threading.Event()
    with pytest.raises(CancelledError) as caught:
        job({"progress": lambda report: cancel.set(), "cancel": cancel})
    assert caught.value.exit_code == 130
    assert only_file() == []


@pytest.mark.parametrize(("target", "output"), [(None, "out.mp4"), (ASTRONAUT, "out.png")])
def test_cancelling_keeps_what_was_there_before(job, only_file, target, output):
    Path(output).write_bytes(b"precious")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        job({"cancel": cancel}, output_path=output, **({"target_path": target} if target else {}))
    assert Path(output).read_bytes() == b"precious"
    assert only_file() == [output]


def test_a_finished_job_replaces_what_was_there_and_keeps_its_permissions(job, only_file):
    Path("out.mp4").write_bytes(b"old")
    Path("out.mp4").chmod(0o640)
    job()
    assert Path("out.mp4").stat().st_size > 1000
    assert Path("out.mp4").stat().st_mode & 0o777 == 0o640
    assert only_file() == ["out.mp4"]


class BrokenError(Exception):
    pass


def test_a_listener_that_fails_ends_the_job_with_its_own_error(job, only_file):
    def fail(report):
        raise BrokenError

    with pytest.raises(BrokenError):
        job({"progress": fail})
    assert only_file() == []


def test_no_thread_and_no_open_file_is_left_over(cold_job):
    cold_job()
    threads, files = set(threading.enumerate()), len(list(Path("/proc/self/fd").iterdir()))
    cold_job()
    with pytest.raises(BrokenError):
        cold_job({"progress": _fail})
    assert set(threading.enumerate()) == threads
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def _fail(report):
    raise BrokenError


def frames_of(job, **values):
    """The frames that a job gives to the encoder."""
    frames = []
    job({"post_processor": lambda image: frames.append(image.copy()) or image}, **values)
    return frames


def same(some, others):
    return all((a == b).all() for a, b in zip(some, others, strict=True))


def test_the_frames_are_the_same_whatever_the_chunk_size_and_every_time(job):
    first = frames_of(job)
    assert all(same(first, frames_of(job, video_chunk_size=size)) for size in (1, 1000))


@pytest.mark.parametrize("most", [LEAST_IN_FLIGHT, 12, DEFAULT_IN_FLIGHT])
@pytest.mark.parametrize("work", ["swapper", "swapper and hooks", "hooks"])
def test_frames_in_flight_take_no_more_memory_than_is_allowed(job, monkeypatch, most, work):
    hooks = {"pre_processor": lambda image: image + np.uint8(1), "post_processor": lambda image: image + np.uint8(1)}
    alive = Alive(monkeypatch)
    jam(monkeypatch)
    job(
        hooks if "hooks" in work else {},
        max_memory=most * FRAME_BYTES / GIB,
        **({} if "swapper" in work else {"processors": ()}),
    )
    assert most / 2 < alive.most_frames <= most
    assert most / 4 < alive.most_bytes / FRAME_BYTES <= most


def test_memory_that_does_not_hold_the_frames_needed_is_said_before_any_work(job, only_file):
    with pytest.raises(
        OptionsError, match=r"max-memory: 1e-05 GiB do not hold 8 frames of 192x192. Allow at least 0.002"
    ):
        job(max_memory=1e-5)
    assert only_file() == []
    job(max_memory=LEAST_IN_FLIGHT * FRAME_BYTES / GIB)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_clips(job, astronaut, count):
    clip = write_clip(Path("short.mp4"), [astronaut[10:266, 60:316]] * count)
    result = job(target_path=clip)
    assert (result.frames, result.faces) == (count, count)
    assert len(read_clip(Path("out.mp4"))) == count


def test_a_clip_that_shows_a_face_only_now_and_then(job, astronaut):
    face, empty = astronaut[10:266, 60:316], np.full((256, 256, 3), 90, np.uint8)
    clip = write_clip(Path("now and then.mp4"), [empty] * 12 + [face] * 4 + [empty] * 2 + [face] * 4)
    result = job(target_path=clip)
    assert (result.frames, result.faces) == (22, 8)
    before, after = read_clip(clip), read_clip(Path("out.mp4"))
    changed = [np.abs(a.astype(int) - b).max() > 40 for a, b in zip(before, after, strict=True)]
    assert changed == [False] * 12 + [True] * 4 + [False] * 2 + [True] * 4


def test_a_clip_without_any_face_is_an_error_that_shows_a_frame(job, only_file):
    clip = write_clip(Path("empty.mp4"), [np.full((64, 96, 3), 90, np.uint8)] * 12)
    with pytest.raises(NoFaceError, match=r"^No face was found in empty\.mp4\..*See out\.problem\.jpg$") as caught:
        job(target_path=clip)
    assert caught.value.picture == Path("out.problem.jpg")
    assert only_file() == ["empty.mp4", "out.problem.jpg"]


def test_a_clip_cut_off_in_the_middle_leaves_nothing(job, moving_portrait, only_file):
    whole = moving_portrait.read_bytes()
    Path("cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputDamagedError):
        job(target_path="cut.mp4")
    assert only_file() == ["cut.mp4"]


@pytest.mark.parametrize(("codec", "form", "suffix"), [("ffv1", "bgr0", "mkv"), ("mpeg4", "yuv420p", "mp4")])
def test_odd_sizes_stay_odd(job, astronaut, codec, form, suffix):
    clip = write_clip(Path(f"odd.{suffix}"), [astronaut[10:265, 61:300]] * 3, codec=codec, form=form)
    job(target_path=clip, output_path="out.mkv")
    assert read_clip(Path("out.mkv"))[0].shape == (255, 239, 3)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (2000, 2)])
def test_clips_of_extreme_shapes_pass_through_hooks(job, shape):
    clip = write_clip(Path("odd.mkv"), [np.full((*shape, 3), 40, np.uint8)] * 3, codec="ffv1", form="bgr0")
    result = job({"pre_processor": lambda image: image}, target_path=clip, output_path="out.mkv", processors=())
    assert result.frames == 3
    assert read_clip(Path("out.mkv"))[0].shape == (*shape, 3)


def test_two_jobs_at_once_do_not_disturb_each_other(job):
    def edit(ratio):
        return frames_of(job, blend_ratio=ratio, output_path=f"{ratio}.mp4")

    alone = {ratio: edit(ratio) for ratio in (0.3, 1.0)}
    with ThreadPoolExecutor(2) as pool:
        together = dict(zip(alone, pool.map(edit, alone), strict=True))
    assert all(same(alone[ratio], together[ratio]) for ratio in alone)
    assert not same(alone[0.3], alone[1.0])


def test_the_same_processor_twice_in_a_row(job):
    result = job(processors=["face_swapper", "face_swapper"], target_path=ASTRONAUT, output_path="twice.png")
    assert result.faces == 1


def test_of_many_sources_the_best_lends_nearly_all(job, astronaut, captain_face, quiet_place):
    """The mean of shapes, and what hair hides, come from the others too; all else is the best's alone."""
    import cv2

    blurred = save(Path("blurred.png"), cv2.GaussianBlur(astronaut, (0, 0), 1))
    for name, sources in (("one", [ASTRONAUT]), ("many", [blurred, ASTRONAUT, blurred]), ("other", [blurred])):
        job(target_path=CAPTAIN, source_paths=sources, output_path=f"{name}.png")
    left, top, right, bottom = captain_face.box.astype(int)
    one, many, other = (cv2.imread(f"{name}.png")[top:bottom, left:right] for name in ("one", "many", "other"))
    off, worse = (float(np.abs(one.astype(int) - result).mean()) for result in (many, other))
    assert off < 0.7 * worse, "and what is off lies in the hair and along the outline"
    assert off < 2
