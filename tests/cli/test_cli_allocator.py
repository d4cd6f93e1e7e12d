"""Memory that was freed does not stay with the process."""

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


def mapped_for_16_mib(*, steady):
    code = _FREED.format(steady=steady)
    return int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has an allocator of its own kind")
def test_large_blocks_go_back_to_the_system_however_often_they_come():
    assert mapped_for_16_mib(steady=True) >= 16 << 20
    assert mapped_for_16_mib(steady=False) == 0, "else there is nothing to mend"
