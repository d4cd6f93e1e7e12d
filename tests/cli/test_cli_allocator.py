"""Memory that was freed does not stay with the process, and can be used by all of its threads."""

import platform
import subprocess
import sys

import pytest

_FREED = """
import ctypes
import numpy as np
from facefusion.cli.allocator import keep_memory_level

class Figures(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks mapped usmblks fsmblks used free keepcost".split()]

figures = ctypes.CDLL(None).mallinfo2
figures.restype = Figures
if {steady}:
    keep_memory_level()
for _ in range(3):
    block = np.ones(16 << 20, np.uint8)
    del block
before = figures().mapped
block = np.ones(16 << 20, np.uint8)
print(figures().mapped - before)
"""

_BLOCKS_OF_THREADS = """
import ctypes
import threading
from pathlib import Path
from facefusion.cli.allocator import keep_memory_level

if {steady}:
    keep_memory_level()
malloc = ctypes.CDLL(None).malloc
malloc.argtypes, malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
together, places = threading.Barrier(4), []

def take():
    places.append(malloc(100_000))
    together.wait()

threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
lines = [line.split()[0] for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith("[heap]")]
heaps = [[int(end, 16) for end in line.split("-")] for line in lines]
print(sum(any(low <= place < high for low, high in heaps) for place in places))
"""


def printed(code, *, steady):
    command = [sys.executable, "-c", code.format(steady=steady)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has an allocator of its own kind")
def test_large_blocks_go_back_to_the_system_however_often_they_come():
    assert printed(_FREED, steady=True) >= 16 << 20
    assert printed(_FREED, steady=False) == 0, "else there is nothing to mend"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has an allocator of its own kind")
def test_threads_share_one_heap_so_that_what_one_frees_another_can_use():
    assert printed(_BLOCKS_OF_THREADS, steady=True) == 4
    assert printed(_BLOCKS_OF_THREADS, steady=False) < 4, "else there is nothing to mend"
