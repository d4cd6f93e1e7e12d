"""Small pictures of frames, taken as they leave: what people see of a job that is still running, and of its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2

from facefusion.engine.doors.door import Door
from facefusion.engine.notes import Notes
from facefusion.engine.post.shrink import shrunk
from facefusion.errors import AuditError
from facefusion.faces.types import Face
from facefusion.media.frame import Frame
from facefusion.media.planes.opacity import on_white

MOST: Final = 24
"""Of a job whose length is known, however many tasks it is cut into; of one whose length is not, twice as many."""
LONGEST: Final = 400
"""Longer side in pixels."""
MOST_BYTES: Final = 64 << 10
"""Of one picture."""
_APART: Final = 4.0
"""Seconds between two, and before any of them is shown.

One takes 40 ms of a core, most of it for the watermark, so that all take less than a hundredth of what a job does.
"""
_GROWTH: Final = 1.3
_FIRST: Final = 12
_QUALITIES: Final = (82, 60, 35, 10)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A small picture of one frame of the output, with label, watermark and metadata as every output has them.

    Attributes:
        number: of the frame in the output, from 0.
        seconds: from the first frame of the output.
        jpeg: the picture, square pixels, at most `MOST_BYTES`.
        width: in pixels.
        height: in pixels.
        value: how well it stands for the whole: the width of the largest edited face over that of the frame, 0 to 1.
        is_live: whether it may be shown before the job is finished.
    """

    number: int
    seconds: float
    jpeg: bytes
    width: int
    height: int
    value: float
    is_live: bool


GlimpseListener = Callable[[Glimpse], None]
"""Is handed glimpses by the thread that edits, which waits meanwhile."""


class Glimpses:
    """Takes glimpses of the frames of one task; offer it every frame that was looked at for its content.

    None are taken where the policy keeps unfinished work in memory, or where outputs are encrypted. They change nothing
    of the output.

    Args:
        door: of the job; a glimpse leaves by it.
        notes: told why there are none.
        listener: gets them.
        frames: of the whole output; None where that is not known.
        first: frame of the output with which this task begins.
        pixel_aspect: width of the frames' pixels over their height.
        clock: returns seconds.
    """

    def __init__(
        self,
        door: Door,
        notes: Notes,
        listener: GlimpseListener,
        *,
        frames: int | None,
        first: int = 0,
        pixel_aspect: Fraction = Fraction(1),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._door, self._notes, self._listener, self._clock = door, notes, listener, clock
        self._frames, self._first, self._aspect = frames or None, first, pixel_aspect
        self._begun, self._last = clock(), float("-inf")
        self._next, self._taken = first, 0
        self._is_over = not door.lets_glimpse

    def offer(self, frame: Frame, number: int, seconds: float, faces: Sequence[Face]) -> None:
        """Take a glimpse of a frame where it is its turn.

        Args:
            frame: as edited, without its label.
            number: of it in the output, from 0.
            seconds: from the first frame of the output.
            faces: that were edited in it.
        """
        now = self._clock()
        if self._is_over or number < self._next or now - self._last < _APART or not self._may_begin(number):
            return
        is_live = now - self._begun >= _APART
        if is_live and not self._recorded():
            return
        self._last, self._taken = now, self._taken + 1
        self._next = self._after(number)
        self._listener(self._made(frame, number, seconds, faces, is_live=is_live))

    def _may_begin(self, number: int) -> bool:
        """Whether the part of the output in which a frame lies begins in this task; else another takes it."""
        return self._frames is None or self._part(number) >= self._first

    def _part(self, number: int) -> int:
        """Return the first frame of the part of the output, one of `MOST`, in which a frame lies."""
        frames = self._frames or 1
        place = min(number, frames - 1) * MOST // frames
        return -(-place * frames // MOST)

    def _after(self, number: int) -> int:
        """Return the frame from which on the next glimpse is taken."""
        if self._frames is not None:
            place = min(number, self._frames - 1) * MOST // self._frames + 1
            return max(number + 1, -(-place * self._frames // MOST))
        self._is_over = self._taken >= 2 * MOST
        return number + 1 + (0 if self._taken < _FIRST else round(number * (_GROWTH - 1)))

    def _recorded(self) -> bool:
        """Have the audit log told once that frames are shown; where it cannot be, none are."""
        try:
            self._door.begin_glimpses()
        except AuditError as error:
            self._is_over = True
            self._notes.tell(f"No frames are shown while the job runs: {error.what}")
        return not self._is_over

    def _made(self, frame: Frame, number: int, seconds: float, faces: Sequence[Face], *, is_live: bool) -> Glimpse:
        image = frame.image if frame.opacity is None else on_white(frame.image, frame.opacity)
        small = self._door.glimpse(shrunk(image, LONGEST, self._aspect))
        height, width = small.shape[:2]
        widest = max((float(face.width) for face in faces), default=0.0)
        value = min(1.0, max(0.0, widest / image.shape[1]))
        jpeg = b""
        for quality in _QUALITIES:
            _, coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, quality))
            jpeg = self._door.glimpse_marked(coded.tobytes())
            if len(jpeg) <= MOST_BYTES:
                break
        return Glimpse(number, seconds, jpeg, width, height, round(value, 3), is_live)
