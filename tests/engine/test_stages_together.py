"""Stages that work side by side: one may be ahead of another, and what ends one ends them all, with nothing left."""

from __future__ import annotations

import _thread
import threading
from contextvars import copy_context
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.overlap import Overlap
from facefusion.engine.segments.sink import JobSink
from facefusion.engine.work import Work
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.media.reader import VideoReader
from facefusion.options.sources import current_options, set_options
from facefusion.processors.base import FaceFrame
from facefusion.processors.face_swapper.processor import FaceSwapper

PATIENCE = 30
"""Seconds after which a test that waits for another thread fails instead."""


class BrokenError(Exception):
    pass


@pytest.fixture(autouse=True)
def no_thread_is_left_over():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before  # those of other tests may have ended meanwhile


def after(calls, error, real):
    """Return a method that does as the real one and, after so many calls, raises."""
    count = 0

    def method(self, *given, **named):
        nonlocal count
        count += 1
        if count > calls:
            raise error
        return real(self, *given, **named)

    return method


STAGES = {"analyse": (FaceTracker, "update"), "process": (FaceSwapper, "hold"), "encode": (JobSink, "take")}


@pytest.mark.parametrize("error", [BrokenError("told once"), BrokenPipeError(32, "Broken pipe"), MemoryError()])
@pytest.mark.parametrize("stage", STAGES)
def test_an_error_of_any_stage_ends_all_and_is_the_one_that_is_told(job, only_file, monkeypatch, stage, error):
    owner, name = STAGES[stage]
    monkeypatch.setattr(owner, name, after(3, error, getattr(owner, name)))
    with pytest.raises(type(error)) as caught:
        job()
    assert caught.value is error
    assert only_file() == []


def test_an_error_of_the_decoder_comes_through_the_stages_behind_it(job, only_file, monkeypatch):
    real = VideoReader.__iter__

    def breaking(reader):
        for frame in real(reader):
            if frame.index == 7:
                raise BrokenError
            yield frame

    monkeypatch.setattr(VideoReader, "__iter__", breaking)
    with pytest.raises(BrokenError):
        job()
    assert only_file() == []


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("stage", ["analyse", "encode"])
def test_ctrl_c_ends_all_stages_whatever_the_main_thread_waits_for(job, only_file, monkeypatch, stage):
    """The analysis is so slow that the main thread waits for it, or the encoder is."""
    owner, name = STAGES[stage]
    real, count = getattr(owner, name), 0

    def interrupting(self, *given, **named):
        nonlocal count
        count += 1
        if count == 5:
            _thread.interrupt_main()
        return real(self, *given, **named)

    monkeypatch.setattr(owner, name, interrupting)
    with pytest.raises(KeyboardInterrupt):
        job()
    assert only_file() == []


def test_the_analysis_may_be_beyond_the_end_of_a_segment_and_a_job_that_goes_on_gives_the_same_file(job, monkeypatch):
    job(video_chunk_size=6, output_path="whole.mp4")
    analysed, changed = 0, threading.Condition()
    update, process = FaceTracker.update, Work.process

    def counting(tracker, *given, **named):
        nonlocal analysed
        faces = update(tracker, *given, **named)
        with changed:
            analysed += 1
            changed.notify_all()
        return faces

    def waiting(work, batch, *given):
        with changed:
            ahead = min(batch[-1].frame.index + 3, 20)
            assert changed.wait_for(lambda: analysed >= ahead, PATIENCE)
        return process(work, batch, *given)

    monkeypatch.setattr(FaceTracker, "update", counting)
    monkeypatch.setattr(Work, "process", waiting)

    def stop(report):
        if report.done >= 14:
            raise BrokenError

    with pytest.raises(BrokenError):
        job({"progress": stop}, video_chunk_size=6)
    before = []
    job({"progress": lambda report: before.append(report.before)}, video_chunk_size=6, resume=True)
    assert set(before) == {12}
    assert Path("out.mp4").read_bytes() == Path("whole.mp4").read_bytes()


def test_options_that_are_set_for_a_context_hold_for_steps_of_the_user_in_every_thread(job):
    seen = []

    def look(image):
        seen.append(current_options())
        return image

    def start():
        set_options({"blend_ratio": 0.25})
        job({"pre_processor": look, "post_processor": look}, processors=())

    copy_context().run(start)
    assert seen == [{"blend_ratio": 0.25}] * 40


def batch(number):
    return [FaceFrame(Frame(number, number, 1, Fraction(1), np.full((2, 2, 3), number, np.uint8)), ())]


class Meeting:
    """A processor that remembers nothing, in which two batches meet."""

    is_concurrent = True

    def __init__(self):
        self._barrier = threading.Barrier(2)

    def process(self, items):
        self._barrier.wait(PATIENCE)
        return items


class Ordered:
    """A processor that remembers in which order it was given frames, and that nobody else may be in."""

    def __init__(self, fail_at=None):
        self.given = []
        self._lock, self._fail_at = threading.Lock(), fail_at

    def process(self, items):
        assert self._lock.acquire(blocking=False)
        try:
            self.given += [item.frame.index for item in items]
            if self._fail_at in self.given:
                raise BrokenError
            return items
        finally:
            self._lock.release()


def overlap(*processors, at_once=2):
    return Overlap(Work(None, processors, None, None, StageClock(), Notes()), at_once)


def run_all(overlapping, count):
    taken = []
    with overlapping as work:
        for number in range(count):
            work.start(batch(number))
            if work.started == work.at_once:
                taken += work.take()
        while work.started:
            taken += work.take()
    return [item.frame.index for item in taken]


def test_two_batches_are_at_work_at_one_time_and_come_out_in_order():
    first, last = Ordered(), Ordered()
    assert run_all(overlap(first, Meeting(), last), 20) == list(range(20))
    assert first.given == last.given == list(range(20)), "who remembers gets them one after the other, in order"


def test_where_every_processor_remembers_no_thread_is_made():
    before = threading.active_count()
    with overlap(Ordered(), Ordered()) as work:
        assert work.at_once == 1
        work.start(batch(0))
        assert len(work.take()) == 1
        assert threading.active_count() == before


def test_a_batch_that_fails_is_told_where_it_is_taken_and_nobody_waits_for_it():
    class Alone:
        is_concurrent = True

        def process(self, items):
            if items[0].frame.index == 2:
                raise BrokenError
            return items

    with pytest.raises(BrokenError):
        run_all(overlap(Alone(), Ordered()), 6)
    with pytest.raises(BrokenError):
        run_all(overlap(Alone(), Ordered(fail_at=1)), 6)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_while_batches_are_at_work_waits_for_them_and_for_no_others():
    class Interrupting:
        is_concurrent = True

        def process(self, items):
            if items[0].frame.index == 3:
                _thread.interrupt_main()
            return items

    with pytest.raises(KeyboardInterrupt):
        run_all(overlap(Interrupting(), Ordered()), 1000)
