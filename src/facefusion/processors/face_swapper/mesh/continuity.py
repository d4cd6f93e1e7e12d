"""Continuity: what is laid over a face moves with its skin from frame to frame.

Landmarks tremble against the skin by fractions of a pixel, and with them would texture, light and mask. So these are
carried along with the skin as optical flow sees it move, and drift to where the landmarks want them within a score of
frames. Nothing lags behind, for what moves the face moves them; where the flow does not explain the picture (a blink, a
mouth that opens, a hand that comes, a cut), the landmarks alone decide.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import cv2
import numpy as np

from facefusion.processors.face_swapper.mesh.colour import TextureGain
from facefusion.processors.face_swapper.mesh.filters import Field, blur, lookup, median, planes_of, smoothstep
from facefusion.processors.face_swapper.mesh.motion import Motion, Seen
from facefusion.state import State

_DRIFT = np.float32(0.045)
"""Share of what the landmarks want that each frame takes over."""
_GAP = (0.075, 0.15)
"""Distance between where the flow and the landmarks put the texture, in widths of the source's face: up to the first it
is trembling, from the second the flow has lost its way."""
_TURNED = (0.1, 0.4)
"""Change of visibility: from the second on nothing is to be learnt from how the skin was seen before."""
_SOME = 4
"""One in so many rows and columns is enough to tell how light the whole has grown."""
_LINES_STAY = np.float32(0.75)
"""Share of the lines that is carried beside that of other things: an expression comes and goes sooner than light."""
_EVEN = 1.5
"""Smoothing of the share that is carried, in pixels of the grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What is laid over a face, on the grid of its region.

    Attributes:
        place: in the source's first texture, in widths of the source's face, float32 (H, W, 2).
        visible: how well the face is seen there, 0 to 1, float32 (H, W).
        smooth: smooth colour of the new face, Lab, float32 (H, W, 3).
        share: of the new face where nothing is in front of it, 0 to 1, float32 (H, W).
        front: how surely something is in front, 0 to 1, float32 (H, W).
        lines: what expression adds to its lightness, 0 to 255, float32 (H, W).
        gain: how strong its texture shows.
    """

    place: Field
    visible: Field
    smooth: Field
    share: Field
    front: Field
    lines: Field
    gain: TextureGain

    def state(self) -> State:
        """Return all of it; see `facefusion.state`."""
        arrays = {name: getattr(self, name).copy() for name in _ARRAYS}
        return {**arrays, "gain": self.gain.state()}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return what was saved."""
        return cls(**{name: state[name].copy() for name in _ARRAYS}, gain=TextureGain.of_state(state["gain"]))


_ARRAYS = tuple(field.name for field in fields(Laid) if field.name != "gain")


class Continuity:
    """Remembers what was laid over one face in the last frame."""

    def __init__(self) -> None:
        self._last: tuple[Seen, Laid] | None = None

    def steady(self, seen: Seen, wanted: Laid) -> Laid:
        """Return what is to be laid over the face in the next frame.

        Args:
            seen: the face in that frame.
            wanted: what the frame by itself asks for.
        """
        laid = wanted if self._last is None else _mixed(Motion.between(self._last[0], seen), self._last[1], wanted)
        self._last = (seen, laid)
        return laid

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {"last": None if self._last is None else [part.state() for part in self._last]}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return one that goes on from a state."""
        continuity = cls()
        if state["last"] is not None:
            seen, laid = state["last"]
            continuity._last = (Seen.of_state(seen), Laid.of_state(laid))
        return continuity


def _mixed(motion: Motion, last: Laid, wanted: Laid) -> Laid:
    smooth, share, front, visible, lines = motion.carry(last.smooth, last.share, last.front, last.visible, last.lines)
    place = lookup(last.place, motion.place)
    # What comes into view as the head turns was hair, background or a guess before.
    keep = motion.trust * (1 - _DRIFT) * (1 - smoothstep(np.abs(visible - wanted.visible), *_TURNED))
    # Not OpenCV's magnitude: its last bit depends on where in memory its planes lie.
    x, y = planes_of(place - wanted.place)
    gap = np.asarray(np.sqrt(x * x + y * y), np.float32)
    kept = blur(keep * (1 - smoothstep(gap, *_GAP)), _EVEN) * (gap < _GAP[1])
    return Laid(
        place=np.asarray(cv2.blendLinear(place, wanted.place, kept, 1 - kept), np.float32),
        visible=wanted.visible,
        smooth=_calmed(smooth, wanted.smooth, keep),
        share=wanted.share + keep * (share - wanted.share),
        # What comes in front is there at once; what seems to be gone may be hidden by noise.
        front=wanted.front + keep * np.maximum(front - wanted.front, 0),
        lines=wanted.lines + keep * _LINES_STAY * (lines - wanted.lines),
        gain=last.gain.towards(wanted.gain, float(1 - keep.mean())),
    )


def _calmed(carried: Field, wanted: Field, keep: Field) -> Field:
    """Mix light; where the whole face grows lighter or darker, it does so at once."""
    some = np.s_[::_SOME, ::_SOME]
    sure = keep[some] > 0
    if not sure.any():
        return wanted
    risen = carried - median((carried[some] - wanted[some])[sure])
    return np.asarray(cv2.blendLinear(risen, wanted, keep, 1 - keep), np.float32)
