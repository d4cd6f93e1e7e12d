"""How the C library's allocator is told to give back what a long run no longer needs."""

from __future__ import annotations

import ctypes
import platform
from contextlib import suppress
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE: Final = 4 << 20
"""Bytes from which a block is one of its own: each time it is freed its pages go back, which costs time."""
_SPARE: Final = 64 << 20
"""Free bytes at the end of the heap that are kept for what comes next."""


def keep_memory_level() -> None:
    """Keep the heap of this process from fragmenting while one segment of a video follows the other.

    The GNU C library raises the size from which blocks are mapped on their own by itself, up to 32 MiB, whenever one is
    freed. Whole frames then lie in the heap between what stays, and each segment's encoder finds its holes a little too
    small: a minute of video took a third more memory than ten seconds. It also gives threads heaps of their own, each
    with holes that no other thread can use, as frames are made in one thread and freed in another; with one heap for
    all, holes are used again. Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_M_TRIM_THRESHOLD, _SPARE)
        library.mallopt(_M_ARENA_MAX, 1)
