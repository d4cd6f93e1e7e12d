"""Encoders leave the scheduling of threads as it is, whoever runs them."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from encoding_clips import clip

from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.encoding.priority import kept_priority
from facefusion.media.encoding.segment import open_segment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="scheduling is Linux's")
TASKS = Path("/proc/self/task")


def policies() -> set[int]:
    return {os.sched_getscheduler(int(thread.name)) for thread in TASKS.iterdir()}


@pytest.mark.parametrize("encoder", ["libsvtav1", "libx265"])
def test_no_thread_gets_ahead_of_other_programs(tmp_path: Path, encoder: str) -> None:
    made = clip(size=(160, 96))
    writer = open_segment(tmp_path / "out.mkv", choose_encoding(tmp_path / "out.mkv", made.info, VideoWish(encoder)))
    try:
        threads = len(list(TASKS.iterdir()))
        for frame in made.frames:
            writer.write(frame)
        assert policies() == {os.SCHED_OTHER}
        writer.close()
    except BaseException:
        writer.abort()
        raise
    assert threads > 1
    assert policies() == {os.SCHED_OTHER}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give such a priority")
def test_only_what_begins_within_and_the_caller_are_given_back() -> None:
    leave = threading.Event()
    ids: dict[str, int] = {}

    def work(name: str) -> None:
        ids[name] = threading.get_native_id()
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # as the user of the library wants it
        ready.release()
        leave.wait()

    ready = threading.Semaphore(0)
    threads = [threading.Thread(target=work, args=(name,)) for name in ("before", "within")]
    try:
        threads[0].start()
        ready.acquire()
        with kept_priority():
            threads[1].start()
            ready.acquire()
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
        assert os.sched_getscheduler(ids["before"]) == os.SCHED_RR
        assert os.sched_getscheduler(ids["within"]) == os.SCHED_OTHER
    finally:
        leave.set()
        for thread in threads:
            thread.join()
