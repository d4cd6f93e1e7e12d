"""Ctrl-C, SIGTERM and a closed terminal: the first asks the work to stop, the second stops it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Cancellation:
    """Whether and by which signal the user asked to stop.

    Attributes:
        event: set by the first signal.
        exit_code: what a shell expects: 128 + the signal's number.
    """

    def __init__(self, on_request: Callable[[], None]) -> None:
        self.event = threading.Event()
        self.exit_code = 128 + signal.SIGINT
        self._on_request = on_request

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        if self.event.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.exit_code = 128 + number
        self.event.set()
        self._on_request()


@contextmanager
def cancel_on_signals(on_request: Callable[[], None]) -> Iterator[Cancellation]:
    """Yield a `Cancellation` that listens to SIGINT, SIGTERM and SIGHUP; `on_request` runs at the first of them.

    SIGHUP stays ignored where it is, as `nohup` wants it. Outside the main thread, where Python has no signals, it only
    never fires.
    """
    cancellation = Cancellation(on_request)
    if threading.current_thread() is not threading.main_thread():
        yield cancellation
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, cancellation.handle) for number in numbers}
    try:
        yield cancellation
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def each_signal(*steps: Callable[[], None]) -> Iterator[None]:
    """Take one step at each SIGINT or SIGTERM that comes while a block lasts; after the last they end the process."""
    left = list(steps)

    def handle(number: int, _frame: FrameType | None) -> None:
        if not left:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        left.pop(0)()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
