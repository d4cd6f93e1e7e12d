"""Which frames of a video are looked at: the first, those after a cut, and as many between as the scene asks for.

Source of the idea that cuts need no more than small pictures held against one another: Castellano, PySceneDetect,
https://www.scenedetect.com, and its content-aware detector.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.scene import CutDetector, Thumbnail
from facefusion.state import State
from facefusion.trust.content.finding import Verdict

USUAL: Final = 2.0
"""Seconds between looks, unless others are asked for."""
_NEAR: Final = 0.5
"""Nearness of a verdict from which looks are denser."""
_DENSE: Final = 0.125
"""How long the wait is then, as a share of the usual one."""
_STILL: Final = 2.0
"""How long it is where nothing changed since the last look."""
_CHANGED: Final = 6.0
"""Mean change of a pixel since the last look, 0 to 255, from which a scene is no longer the same."""
_ALMOST: Final = 1e-6


class ContentWatch:
    """Says at which frames of one video to look; ask it for every frame, in order.

    The first frame is looked at, and each that begins a shot. Within a shot there is a look every so many seconds:
    twice as many pass where the picture is the same as at the last look, an eighth of them where the last verdict came
    near to a refusal. A verdict changes nothing until `saw` is called, so that frames may be looked at in batches.

    Args:
        seconds: between looks, above 0.
        frames: look at one of so many frames instead, and at cuts, whatever is seen: for live frames, which have no
            time of their own; by time when None.
    """

    def __init__(self, seconds: float = USUAL, *, frames: int | None = None) -> None:
        if seconds <= 0 or (frames is not None and frames < 1):
            raise ValueError("there is some time between looks, and at least one frame")
        self._seconds = seconds
        self._every = frames
        self._cuts = CutDetector()
        self._passed = 0
        self._last: float | None = None
        self._looked_at: Thumbnail | None = None
        self._is_near = False

    def wants(self, image: npt.NDArray[np.uint8], seconds: float) -> bool:
        """Return whether the next frame is to be looked at; if so, that counts as done.

        Args:
            image: RGB uint8 (H, W, 3).
            seconds: when it is shown; not before the last one.
        """
        begins = self._cuts.update(image)
        self._passed += 1
        if not (begins or self._is_due(seconds)):
            return False
        self._passed, self._last, self._looked_at = 0, seconds, self._cuts.thumbnail
        return True

    def saw(self, verdict: Verdict) -> None:
        """Take in the verdict on the last frame that was looked at."""
        self._is_near = verdict.nearness >= _NEAR

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "cuts": self._cuts.state(),
            "passed": self._passed,
            "last": self._last,
            "looked_at": None if self._looked_at is None else self._looked_at.copy(),
            "is_near": self._is_near,
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._cuts.restore(state["cuts"])
        self._passed, self._last, self._is_near = state["passed"], state["last"], state["is_near"]
        self._looked_at = None if state["looked_at"] is None else state["looked_at"].copy()

    def _is_due(self, seconds: float) -> bool:
        if self._every is not None:
            return self._passed >= self._every
        waited = 0.0 if self._last is None else seconds - self._last
        return waited + _ALMOST >= self._seconds * self._share(waited)

    def _share(self, waited: float) -> float:
        """Return which share of the usual wait is kept now, after so many seconds of it."""
        if self._is_near:
            return _DENSE
        is_worth_asking = self._seconds <= waited + _ALMOST < self._seconds * _STILL
        return _STILL if is_worth_asking and not self._has_changed() else 1.0

    def _has_changed(self) -> bool:
        now, before = self._cuts.thumbnail, self._looked_at
        if now is None or before is None:
            return True
        return cv2.norm(now, before, cv2.NORM_L1) / now.size > _CHANGED
