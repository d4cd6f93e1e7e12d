"""The gauge of the channels between a job's stages, and of its memory."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.speed.gauges.stages import StageGauge
from facefusion.engine.channel import Channel

INTERVAL = 0.02
"""Seconds between two looks at the channels."""


class ChannelGauge:
    """Looks how full channels are, fifty times a second, for as long as the target's frames go through, and at memory.

    Args:
        stages: tells by which stage a channel is filled.
    """

    def __init__(self, stages: StageGauge) -> None:
        self.fill: Counter[str] = Counter()
        self.could_hold: Counter[str] = Counter()
        self.places: dict[str, int] = {}
        self.cpu = 0.0
        self.memory = 0
        self._stages = stages
        self._channels: dict[int, tuple[Channel[Any], str]] = {}
        self._ended = threading.Event()

    def put(self, original: Callable[..., bool]) -> Callable[..., bool]:
        """Return `Channel.put` with the gauge around it."""

        def put(channel: Channel[Any], value: Any) -> bool:
            if id(channel) not in self._channels:
                self._channels[id(channel)] = (channel, self._stages.stage)
            return original(channel, value)

        return put

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look while the block runs."""
        thread = threading.Thread(target=self._look, name="gauge")
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        while not self._ended.wait(INTERVAL):
            open_ones = [each for each in list(self._channels.values()) if not each[0]._finished]
            if open_ones:
                self.memory = max(self.memory, _resident())
            for channel, stage in open_ones:
                self.places[stage] = channel._capacity
                self.fill[stage] += len(channel._values)  # sums alone: the memory of this process is measured
                self.could_hold[stage] += channel._capacity
        self.cpu = time.thread_time()

    def means(self) -> dict[str, dict[str, float]]:
        """Return of each channel, named by the stage that fills it, its places and the share that was filled."""
        return {
            stage: {"places": self.places[stage], "fill": self.fill[stage] / filled}
            for stage, filled in self.could_hold.items()
        }


def _resident() -> int:
    """Return the bytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")
