"""Memory does not depend on the length of a clip: nothing is kept of a frame that was written."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from facefusion.media.encoding.segment import packed_times
from material import read_clip, write_clip

SEGMENT = 100
EVERYTHING = {
    "frame_sampling": 2,
    "face_selector_mode": "one",
    "thumbnail": "thumbnail.png",
    "contact_sheet": "sheet.png",
}
"""Options for which something looks back at other frames."""
HOLES = """
import ctypes
from pathlib import Path
from facefusion.engine.memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

library = ctypes.CDLL(None)
library.malloc.argtypes, library.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
library.free.argtypes, library.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
blocks = [library.malloc(100_000) for _ in range(1000)]
for block in blocks:
    library.memset(block, 1, 100_000)
for place, block in enumerate(blocks):
    if place % 10:
        library.free(block)
before = resident()
give_back()
print(before - resident())
"""


@pytest.fixture
def kept(job, moving_portrait, quiet_place):
    """How many objects more a job holds for each further frame; 0.2 of them are of its segment."""

    def of(segments, **options) -> float:
        images, held = read_clip(moving_portrait), []

        def count(report):
            if report.done % SEGMENT == 0:
                gc.collect()
                held.append(sys.getallocatedblocks())

        clip = write_clip(Path("long.mp4"), (images * SEGMENT)[: SEGMENT * segments])
        job({"progress": count}, target_path=clip, video_chunk_size=SEGMENT, **options)
        assert len(held) == segments
        # The first segment brings what is kept once, and after the last the stages are empty.
        return (held[-2] - held[1]) / (SEGMENT * (segments - 3))

    return of


def test_nothing_is_kept_of_a_frame_that_was_written(kept):
    assert kept(20, processors=()) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["plain", "everything"])
def test_nothing_is_kept_of_a_face_that_was_edited(kept, options):
    """A face is some twenty objects; stages that come to rest make up to one a frame in so short a clip."""
    assert kept(6, **options) < 2


def test_the_times_of_frames_are_kept_in_8_bytes_each():
    times = packed_times(range(10**12, 10**12 + 1000))
    assert (times[0], times[-1], len(times)) == (10**12, 10**12 + 999, 1000)
    assert sys.getsizeof(times) < 9 * len(times)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has an allocator of its own kind")
def test_holes_in_the_heap_go_back_when_a_segment_is_finished():
    done = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True)
    assert int(done.stdout) > 50_000_000
