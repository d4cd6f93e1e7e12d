"""Clips of which single frames are asked for, one after the other: open for a while, decoded as options say."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from facefusion.errors import OptionsError
from facefusion.media.finder import FrameFinder
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
from facefusion.options import LimitOptions
from facefusion.service.editing.kept import KeptOpen
from facefusion.service.editing.places import Files
from facefusion.service.staging import calling_by_name

MOST: Final = 3
"""Clips that stay open while nobody asks for a frame of them."""
SECONDS: Final = 120.0
"""For which one stays open that nobody asks for a frame of."""
MEMORY: Final = 64 << 20
"""Bytes of decoded frames that each keeps."""
_ENCODED: Final = 24 << 20
"""Bytes of frames that are kept as they were sent."""
_SENT_SECONDS: Final = 600.0
"""For which one of these is kept that nobody asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A frame of an upload.

    Attributes:
        image: RGB uint8 (H, W, 3), in its own size.
        index: its number.
        seconds: when it is shown, from the first; None of a picture.
        frames: how many there are.
    """

    image: Image
    index: int
    seconds: float | None
    frames: int


class OpenClip:
    """An upload of which frames are asked for.

    Args:
        path: of it.
        limits: what is refused, and whether decoding is isolated.
        is_clip: whether it moves.
        files: closed with it.
    """

    def __init__(self, path: Path, limits: LimitOptions, *, is_clip: bool, files: Files) -> None:
        self._ending, self._folder = ExitStack(), files.folder
        self._ending.callback(files.close)
        self._finder: FrameFinder | None = None
        self._picture: Image | None = None
        with ExitStack() as failing, calling_by_name(self._folder):
            failing.callback(self._ending.close)
            if is_clip:
                self._finder = FrameFinder(path, limits, memory=MEMORY)
                self._ending.callback(self._finder.close)
            else:
                self._picture = load_picture(path, limits).image
            failing.pop_all()

    def still(self, index: int | None, seconds: float | None) -> Still:
        """Return a frame by its number or its time.

        Raises:
            OptionsError: there is none.
            InputError: it cannot be decoded.
        """
        finder = self._finder
        if finder is None:
            if index or seconds or self._picture is None:
                raise OptionsError("A picture has one frame", "Ask for frame 0")
            return Still(self._picture, 0, None, 1)
        with calling_by_name(self._folder):
            number = finder.index_at(seconds) if seconds is not None else index or 0
            return Still(finder.frame(number).image, number, finder.seconds(number), len(finder))

    def close(self) -> None:
        """Let go of it."""
        self._picture = None
        self._ending.close()


class OpenClips:
    """The clips that are open in this process."""

    def __init__(self) -> None:
        self._kept: KeptOpen[OpenClip] = KeptOpen(MOST, SECONDS)
        self.sent = Sent(_ENCODED)

    def still(self, key: str, make: Callable[[], OpenClip], index: int | None, seconds: float | None) -> Still:
        """Return a frame; see `OpenClip.still`.

        Args:
            key: under which the clip is kept.
            make: opens it.
            index: number of the frame.
            seconds: its time, where that says which.
        """
        with self._kept.used(key, make) as clip:
            return clip.still(index, seconds)

    def forget(self, key: str) -> None:
        """Close a clip, and forget all frames of it."""
        self._kept.forget(lambda other: other == key)
        self.sent.forget(key)

    def cool(self) -> None:
        """Close what nobody asked for long, and forget its frames: the file may be gone by now."""
        self._kept.cool()
        self.sent.cool()

    def close(self) -> None:
        """Close everything."""
        self._kept.close()


@dataclass(slots=True)
class _SentFrame:
    """A frame as it was sent, what was told beside it, and when that was."""

    content: bytes
    facts: str
    used: float


class Sent:
    """Frames as they were sent, the last ones. Safe to use from several threads.

    Args:
        memory: bytes that they may take.
        seconds: for which one is kept that nobody asks for.
        clock: tells seconds.
    """

    def __init__(
        self, memory: int, seconds: float = _SENT_SECONDS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._memory, self._seconds, self._clock, self._size = memory, seconds, clock, 0
        self._lock = Lock()
        self._values: OrderedDict[tuple[str, str], _SentFrame] = OrderedDict()

    def get(self, key: str, which: str) -> tuple[bytes, str] | None:
        """Return a frame's bytes and what is told beside them; None where they are not there.

        Args:
            key: of the clip.
            which: frame, and in which size.
        """
        with self._lock:
            found = self._values.get((key, which))
            if found is None:
                return None
            self._values.move_to_end((key, which))
            found.used = self._clock()
            return found.content, found.facts

    def put(self, key: str, which: str, content: bytes, facts: str) -> None:
        """Keep a frame's bytes, and what is told beside them."""
        with self._lock:
            self._drop((key, which))
            self._values[key, which] = _SentFrame(content, facts, self._clock())
            self._size += len(content)
            while self._size > self._memory:
                self._drop(next(iter(self._values)))

    def forget(self, key: str) -> None:
        """Forget all of one clip."""
        with self._lock:
            for each in [each for each in self._values if each[0] == key]:
                self._drop(each)

    def cool(self) -> None:
        """Forget what nobody asked for long."""
        with self._lock:
            due = self._clock() - self._seconds
            for each in [each for each, frame in self._values.items() if frame.used <= due]:
                self._drop(each)

    def _drop(self, which: tuple[str, str]) -> None:
        before = self._values.pop(which, None)
        self._size -= 0 if before is None else len(before.content)
