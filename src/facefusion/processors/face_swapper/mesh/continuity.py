"""Continuity: what is laid over a face moves with its skin from frame to frame.

Landmarks tremble against the skin by fractions of a pixel, and with them would texture, light and mask. So these are
carried along with the skin as optical flow sees it move, and drift to where the landmarks want them within a score of
frames. Nothing lags behind, for what moves the face moves them; where the flow does not explain the picture (a blink, a
mouth that opens, a hand that comes, a cut), the landmarks alone decide.

Light, and what is in front, are looked at in one frame of three alone as long as the flow explains the skin: in between
they move with it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.colour import TextureGain
from facefusion.processors.face_swapper.mesh.filters import Field, blur, lookup, median, planes_of, smoothstep
from facefusion.processors.face_swapper.mesh.motion import Motion, Seen
from facefusion.processors.face_swapper.mesh.regions import skin_vertices
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
_SETTLED = 16
"""Frames that are all looked at, until what is remembered of a face has settled."""
_UNSEEN = 2
"""Frames between two looks, at the most."""
_UNLIKE, _UNEXPLAINED = 0.25, 0.05
"""Trust in the motion below which it does not explain the skin, and the share of that, since the last look, up to which
nothing has come in front of the face; eyes and lips have no say."""
_LIGHTER = 4.0
"""Change of grey levels, of all of the face since the last look, up to which nothing else about its light changes."""


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
        tone: of the target's skin, Lab, float64 (3,).
    """

    place: Field
    visible: Field
    smooth: Field
    share: Field
    front: Field
    lines: Field
    gain: TextureGain
    tone: npt.NDArray[np.float64]

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
        self._looks = 0
        self._unseen = 0
        self._unexplained = 0.0
        self._lighter = 0.0

    def motion(self, seen: Seen) -> Motion | None:
        """Return how a face has moved since the last frame; None where there was none.

        Args:
            seen: the face in the next frame.
        """
        return None if self._last is None else Motion.between(self._last[0], seen)

    def carries(self, motion: Motion, skin: Field) -> bool:
        """Whether what is in front, and how light falls, are as they were, so that this frame needs no look; ask once.

        Args:
            motion: since the last frame.
            skin: the skin's trust in it, a sample for each vertex, float32 (468,).
        """
        self._unexplained += float(skin_vertices()[skin < _UNLIKE].sum() / skin_vertices().sum())
        self._lighter += motion.lighter
        known = self._looks >= _SETTLED and self._unseen < _UNSEEN
        return known and self._unexplained <= _UNEXPLAINED and abs(self._lighter) <= _LIGHTER

    def steady(self, seen: Seen, wanted: Laid, motion: Motion | None = None) -> Laid:
        """Return what is to be laid over the face in the next frame.

        Args:
            seen: the face in that frame.
            wanted: what the frame by itself asks for.
            motion: since the last frame, where it is known already.
        """
        motion = motion or self.motion(seen)
        laid = wanted
        if motion is not None and self._last is not None:
            laid = _mixed(motion, self._last[1], wanted, self._unseen + 1)
        self._last, self._looks = (seen, laid), min(self._looks + 1, _SETTLED)
        self._unseen, self._unexplained, self._lighter = 0, 0.0, 0.0
        return laid

    def carried(self, seen: Seen, motion: Motion, place: Field, share: Field) -> Laid:
        """Return what is to be laid over the face in the next frame, where `carries` says that it needs no look.

        Args:
            seen: the face in that frame.
            motion: since the last frame.
            place: what the frame by itself asks for, as `Laid` has it.
            share: likewise.
        """
        if self._last is None:
            raise ValueError("there is no frame that anything could be carried from")
        laid = _carried(motion, self._last[1], place, share)
        self._last, self._unseen = (seen, laid), self._unseen + 1
        return laid

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        last = None if self._last is None else [part.state() for part in self._last]
        since = {"unseen": self._unseen, "unexplained": self._unexplained, "lighter": self._lighter}
        return {"last": last, "looks": self._looks, **since}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return one that goes on from a state."""
        continuity = cls()
        if state["last"] is not None:
            seen, laid = state["last"]
            continuity._last = (Seen.of_state(seen), Laid.of_state(laid))
        continuity._looks, continuity._unseen = state["looks"], state["unseen"]
        continuity._unexplained, continuity._lighter = state["unexplained"], state["lighter"]
        return continuity


def _mixed(motion: Motion, last: Laid, wanted: Laid, frames: int) -> Laid:
    """Return what is laid over a frame that was looked at, so many frames after the last one that was."""
    smooth, share, front, visible, lines = motion.carry(last.smooth, last.share, last.front, last.visible, last.lines)
    # What comes into view as the head turns was hair, background or a guess before.
    sure = motion.trust * (1 - smoothstep(np.abs(visible - wanted.visible), *_TURNED))
    keep, stay = sure * (1 - _DRIFT), sure * (1 - _DRIFT) ** frames
    return Laid(
        place=_steadied(motion, keep, last.place, wanted.place),
        visible=wanted.visible,
        smooth=_calmed(smooth, wanted.smooth, stay),
        share=wanted.share + keep * (share - wanted.share),
        # What comes in front is there at once; what seems to be gone may be hidden by noise.
        front=wanted.front + stay * np.maximum(front - wanted.front, 0),
        lines=wanted.lines + stay * _LINES_STAY**frames * (lines - wanted.lines),
        gain=last.gain.towards(wanted.gain, float(1 - stay.mean())),
        tone=wanted.tone,
    )


def _carried(motion: Motion, last: Laid, place: Field, wanted: Field) -> Laid:
    smooth, share, front, visible, lines = motion.carry(last.smooth, last.share, last.front, last.visible, last.lines)
    smooth[:, :, 0] += np.float32(motion.lighter)  # of skin, lightness goes with grey levels one by one
    keep = motion.trust * (1 - _DRIFT)
    steadied = _steadied(motion, keep, last.place, place)
    return Laid(steadied, visible, smooth, wanted + keep * (share - wanted), front, lines, last.gain, last.tone)


def _steadied(motion: Motion, keep: Field, last: Field, wanted: Field) -> Field:
    """Return places in the source's texture, most of them where they lay on the skin before; all float32 (H, W, 2)."""
    place = lookup(last, motion.place)
    # Not OpenCV's magnitude: its last bit depends on where in memory its planes lie.
    x, y = planes_of(place - wanted)
    gap = np.asarray(np.sqrt(x * x + y * y), np.float32)
    kept = blur(keep * (1 - smoothstep(gap, *_GAP)), _EVEN) * (gap < _GAP[1])
    return np.asarray(cv2.blendLinear(place, wanted, kept, 1 - kept), np.float32)


def _calmed(carried: Field, wanted: Field, keep: Field) -> Field:
    """Mix light; where the whole face grows lighter or darker, it does so at once."""
    some = np.s_[::_SOME, ::_SOME]
    sure = keep[some] > 0
    if not sure.any():
        return wanted
    risen = carried - median((carried[some] - wanted[some])[sure])
    return np.asarray(cv2.blendLinear(risen, wanted, keep, 1 - keep), np.float32)
