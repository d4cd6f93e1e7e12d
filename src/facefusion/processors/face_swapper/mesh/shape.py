"""Shape: how the source's features lie differently in the face than the target's.

Pose, expression and the outline stay the target's: what moves are the features within, each as a whole.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.landmarkers.lips import lip_influence
from facefusion.faces.mesh import (
    INNER_LIPS,
    LEFT_EYE,
    OUTER_LIPS,
    OVAL,
    RIGHT_EYE,
    canonical_vertices,
    rotation_of,
)
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.expression import smile_of
from facefusion.processors.face_swapper.mesh.filters import smoothstep
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances

Rotation = npt.NDArray[np.float64]
"""Of a head, float64 (3, 3)."""

_STILL = (0.02, 0.40)
"""Distance from the outline, in eye distances: from where nothing moves to where all may."""
_FEATURE = (0.06, 0.30)
"""Distance from eyes and lips: from where vertices move with them to where they move by themselves."""
_FULLER = (0.6, 1.7)
"""How much thinner and fuller a lip may become."""
_LIPS_SOONER = 1.6
"""How much sooner than features move lips are as full as the source's: at a shape of 0.6 they nearly are."""
_SMILE_WIDENS, _SMILE_LIFTS = 0.107, 0.051
"""By how much a full smile widens the mouth and lifts its corners, in eye distances: mean of ten people."""
_MOST = 0.10
"""Farthest that a vertex moves, in eye distances."""


def level_shape(mesh: Points, rotation: Rotation | None = None) -> Points:
    """Return a face turned straight into the camera, float32 (468, 3), in eye distances around its middle.

    Args:
        mesh: float32 (468, 3), in pixels.
        rotation: of the face, where it is known already; see `rotation_of`.
    """
    straight = mesh.astype(np.float64) @ (rotation_of(mesh) if rotation is None else rotation)
    outline = straight[list(OVAL)]
    centre = outline.mean(0)
    scale = np.sqrt(((outline - centre) ** 2).sum() / _outline_spread())
    return np.asarray((straight - centre) / max(scale, 1e-6), np.float32)


def shape_difference(source: Points, target: Points) -> Points:
    """Return by how much each vertex of the target has to move to lie as in the source, float32 (468, 3).

    Eyes and mouth move and grow as a whole, so that lids and lips keep what they express; lips become as full. What a
    smile does to the mouth is no part of it.

    Args:
        source: as `level_shape` gives it.
        target: likewise.
    """
    wanted = (source - target).astype(np.float64)
    own = np.ones(len(wanted))
    moved = np.zeros_like(wanted)
    rested = _with_mouth_at_rest(source), _with_mouth_at_rest(target)
    for vertices, corners in _features():
        share = _share_of(vertices)[:, None]
        moved += share * _as_a_whole(*rested, corners)
        own -= share[:, 0]
    moved += np.clip(own, 0, 1)[:, None] * wanted + _fuller_lips(source, target)
    moved *= _free()[:, None]
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved * (_MOST * np.tanh(length / _MOST) / np.maximum(length, 1e-6)), np.float32)


def turned_with(difference: Points, mesh: Points, rotation: Rotation | None = None) -> Points:
    """Return a difference of level shapes as it is on a face of any pose and size, float32 (468, 3), in pixels.

    Args:
        difference: float32 (468, 3), in eye distances.
        mesh: the face, float32 (468, 3), in pixels.
        rotation: of the face, where it is known already; see `rotation_of`.
    """
    rotation = rotation_of(mesh) if rotation is None else rotation
    outline = mesh[list(OVAL)].astype(np.float64)
    scale = np.sqrt(((outline - outline.mean(0)) ** 2).sum() / _outline_spread())
    return np.asarray(difference @ rotation.T * scale, np.float32)


def _with_mouth_at_rest(shape: Points) -> Points:
    """Return a level shape with the corners of its mouth where they are when it does not smile, float32 (468, 3)."""
    smile = np.float32(smile_of(shape))
    rested = shape.copy()
    rested[[61, 291], 1] += np.float32(_SMILE_LIFTS) * smile
    rested[[61, 291], 0] += np.array([0.5, -0.5], np.float32) * np.float32(_SMILE_WIDENS) * smile
    return rested


def _as_a_whole(source: Points, target: Points, corners: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the displacement of all vertices that carries a feature's middle and width to those of the source."""
    middles = [shape[list(corners)].mean(0).astype(np.float64) for shape in (source, target)]
    widths = [float(np.linalg.norm(shape[corners[1]] - shape[corners[0]])) for shape in (source, target)]
    growth = np.clip(widths[0] / max(widths[1], 1e-6), 0.85, 1.18)
    return np.asarray(middles[0] - middles[1] + (growth - 1) * (target.astype(np.float64) - middles[1]), np.float64)


def _fuller_lips(source: Points, target: Points) -> npt.NDArray[np.float64]:
    """Return the displacement that makes each lip as full as that of the source; the opening stays as it is."""
    inner, outer = list(INNER_LIPS), list(OUTER_LIPS)
    lips = [(shape[outer] - shape[inner]).astype(np.float64) for shape in (source, target)]
    wanted, have = (np.linalg.norm(each, axis=1) for each in lips)
    moved = np.zeros((2 * len(inner), 3))
    for lip in (slice(1, 10), slice(11, 20)):
        growth = np.clip(wanted[lip].sum() / max(float(have[lip].sum()), 1e-6), *_FULLER)
        moved[len(inner) :][lip] = (growth - 1) * lips[1][lip]
    return _LIPS_SOONER * (lip_influence().astype(np.float64) @ moved)


@cache
def _features() -> tuple[tuple[tuple[int, ...], tuple[int, int]], ...]:
    return ((LEFT_EYE, (33, 133)), (RIGHT_EYE, (362, 263)), ((*OUTER_LIPS, *INNER_LIPS), (61, 291)))


@cache
def _share_of(vertices: tuple[int, ...]) -> Weights:
    """Return how far each vertex moves with a feature."""
    return 1 - smoothstep(canonical_distances()[:, list(vertices)].min(1), *_FEATURE)


@cache
def _free() -> Weights:
    """Return how far each vertex may move: not at all on the outline."""
    return smoothstep(canonical_distances()[:, list(OVAL)].min(1), *_STILL)


@cache
def _outline_spread() -> float:
    outline = canonical_vertices()[list(OVAL)].astype(np.float64)
    return float(((outline - outline.mean(0)) ** 2).sum())
