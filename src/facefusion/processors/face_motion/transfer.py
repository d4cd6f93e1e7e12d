"""Transfer: what one face does beyond its rest, done by another.

Skin and brows move as far as the driving face's do; the mouth in proportion to its width; lids by the share of their
opening, so that a blink shuts eyes of any shape.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Final

import numpy as np

from facefusion.faces.landmarkers.lips import LIPS, lip_influence
from facefusion.faces.mesh import INNER_LIPS, OUTER_LIPS, OVAL, canonical_vertices
from facefusion.options.expression_restorer import ExpressionArea
from facefusion.processors.face_motion.level import (
    LID_PAIRS,
    LIP_PAIRS,
    RIMS,
    Doubles,
    lids_open,
    lip_gaps,
    mouth_width,
)
from facefusion.processors.face_swapper.mesh.filters import smoothstep
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances

_STILL: Final = (0.05, 0.35)
"""Distance from the outline, in eye distances: from where nothing moves to where all may."""
_JAW: Final = (0.35, 0.75)
"""Depth below the eyes, in eye distances: from where the outline stays to where it is jaw, and moves."""
_JAW_ASIDE: Final = np.float32(0.2)
"""Share of what the jaw's outline does sideways that is the jaw's doing."""
_MOUTH_REACH: Final = (0.1, 0.45)
"""Distance from the lips: from what is in proportion to the mouth to what is not."""
_LID_REACH: Final = (0.0, 0.17)
"""Distance from a lid's edge: from skin that goes along with it to skin that does not."""
_AREAS: Final = (0.28, 0.5)
"""Depth below the eyes: from the upper face to the lower."""
_SHUT: Final = 0.15
"""Opening of lids that are shut as the mesh sees them, in widths of the eye."""
_LEAST_OPEN: Final = 0.12
"""Least that lids close in a blink, in widths of the eye: a driving face that hardly opens its eyes tells less."""
_WIDEST: Final = 1.3
"""How much wider than at rest eyes may open: no more of an eye is to be seen in the picture than there is."""
_MEET: Final = 0.25
"""Where lids meet, from the lower lid to the upper one: it is the upper one that moves."""
_PROPORTION: Final = (0.7, 1.4)
"""How much smaller and larger than the driving face's a mouth's movements may be."""
_BROADEST: Final = 0.78
"""Width of the mouth's opening in a broad smile, in eye distances; the broadest of ten measured was 0.75."""
_LOWER_LIP: Final = 0.75
"""Share of a change of the mouth's opening that the lower lip makes."""


def transferred(
    target: Doubles, now: Doubles, rest: Doubles, *, factor: float = 1.0, areas: Collection[ExpressionArea]
) -> Doubles:
    """Return the level face of a target that does what a driving face does, float64 (468, 3).

    Args:
        target: level face, float64 (468, 3); see `Stand.level`.
        now: of the driving face.
        rest: of the driving face at rest.
        factor: how far it goes there: 0 not at all, 1 all the way.
        areas: of the face that move.
    """
    width = float(np.clip(mouth_width(target) / mouth_width(rest), *_PROPORTION))
    scale = 1 + _near_mouth() * (width - 1)
    moved = target + (now - rest) * scale[:, None] * _free()
    moved = _no_broader(target, moved)
    moved = _with_gaps(moved, _gaps_wanted(target, now, rest, width))
    moved = _with_lids(moved, target, _lids_wanted(now, rest))
    share = _share_of_areas(tuple(sorted(areas))) * factor
    return np.asarray(target + (moved - target) * share[:, None], np.float64)


def _no_broader(target: Doubles, moved: Doubles) -> Doubles:
    """Return a moved face whose mouth is no broader than mouths become: one that smiles at rest has little left."""
    own, new = mouth_width(target), mouth_width(moved)
    most = max(own, _BROADEST)
    if new <= most:
        return moved
    share = (most - own) / (new - own)
    return np.asarray(target + (moved - target) * (1 - _near_mouth() * (1 - share))[:, None], np.float64)


def _gaps_wanted(target: Doubles, now: Doubles, rest: Doubles, width: float) -> Doubles:
    """Return how far the lips are to be apart: of a mouth that was shut as far as the driving one's, in proportion."""
    own, driving, at_rest = (np.maximum(lip_gaps(each), 0) for each in (target, now, rest))
    # Where the driving mouth is open at rest, a mouth that is not speaks with it all the same; one that is open
    # further opens as far as the driving one's, not by as much again.
    driving, at_rest = width * driving, width * at_rest
    own_more = own - np.minimum(at_rest, own)
    return np.asarray(np.maximum(driving, own_more + np.minimum(driving, at_rest)), np.float64)


