"""Turns: which large network computes where, when several threads want to run one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from facefusion.inference.providers import Device


class Turns:
    """Lets as many networks compute on a device at a time as it has room for; the others wait, without being busy.

    Two large networks that share the cores of a processor, or the memory of a card, are slower than one after the
    other. Whoever waits takes the first device that has room: so several devices are kept at work by one queue.
    """

    def __init__(self) -> None:
        self._busy: Counter[Device] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def at(self, room: Mapping[Device, int]) -> Iterator[Device]:
        """Give a device, once there is room on one.

        Args:
            room: how many may compute at a time on each device that will do, the dearest first.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._free(room) is not None)
            device = self._free(room)
            assert device is not None
            self._busy[device] += 1
        try:
            yield device
        finally:
            with self._changed:
                self._busy[device] -= 1
                self._changed.notify_all()

    def _free(self, room: Mapping[Device, int]) -> Device | None:
        return next((device for device, most in room.items() if self._busy[device] < most), None)
