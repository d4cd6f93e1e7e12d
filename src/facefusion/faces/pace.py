"""Pace: in which frames of a video newcomers are looked for.

Followed faces need no detector; newcomers do. They come where the picture changes, so a scene in which nothing does is
looked at rarely: never more rarely than `CALM`, for somebody may turn round without moving anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from facefusion.faces.scene import CHANGED, SMALLEST_CHANGE, Thumbnail, changes
from facefusion.faces.types import Vector
from facefusion.state import State

Every = int | Literal["auto"]
"""Every so many frames, or as the scene asks for."""
CALM: Final = 0.5
"""Seconds that a face which the detector sees waits at most."""
BRISK: Final = 0.24
"""The same where the picture changes beside the people who are followed, or did lately."""
_SETTLED: Final = 9
"""Looks without change from which a scene is calm: in that many all directions are looked in."""
_BESIDE, _ABOVE = 1.0, 0.5
"""Room beside and above a followed face that its own head and body take, in widths and heights of the face."""


class Pace:
    """Decides when to look for newcomers; ask it for every frame that is analysed, in order.

    Args:
        every: a number of frames, or `auto`.
    """

    def __init__(self, every: Every) -> None:
        self._every = every
        self._frames = 0
        self._looked: float | None = None
        self._last = 0.0
        self._seen: Thumbnail | None = None
        self._quiet = _SETTLED
        self._is_urgent = False

    def hurry(self) -> None:
        """Look in the next frame that is asked for, and soon again: a face was lost."""
        self._is_urgent, self._quiet = True, 0

    def is_due(
        self,
        now: Thumbnail,
        boxes: Sequence[Vector],
        shape: tuple[int, ...],
        time: float,
        *,
        sure: bool,
        frames: int = 1,
    ) -> bool:
        """Return whether this is a frame to look for newcomers in; if so, that counts as done.

        Args:
            now: the frame, small; see `facefusion.faces.scene`.
            boxes: of the faces that are followed, float32 (4,) each, in pixels of the frame.
            shape: height and width of the frame.
            time: seconds; later than the last frame's.
            sure: whether all faces are followed well.
            frames: of the video since the last that was asked for.
        """
        self._frames += frames
        changed = self._every == "auto" and not self._is_urgent and self._changed(now, boxes, shape)
        due = self._is_urgent or self._waited(time, changed=changed, sure=sure)
        self._last = time
        if due:
            self._quiet = 0 if changed else min(self._quiet + 1, _SETTLED)
            self._frames, self._looked, self._seen, self._is_urgent = 0, time, now, False
        return due

    def restart(self) -> None:
        """Look in the next frame that is asked for: it begins a scene, which is calm until something changes."""
        self._is_urgent, self._quiet = True, _SETTLED

    def _waited(self, time: float, *, changed: bool, sure: bool) -> bool:
        """Whether it has been long enough since the last look, and the next frame may come too late."""
        if isinstance(self._every, int):
            return self._frames >= self._every
        if self._looked is None or (changed and self._quiet >= _SETTLED):
            return True
        bound = BRISK if changed or not sure or self._quiet < _SETTLED else CALM
        step = max(time - self._last, 0.0)
        return time - self._looked + step > bound + 1e-6

    def _changed(self, now: Thumbnail, boxes: Sequence[Vector], shape: tuple[int, ...]) -> bool:
        """Whether the picture changed since the last look where nobody is who is followed."""
        if self._seen is None:
            return True
        moved = changes(self._seen, now) > CHANGED
        across, down = now.shape[1] / shape[1], now.shape[0] / shape[0]
        for left, top, right, bottom in (box.tolist() for box in boxes):
            beside, above = _BESIDE * (right - left), _ABOVE * (bottom - top)
            first, last = int(max(left - beside, 0) * across), int(np.ceil(max(right + beside, 0) * across))
            moved[int(max(top - above, 0) * down) :, first:last] = False
        return int(np.count_nonzero(moved)) >= SMALLEST_CHANGE

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "frames": self._frames,
            "looked": self._looked,
            "last": self._last,
            "seen": None if self._seen is None else self._seen.copy(),
            "quiet": self._quiet,
            "is_urgent": self._is_urgent,
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._frames, self._looked, self._last = state["frames"], state["looked"], state["last"]
        self._seen = None if state["seen"] is None else state["seen"].copy()
        self._quiet, self._is_urgent = state["quiet"], state["is_urgent"]
