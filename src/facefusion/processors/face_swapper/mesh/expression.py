"""Expression lines: the folds and bulges of skin that come and go with what a face expresses.

Pose, lids and mouth follow the target by geometry; how its skin folds does not. In a video that is what now departs
from the skin of the same face at rest, so that wrinkles which are always there stay its own. A single picture knows no
rest: there, how the mesh smiles tells what part of the folds around the mouth is expression, the source's as the
target's.
"""

from __future__ import annotations

from functools import cache
from typing import Self

import numpy as np

from facefusion.faces.mesh import canonical_vertices, mirror_vertices
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    at_least,
    blur,
    enlarge,
    planes_of,
    shrink,
    smoothstep,
)
from facefusion.processors.face_swapper.mesh.regions import Weights, edge_weights, skin_vertices
from facefusion.state import State

_CHEEK = (36, 50, 142, 186, 187, 192, 202, 203, 205, 206, 207, 212, 214, 216)
"""From the nose past the corner of the mouth: cheek, its fold and dimples; the other half mirrors it."""
_BELOW_EYE = (101, 117, 118, 119)
_CROWS_FEET = (31, 35, 111, 124, 143, 226)
_FROWN = (8, 9, 55, 107)
_FOREHEAD = (10, 67, 69, 104, 108, 109, 151)
_REACH = (0.05, 0.16)
"""Distance from these vertices, in eye distances: from inside of their zone to outside."""

_SMILE = (2.42, 2.04, -6.73, 1.47)
"""What makes a smile: how far the corners of the mouth lie above the middle of the lips, how far apart and how far
below the nose, in eye distances, and a constant. Least squares over the same sixteen people neutral (0) and smiling
(1)."""
_SMILING = (0.3, 0.95)
"""From no smile to a full one."""
_LENT, _TAKEN = 0.5, 0.7
"""Share of the target's folds that a full smile of its own lends, and of the source's that a full smile of the source
takes off: some are always there, and are what one is known by."""
_BROAD = 0.07
"""Smoothing that leaves no fold, in eye distances."""
_FINE = np.float32(0.7)
"""Difference of lightness, 0 to 255, that is grain and no fold."""
_DEEP = np.float32(18)
"""Difference of lightness that lines approach however deep they are: hair and shadows cast may be deeper."""
_COARSER = 3
"""By how much coarser than the grid what is broad is looked at."""
_BLACK = np.float32(41)
"""Lightness, 0 to 255, below black at which chroma would begin: in Lab it goes with L + 16 of 100."""
_BULGE = np.float32(0.25)
"""Share of that by which chroma goes with what is lighter."""
_DOUBT = np.float32(0.05)
"""Weight of the surroundings at which half of their mean counts."""

_RATE = 0.008
"""Share of a frame in the skin at rest, once that is known: a smile of some seconds does not become rest."""
_KNOWN = (4, 40)
"""Frames of the face: from nothing known of its rest to enough."""
_REST_BROAD = 4.0
"""Smoothing that leaves no fold, in pixels of the canonical layout."""


def smile_of(level: Points) -> float:
    """Return how far a face smiles, 0 to 1.

    Args:
        level: the face as `shape.level_shape` gives it, float32 (468, 3).
    """
    corners = level[[61, 291]].astype(np.float64)
    height = corners[:, 1].mean()
    raised = level[[13, 14], 1].mean() - height
    wide = np.linalg.norm(corners[0] - corners[1])
    below = height - level[[48, 278], 1].mean()
    measure = np.array([raised, wide, below, 1.0]) @ np.array(_SMILE)
    return float(smoothstep(np.float64(measure), *_SMILING))


@cache
def smile_zone() -> Weights:
    """Return where a smile folds the skin, 0 to 1, float32 (468,)."""
    return _zone(_CHEEK)


@cache
def expression_zone() -> Weights:
    """Return where any expression folds the skin, 0 to 1, float32 (468,)."""
    return _zone(_CHEEK + _BELOW_EYE + _CROWS_FEET + _FROWN + _FOREHEAD)


