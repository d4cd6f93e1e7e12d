"""Gate weave and shaking cameras: each frame is moved to where it would lie in a steady film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.camera import Floats, Similarity, Values, plain, similarity_between
from facefusion.processors.film_restorer.path import PAST, Calm, calmed
from facefusion.processors.film_restorer.step import Reach, Window
from facefusion.state import State

Borders = Literal["fill", "crop"]
"""What becomes of places that a moved frame leaves empty."""

_AHEAD: Final = 6
_WEAVE: Final = Calm(16.0, 4.0, 2e-5, follows=True)
"""Weave is fast: whatever a camera does goes on."""
_WEAVE_MARGIN: Final = 0.012
"""Share of the width by which film weaves at most."""
_WEAVE_TURN: Final = 0.0025
"""Radians by which film turns in a gate at most; heads that are taken for the background turn further."""
_SHAKE_MARGIN: Final = 0.06
_LONG, _SHORT = (16.0, 30.0), (4.0, 12.0)
"""Frames over which a shaking camera's path is calmed, from a strength of 0 to one of 100."""
_LEAST: Final = 0.05
"""Pixels that a corner has to move, for less the frame stays as it is."""
_HALVINGS: Final = 8


@dataclass(frozen=True, slots=True)
class Steadying:
    """What is taken away of a path.

    Attributes:
        share: of the tremor, 0 to 1.
        calm: how calm the path becomes.
        margin: share of the width by which a frame moves at most.
        is_gate: whether it is film in a gate, which hardly turns and keeps its size.
    """

    share: float
    calm: Calm
    margin: float
    is_gate: bool


def weave_steadying(strength: int) -> Steadying:
    """Return what takes gate weave away: fast shifts and turns that are small.

    Args:
        strength: 1 to 100.
    """
    return Steadying(strength / 100, _WEAVE, _WEAVE_MARGIN, is_gate=True)


def shake_steadying(strength: int) -> Steadying:
    """Return what calms a camera that was held by hand, and gate weave with it.

    Args:
        strength: 1 to 100.
    """
    share = strength / 100
    long, short = (low + share * (high - low) for low, high in (_LONG, _SHORT))
    return Steadying(
        1.0, Calm(long, short, 2e-5), _WEAVE_MARGIN + share * (_SHAKE_MARGIN - _WEAVE_MARGIN), is_gate=False
    )