def _with_gaps(moved: Doubles, wanted: Doubles) -> Doubles:
    """Return a face whose lips are as far apart as is wanted, and the skin around them moved along."""
    by = np.zeros((len(LIPS), 3))
    more = wanted - lip_gaps(moved)
    places = {vertex: place for place, vertex in enumerate(LIPS)}
    outer = dict(zip(INNER_LIPS, OUTER_LIPS, strict=True))
    for (lower, upper), change in zip(LIP_PAIRS, more, strict=True):
        for vertex, share in ((lower, _LOWER_LIP), (upper, _LOWER_LIP - 1)):
            by[[places[vertex], places[outer[vertex]]], 1] = share * change
    return np.asarray(moved + lip_influence().astype(np.float64) @ by, np.float64)


def _lids_wanted(now: Doubles, rest: Doubles) -> Doubles:
    """Return how far each eye is open beside how far it was at rest, float64 (2,)."""
    at_rest = lids_open(rest)
    opening = 1 + (lids_open(now) - at_rest) / np.maximum(at_rest - _SHUT, _LEAST_OPEN)
    return np.asarray(np.clip(opening, 0, _WIDEST), np.float64)


def _with_lids(moved: Doubles, target: Doubles, opening: Doubles) -> Doubles:
    """Return a face with its lids opened or shut, and the skin near them moved along."""
    result = moved.copy()
    for rim, pairs, share, near in zip(RIMS, LID_PAIRS, opening, _near_lids(), strict=True):
        corners = moved[[rim[0], rim[8]]] - target[[rim[0], rim[8]]]
        by = np.zeros((len(rim), 3))
        by[0], by[8] = corners
        for place, (lower, upper) in enumerate(pairs, 1):
            along = place / 8
            line = target[lower] + _MEET * (target[upper] - target[lower])
            shift = corners[0] * (1 - along) + corners[1] * along
            by[place] = line + share * (target[lower] - line) + shift - target[lower]
            by[-place] = line + share * (target[upper] - line) + shift - target[upper]
        wanted = target + near @ by
        kept = 1 - near.sum(1, keepdims=True)
        result = np.asarray(wanted + kept * (result - target), np.float64)
    return result


@cache
def _near_lids() -> tuple[Weights, Weights]:
    """Return of each eye how far each vertex goes along with each of its rim, float32 (468, 16)."""
    return _near_lid(0), _near_lid(1)


def _near_lid(eye: int) -> Weights:
    rim = list(RIMS[eye])
    distances = canonical_distances()[:, rim]
    middle = canonical_vertices()[rim, 1].mean()
    below = canonical_vertices()[:, 1] > middle
    places = np.arange(len(rim))
    mine = np.where(below[:, None], places <= 8, (places >= 8) | (places == 0))
    weights = mine / np.maximum(distances, 1e-4) ** 3
    weights /= weights.sum(1, keepdims=True)
    share = 1 - smoothstep(distances.min(1), *_LID_REACH)
    near = weights * share[:, None]
    near[rim] = np.eye(len(rim))
    return np.asarray(near, np.float32)


@cache
def _near_mouth() -> Weights:
    """Return how far each vertex moves in proportion to the mouth, float32 (468,)."""
    return 1 - smoothstep(canonical_distances()[:, list(OUTER_LIPS)].min(1), *_MOUTH_REACH)


@cache
def _free() -> Weights:
    """Return how far each vertex may move across, down and ahead, float32 (468, 3).

    The outline does but up and down at the jaw. Where it lies sideways depends on how a head is turned, and
    what is behind it would be dragged along.
    """
    inside = smoothstep(canonical_distances()[:, list(OVAL)].min(1), *_STILL)
    jaw = smoothstep(canonical_vertices()[:, 1], *_JAW)
    aside = np.maximum(inside, _JAW_ASIDE * jaw)
    return np.asarray(np.stack([aside, np.maximum(inside, jaw), aside], axis=1), np.float32)


@cache
def _share_of_areas(areas: tuple[ExpressionArea, ...]) -> Weights:
    """Return how far each vertex belongs to some areas, float32 (468,)."""
    lower = smoothstep(canonical_vertices()[:, 1], *_AREAS)
    parts = {"lower-face": lower, "upper-face": 1 - lower}
    return np.asarray(sum((parts[area] for area in areas), np.zeros_like(lower)), np.float32)
