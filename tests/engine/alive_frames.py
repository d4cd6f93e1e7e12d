"""How many frames of a job somebody holds at one time, where every place that they may be at is full."""

from __future__ import annotations

import threading
import weakref

import numpy as np

from facefusion.engine.channel import Channel
from facefusion.engine.segments.sink import JobSink
from facefusion.media.frame import Frame


class Alive:
    """Counts the frames whose decoded picture somebody still holds, and the bytes of all their pictures and planes."""

    def __init__(self, monkeypatch) -> None:
        self._lock = threading.RLock()
        self._held: dict[int, tuple[int, int]] = {}
        self.most_frames = self.most_bytes = 0
        check = Frame.__post_init__

        def counting(frame):
            check(frame)
            self._hold(frame.original.view, frames=1, planes=frame.image.size // 2)
            self._hold(frame.image, frames=0, planes=0)

        monkeypatch.setattr(Frame, "__post_init__", counting)

    def _hold(self, image, *, frames: int, planes: int) -> None:
        while isinstance(image.base, np.ndarray):
            image = image.base
        with self._lock:
            if id(image) not in self._held:
                self._held[id(image)] = frames, image.nbytes + planes
                weakref.finalize(image, self._let_go, id(image))
            self.most_frames = max(self.most_frames, sum(frames for frames, _ in self._held.values()))
            self.most_bytes = max(self.most_bytes, sum(size for _, size in self._held.values()))

    def _let_go(self, key: int) -> None:
        with self._lock:
            del self._held[key]


def jam(monkeypatch) -> None:
    """Let the encoder take no more, from the fifth frame on, until nobody before it can go on either."""
    changed, stuck = threading.Condition(), set()
    put, take = Channel.put, JobSink.take

    def counting(channel, value):
        with changed:
            if len(channel._values) >= channel._capacity:
                stuck.add(channel)
                changed.notify_all()
        try:
            return put(channel, value)
        finally:
            with changed:
                stuck.discard(channel)

    def waiting(sink, item):
        if isinstance(item, Frame) and item.index == 4:
            with changed:
                assert changed.wait_for(lambda: len(stuck) == 3, 30)
        take(sink, item)

    monkeypatch.setattr(Channel, "put", counting)
    monkeypatch.setattr(JobSink, "take", waiting)
