"""The program asks OpenCV for one thread, for its own process alone and unless told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NAME = "OPENCV_FOR_THREADS_NUM"
START = """
import os
import facefusion.cli.main as cli
import facefusion.__main__ as program
cli.main = lambda: print(os.environ[{name!r}], __import__("cv2").getNumThreads()) or 0
program.main()
"""


def threads(**environment):
    """What the program has set, and how many threads OpenCV then uses."""
    kept = {name: value for name, value in os.environ.items() if name != NAME} | environment
    code = START.format(name=NAME)
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_one_thread_is_enough():
    assert threads() == ["1", "1"]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one core")
def test_who_asks_for_more_gets_more():
    assert threads(**{NAME: "2"}) == ["2", "2"]


def test_a_library_leaves_the_process_alone():
    kept = {name: value for name, value in os.environ.items() if name != NAME}
    code = f"import os, facefusion; assert {NAME!r} not in os.environ"
    assert subprocess.run([sys.executable, "-c", code], env=kept, check=False).returncode == 0