class Steady:
    """Moves frames to where they would lie in a steady film; see `Step`.

    Args:
        name: as options and figures call it.
        strength: 1 to 100.
        steadying: what is taken away.
        borders: "fill": places that come empty are filled from the frames before, and where these show nothing either,
            from the frame's own mirror image; "crop": every frame is cut by the margin and enlarged to its size.
    """

    reach = Reach(0, _AHEAD)
    needs_motion = False
    moves = True

    def __init__(self, name: str, strength: int, steadying: Steadying, borders: Borders = "fill") -> None:
        self._name = name
        self._strength = strength
        self._steadying = steadying
        self._crops = borders == "crop"
        self._path: Values = np.zeros((0, 4))
        self._at = -1
        self._plain: Floats | None = None
        self._drawn: tuple[Image, Values] | None = None

    @property
    def name(self) -> str:
        """As options and figures call it."""
        return self._name

    @property
    def strength(self) -> int:
        """1 to 100."""
        return self._strength

    def apply(self, window: Window) -> Image:
        """Return the frame where it belongs; the very same object where it lies there."""
        self._follow(window)
        image, place = window.image, self._path[self._at]
        goal = calmed(self._path, self._at, self._steadying.calm)
        move = (goal - place) * self._steadying.share
        if self._steadying.is_gate:
            move[2:] = np.clip(move[2], -_WEAVE_TURN, _WEAVE_TURN), 0.0
        move = _bounded(move, image.shape[1] / image.shape[0], self._steadying.margin)
        made = self._moved(image, move, place + move)
        self._forget()
        return made

    def state(self) -> State:
        """Return the path so far, and what empty places are filled from."""
        image, place = (None, None) if self._drawn is None else self._drawn
        return {
            "path": self._path.copy(),
            "at": self._at,
            "plain": None if self._plain is None else self._plain.copy(),
            "drawn": None if image is None else image.copy(),
            "place": None if place is None else place.copy(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._path, self._at = state["path"].copy(), state["at"]
        self._plain = None if state["plain"] is None else state["plain"].copy()
        self._drawn = None if state["drawn"] is None else (state["drawn"].copy(), state["place"].copy())

    def _follow(self, window: Window) -> None:
        """Go on to the next frame, and measure where those lie that have come into sight."""
        if window.begins:
            self._path, self._at = np.zeros((1, 4)), -1
            self._plain, self._drawn = plain(window.image), None
        self._at += 1
        for offset in range(len(self._path) - self._at, window.after + 1):
            now = plain(window.neighbour(offset))
            before = now if self._plain is None else self._plain
            move = similarity_between(before, now) or Similarity()
            last = self._path[-1:] if len(self._path) else np.zeros((1, 4))
            self._path, self._plain = np.vstack([self._path, last + move.values]), now

    def _forget(self) -> None:
        """Leave out what lies too far back to count."""
        old = self._at - PAST
        if old > 0:
            self._path, self._at = self._path[old:], self._at - old

    def _moved(self, image: Image, move: Values, place: Values) -> Image:
        height, width = image.shape[:2]
        margin = self._steadying.margin if self._crops else 0.0
        matrix = Similarity(*move.tolist()).matrix(width, height)
        if not self._crops and _farthest(matrix, width, height) < _LEAST:
            self._drawn = (image, place)
            return image
        made = _drawn(image, _enlarged(matrix, margin, width, height))
        if not self._crops:
            made = self._filled(made, matrix, place)
            self._drawn = (made, place)
        return made

    def _filled(self, made: Image, matrix: Values, place: Values) -> Image:
        """Return a moved frame with what the one before showed where it shows nothing of its own."""
        if self._drawn is None:
            return made
        height, width = made.shape[:2]
        before, old = self._drawn
        on = Similarity(*(place - old).tolist()).matrix(width, height)
        empty = _empty(matrix, width, height) & ~_empty(on, width, height)
        if empty.any():
            there = cv2.warpAffine(before, on, (width, height), flags=cv2.INTER_LINEAR)
            made = np.where(empty[:, :, None], there, made)
        return made


def _bounded(move: Values, aspect: float, margin: float) -> Values:
    """Return a move as far as no corner goes beyond the margin.

    Args:
        move: shift in widths, turn and zoom.
        aspect: width by height.
        margin: in widths.
    """
    share, step = 1.0, 0.5
    if _reach_of(move, aspect) <= margin:
        return move
    share = 0.0
    for _ in range(_HALVINGS):
        if _reach_of(move * (share + step), aspect) <= margin:
            share += step
        step /= 2
    return move * share


def _reach_of(move: Values, aspect: float) -> float:
    """Return by how many widths a move takes a corner away, at most along one side."""
    matrix = Similarity(*move.tolist()).matrix(1, 1)[:, :2] - np.eye(2)
    corner = np.array([0.5, 0.5 / aspect])
    away = np.abs(matrix) @ corner + np.abs(move[:2])
    return float(max(away[0], away[1] * aspect))


def _farthest(matrix: Values, width: int, height: int) -> float:
    """Return by how many pixels a corner moves at most."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    return float(np.abs(corners @ matrix.T - corners[:, :2]).max())


def _enlarged(matrix: Values, margin: float, width: int, height: int) -> Values:
    """Return a transform followed by the enlargement that leaves a margin out at each side."""
    factor = 1 / (1 - 2 * margin)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    grown = matrix * factor
    grown[:, 2] += middle * (1 - factor)
    return grown


def _drawn(image: Image, matrix: Values) -> Image:
    size = (image.shape[1], image.shape[0])
    flags = cv2.INTER_LANCZOS4
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _empty(matrix: Values, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return where a transformed frame shows nothing, bool (H, W)."""
    full = np.full((height, width), 255, np.uint8)
    return np.asarray(cv2.warpAffine(full, matrix, (width, height), flags=cv2.INTER_LINEAR) < 255, np.bool_)
