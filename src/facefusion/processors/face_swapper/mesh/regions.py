"""Regions: where on the mesh skin, edges, eyes and hair are to be expected."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import (
    INNER_LIPS,
    LEFT_EYE,
    OUTER_LIPS,
    OVAL,
    RIGHT_EYE,
    VERTICES,
    canonical_vertices,
)
from facefusion.processors.face_swapper.mesh.fields import Zones
from facefusion.processors.face_swapper.mesh.filters import smoothstep

Weights = npt.NDArray[np.float32]

LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_BROW_ENDS = (70, 63, 300, 293)
"""Outer ends of the brows."""
_NOSTRILS = (2, 97, 98, 326, 327, 99, 328, 20, 250, 238, 458, 79, 309, 60, 290, 75, 305, 166, 392, 218, 438)
BEARD = (199, 200, 175, 18, 83, 313, 201, 421, 204, 424, 211, 431, 164, 165, 391, 92, 322)
"""Chin and upper lip, where a beard shows if there is one."""

# Distances and heights are in eye distances: 1 is the distance between the outer corners of the eyes. Of a pair, the
# first is where a smooth rise begins and the second where it is complete.
_EDGE_FOREHEAD, _EDGE_JAW = 0.22, 0.10
"""How far from the outline the new face is whole."""
_BROWS_TO_PLAIN, _FEATURES_TO_PLAIN = (-0.02, 0.03), (0.04, 0.12)
"""Distance from brows, and from eyes and lips: from their own colour to that of the skin around them; brows themselves
lie between, for where they are all that is left of a forehead the skin beside them must not differ from it."""
_FOREHEAD = (0.0, 0.4)
"""Height above the eyes: from jaw to forehead."""
_BEARD_GROWTH = (0.15, 0.35)
"""Depth below the eyes: from where no beard grows to where one may."""
_LIPS_TO_SKIN, _EYES_TO_SKIN = (0.02, 0.06), (0.03, 0.09)
_BROWS_TO_SKIN, _NOSTRILS_TO_SKIN = (0.02, 0.06), (0.01, 0.05)
"""Distance from a feature: from the feature to plain skin."""
_RIM_SKIN = 0.35
"""How surely the outline itself shows plain skin, and not hair or background."""
_OUTLINE_TO_SKIN = (0.0, 0.12)
"""Distance from the outline: from there to as sure as anywhere."""
_EYE_FOLDS, _LIP_FOLDS, _NOSTRIL_FOLDS = 0.06, 0.03, 0.03
"""Distance from a feature within which the surface is folded."""
_NEAR_EDGE = (0.08, 0.34)
"""Distance from the outline: from near it to inside."""
_PROTECTED = (0.015, 0.05)
"""Distance from eyes and lips: from protected to not."""
_WIDER_EYES = 0.005
"""How much farther than that lids are protected."""
_BROW_HAIR = (0.04, 0.09)
"""Distance from the line of a brow: from its hair to none."""
_BROW_END, _END_SURE = (0.04, 0.14), 0.3
"""Distance from a brow's outer end to where hair is surely the brow's, and how surely it is at the end itself."""
_RIM = (0.02, 0.1)
"""Distance from the outline: from where foreign pixels reach in to where they do not."""


@cache
def canonical_distances() -> npt.NDArray[np.float64]:
    """Return distances between all vertices of the canonical face, in eye distances, float64 (468, 468)."""
    points = canonical_vertices().astype(np.float64)
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=2))


def _distance_to(*groups: tuple[int, ...]) -> npt.NDArray[np.float64]:
    vertices = [vertex for group in groups for vertex in group]
    return np.asarray(canonical_distances()[:, vertices].min(1))


@cache
def skin_vertices() -> Weights:
    """Return how surely each vertex shows plain skin, 0 to 1, float32 (468,)."""
    sure = np.ones(VERTICES, np.float32)
    sure *= smoothstep(_distance_to(OUTER_LIPS, INNER_LIPS), *_LIPS_TO_SKIN)
    sure *= smoothstep(_distance_to(LEFT_EYE, RIGHT_EYE), *_EYES_TO_SKIN)
    sure *= smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), *_BROWS_TO_SKIN)
    sure *= smoothstep(_distance_to(_NOSTRILS), *_NOSTRILS_TO_SKIN)
    return sure * (_RIM_SKIN + (1 - _RIM_SKIN) * smoothstep(_distance_to(OVAL), *_OUTLINE_TO_SKIN))


@cache
def fold_vertices() -> npt.NDArray[np.bool_]:
    """Return which vertices lie on lips, lids or nostrils, bool (468,)."""
    eyes = _distance_to(LEFT_EYE, RIGHT_EYE) < _EYE_FOLDS
    lips = _distance_to(OUTER_LIPS, INNER_LIPS) < _LIP_FOLDS
    return np.asarray(eyes | lips | (_distance_to(_NOSTRILS) < _NOSTRIL_FOLDS))


@cache
def edge_weights() -> Weights:
    """Return the new face's share at each vertex, float32 (468,): 0 on the outline, 1 inside."""
    return smoothstep(_distance_to(OVAL) / _edge_width(), 0, 1)


def _edge_width() -> Weights:
    forehead = smoothstep(-canonical_vertices()[:, 1], *_FOREHEAD)
    return np.asarray(_EDGE_JAW + (_EDGE_FOREHEAD - _EDGE_JAW) * forehead, np.float32)


@cache
def plain_vertices() -> Weights:
    """Return 0 on eyes and lips, less than half on brows, rising to 1 on the skin around them, float32 (468,)."""
    return np.minimum(
        smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), *_BROWS_TO_PLAIN),
        smoothstep(_distance_to(LEFT_EYE, RIGHT_EYE, OUTER_LIPS), *_FEATURES_TO_PLAIN),
    )


@cache
def near_edge() -> Weights:
    """Return 1 at the outline falling to 0 a third of the eye distance inside, float32 (468,)."""
    return 1 - smoothstep(_distance_to(OVAL), *_NEAR_EDGE)


def _surely_brow() -> Weights:
    """Return less than 1 at the outer ends of the brows, where hair of the head hangs in, float32 (468,)."""
    return _END_SURE + (1 - np.float32(_END_SURE)) * smoothstep(_distance_to(_BROW_ENDS), *_BROW_END)


@cache
def foreign_zones() -> Zones:
    """Return what is to be expected at each vertex, float32 (468,) each."""
    height = canonical_vertices()[:, 1]
    features = np.minimum(_distance_to(LEFT_EYE, RIGHT_EYE) - _WIDER_EYES, _distance_to(OUTER_LIPS, INNER_LIPS))
    return Zones(
        protected=1 - smoothstep(features, *_PROTECTED),
        beard=smoothstep(height, *_BEARD_GROWTH),
        brows=(1 - smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), *_BROW_HAIR)) * _surely_brow(),
        rim=1 - smoothstep(_distance_to(OVAL), *_RIM),
    )
