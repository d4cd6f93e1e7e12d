"""Read by Python itself at its start, where this folder is in its path: what it needs to run with libfaketime.

libfaketime does not understand how Python 3.11 and later sleep, and lets each sleep fail.
"""

from __future__ import annotations

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