def planes_with_lines(smooth: Field, lines: Field) -> list[Field]:
    """Return smooth colour with lines in it, Lab, plane by plane, float32 (H, W) each.

    Chroma goes with lightness as in any shadow, and little as on any bulge: a fold that is lightened stays no red line.

    Args:
        smooth: Lab, float32 (H, W, 3).
        lines: what they add to its lightness, float32 (H, W).
    """
    lightness, *chroma = planes_of(smooth)
    shade = np.minimum(lines, lines * _BULGE) / (at_least(lightness, 0.0) + _BLACK)
    return [lightness + lines, *(plane + (plane - 128) * shade for plane in chroma)]


def lines_of_smile(target: Field, new: Field, skin: Field, smiles: tuple[float, float], eyes: float) -> Field:
    """Return what makes the new face's folds those of the target's smile, lightness, float32 (H, W).

    Where the target smiles more, it lends folds; where the source does, the source's own are taken off.

    Args:
        target: lightness of the target, 0 to 255, float32 (H, W).
        new: lightness of the new face, likewise.
        skin: how surely a pixel is skin of the zones, 0 to 1, float32 (H, W).
        smiles: how far source and target smile, 0 to 1; see `smile_of`.
        eyes: eye distance in pixels.
    """
    more = smiles[1] - smiles[0]
    if more == 0:
        return np.zeros_like(target)
    more *= _LENT if more > 0 else _TAKEN
    folds = _folds(target if more > 0 else new, skin, max(_BROAD * eyes / _COARSER, 0.5))
    return np.asarray(folds * skin * np.float32(more), np.float32)


class Rest:
    """Remembers the skin of one face at rest, on the canonical layout; feed it the frames in which it is looked at.

    Args:
        size: side of the layout in pixels.
    """

    def __init__(self, size: int) -> None:
        self._mean = np.zeros((size, size), np.float32)
        self._seen = np.zeros((size, size), np.float32)
        self._lines = np.zeros((size, size), np.float32)

    @property
    def lines(self) -> Field:
        """What departs from rest in the last frame, lightness, float32 (size, size)."""
        return self._lines

    def update(self, lightness: Field, clear: Field) -> None:
        """Look at a frame.

        Args:
            lightness: of the skin less that of its light, float32 (size, size).
            clear: how well the face is seen there with nothing in front, 0 to 1, float32 (size, size).
        """
        self._seen += clear
        departure = lightness - self._mean
        self._mean += clear * np.maximum(_RATE, 1 / np.maximum(self._seen, 1)) * departure
        known = clear * smoothstep(self._seen, *_KNOWN)
        around = blur(clear, _REST_BROAD)
        broad = blur(departure * clear, _REST_BROAD) / (around + _DOUBT)
        self._lines = _as_folds(departure - broad) * known

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {"mean": self._mean.copy(), "seen": self._seen.copy(), "lines": self._lines.copy()}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return one that goes on from a state."""
        rest = cls(len(state["mean"]))
        rest._mean, rest._seen = state["mean"].copy(), state["seen"].copy()
        rest._lines = state["lines"].copy()
        return rest


def _folds(lightness: Field, skin: Field, reach: float) -> Field:
    """Return what folds are darker and bulges lighter than the skin around them, float32 (H, W)."""
    size = (lightness.shape[0], lightness.shape[1])
    coarse = (max(size[0] // _COARSER, 1), max(size[1] // _COARSER, 1))
    weight = shrink(skin, coarse)
    around = blur(weight, reach)
    mean = blur(shrink(lightness * skin, coarse), reach) / np.maximum(around, 1e-3)
    return _as_folds(blur(lightness, 1.0) - enlarge(np.asarray(mean, np.float32), size))


def _as_folds(difference: Field) -> Field:
    """Leave out what is as faint as grain, and bound what is stronger than folds are."""
    kept = np.sign(difference) * np.maximum(np.abs(difference) - _FINE, 0)
    return np.asarray(_DEEP * np.tanh(kept / _DEEP), np.float32)


def _zone(half: tuple[int, ...]) -> Weights:
    """Return the nearness of some vertices and of those that mirror them, where there is skin."""
    vertices = [*half, *mirror_vertices()[list(half)]]
    points = canonical_vertices().astype(np.float64)
    distance = np.linalg.norm(points[:, None] - points[None, vertices], axis=2).min(1)
    return np.asarray((1 - smoothstep(distance, *_REACH)) * skin_vertices() ** 2 * edge_weights(), np.float32)
