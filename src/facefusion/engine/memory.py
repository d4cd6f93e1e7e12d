"""Memory goes back to the system when a part of the work is done."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Have the C library hand back what was freed, wherever in its heap that lies.

    Within a segment blocks of many sizes come and go in several threads, and the heap grows by holes that fit nothing
    any more. When the segment's encoder is gone most of the heap is free, and its pages are of no use until the next
    one is at work. So what holes cost does not add up over a long clip. It takes some milliseconds. Other C libraries
    than GNU's have no such function, and are left alone.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
