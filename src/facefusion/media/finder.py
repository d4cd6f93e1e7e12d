"""Single frames of whatever moves, in any order, each exactly as it comes in an uninterrupted reading."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from facefusion.errors import InputDamagedError, OptionsError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.open import FrameReader, open_reader
from facefusion.media.reader import VideoReader
from facefusion.media.select import EVERYTHING, Selection, Start
from facefusion.media.still.reader import StillsReader
from facefusion.media.times import FrameTimes, read_times
from facefusion.options import LimitOptions

DEFAULT_MEMORY = 128 << 20
"""Bytes of decoded frames that are kept."""
_AHEAD = 12
"""Frames up to which going on costs no more than going to a key frame behind them."""


class FrameFinder:
    """Gives frames of a clip by their number.

    Frames that are decoded on the way to another are kept, as many as the memory for them holds, so that a step back is
    as quick as a step ahead.

    Args:
        path: whatever `open_reader` opens.
        limits: what is refused.
        selection: what of it is given out; frames are counted in that.
        memory: bytes of decoded frames that are kept; a few are in any case.

    Attributes:
        info: what is known of the clip.

    Raises:
        InputError: it cannot be read.
        OptionsError: the selection leaves nothing.
    """

    def __init__(
        self, path: Path, limits: LimitOptions, selection: Selection = EVERYTHING, *, memory: int = DEFAULT_MEMORY
    ) -> None:
        self._path, self._limits, self._selection = path, limits, selection
        self._kept: OrderedDict[int, Callable[[], Frame]] = OrderedDict()
        self._reader: FrameReader = open_reader(path, limits=limits, selection=selection)
        try:
            self.info: VideoInfo = self._reader.info
            self._times = self._read_times()
        except BaseException:
            self._reader.close()
            raise
        self._position = 0
        planes = 2 if self.info.bit_depth <= 8 else 4
        self._most = max(4, memory // (self.info.width * self.info.height * planes))

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self._times.pts)

    def index_at(self, seconds: float) -> int:
        """Return the number of the frame that is shown at a moment, counted from the first frame's time.

        Raises:
            OptionsError: it is before the first frame, or well behind the last.
        """
        pts = self._times.pts
        last = self.seconds(len(pts) - 1)
        if not 0 <= seconds <= last + 1:
            raise OptionsError(f"{self._path} has no frame at {seconds:g} s", f"Choose from 0 to {last:g}")
        return max(bisect_right(pts, pts[0] + seconds / float(self.info.time_base) + 1e-6) - 1, 0)

    @property
    def begin(self) -> Fraction:
        """When the first frame is shown, in seconds."""
        return int(self._times.pts[0]) * self.info.time_base

    def seconds(self, index: int) -> float:
        """Return when a frame is shown, counted from the first."""
        return float((self._times.pts[index] - self._times.pts[0]) * self.info.time_base)

    def frame(self, index: int) -> Frame:
        """Return a frame.

        Raises:
            OptionsError: there is no such frame.
            InputError: it cannot be decoded.
        """
        if not 0 <= index < len(self):
            raise OptionsError(f"{self._path} has no frame {index}", f"Choose from 0 to {len(self) - 1}")
        if index not in self._kept:
            self._decode(index)
        self._kept.move_to_end(index)
        return self._kept[index]()

    def close(self) -> None:
        """Let go of the clip, as often as one likes; frames that were found stay valid."""
        self._kept.clear()
        self._reader.close()

    def _read_times(self) -> FrameTimes:
        if isinstance(self._reader, StillsReader):
            return FrameTimes(tuple(self._reader.times()))
        return read_times(self._path, self._limits, self._selection)

    def _decode(self, index: int) -> None:
        """Decode up to a frame, from where the reader is or from the best place before."""
        if not self._position <= index <= self._reach():
            self._go(index)
        for place, frame in enumerate(self._pending(), self._position):
            self._position = place + 1
            self._kept[place] = frame
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            if place == index:
                return
        raise InputDamagedError(f"{self._path} ends before its frame {index}", "Copy it again, or choose one before")

    def _reach(self) -> int:
        """Return the last frame for which it is best to go on from where the reader is."""
        if not isinstance(self._reader, VideoReader):
            return self._position
        keys = self._times.keys
        following = bisect_right(keys, self._position)
        return max(self._position + _AHEAD, keys[following] - 1) if following < len(keys) else len(self)

    def _go(self, index: int) -> None:
        """Take the reader to where frames begin that are kept on the way to one."""
        if not isinstance(self._reader, VideoReader):
            self._reader.close()
            start = Start(index, self._times.pts[index])
            self._reader = open_reader(self._path, limits=self._limits, selection=self._selection, start=start)
        else:
            before = bisect_right(self._times.keys, index)
            key = self._times.keys[before - 1] if before else 0
            index = max(key, index + 1 - self._most)
            self._reader.go(Start(index, self._times.pts[index]))
        self._position = index

    def _pending(self) -> Iterator[Callable[[], Frame]]:
        if isinstance(self._reader, VideoReader):
            return self._reader.pending()
        return (partial(_same, frame) for frame in self._reader)


def _same(frame: Frame) -> Frame:
    return frame
