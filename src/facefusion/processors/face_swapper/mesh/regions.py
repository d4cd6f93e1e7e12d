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
from facefusion.processors.face_swapper.mesh.filters import smoothstep

Weights = npt.NDArray[np.float32]

LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_NOSTRILS = (2, 97, 98, 326, 327, 99, 328, 20, 250, 238, 458, 79, 309, 60, 290, 75, 305, 166, 392, 218, 438)
BEARD = (199, 200, 175, 18, 83, 313, 201, 421, 204, 424, 211, 431, 164, 165, 391, 92, 322)
"""Chin and upper lip, where a beard shows if there is one."""
_EDGE_FOREHEAD = 0.3
_EDGE_JAW = 0.10


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
    sure *= smoothstep(_distance_to(OUTER_LIPS, INNER_LIPS), 0.02, 0.06)
    sure *= smoothstep(_distance_to(LEFT_EYE, RIGHT_EYE), 0.03, 0.09)
    sure *= smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), 0.02, 0.06)
    sure *= smoothstep(_distance_to(_NOSTRILS), 0.01, 0.05)
    return sure * (0.35 + 0.65 * smoothstep(_distance_to(OVAL), 0.0, 0.12))


@cache
def fold_vertices() -> npt.NDArray[np.bool_]:
    """Return which vertices lie on lips, lids or nostrils, bool (468,)."""
    eyes = _distance_to(LEFT_EYE, RIGHT_EYE) < 0.06
    return np.asarray(eyes | (_distance_to(OUTER_LIPS, INNER_LIPS) < 0.03) | (_distance_to(_NOSTRILS) < 0.03))


@cache
def edge_weights() -> Weights:
    """Return the new face's share at each vertex, float32 (468,): 0 on the outline, 1 inside."""
    height = canonical_vertices()[:, 1]
    forehead = smoothstep(-height, 0.0, 0.4)
    width = _EDGE_JAW + (_EDGE_FOREHEAD - _EDGE_JAW) * forehead
    return smoothstep(_distance_to(OVAL) / width, 0, 1)


@cache
def near_edge() -> Weights:
    """Return 1 at the outline falling to 0 a quarter of the eye distance inside, float32 (468,)."""
    return 1 - smoothstep(_distance_to(OVAL), 0.08, 0.34)


@cache
def foreign_zones() -> Weights:
    """Return protected features, growth of beard, brows and nearness of the outline, 0 to 1, float32 (468, 4)."""
    height = canonical_vertices()[:, 1]
    features = np.minimum(_distance_to(LEFT_EYE, RIGHT_EYE) - 0.005, _distance_to(OUTER_LIPS, INNER_LIPS))
    protected = 1 - smoothstep(features, 0.015, 0.05)
    beard = smoothstep(height, 0.15, 0.35)
    brows = 1 - smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), 0.04, 0.09)
    rim = 1 - smoothstep(_distance_to(OVAL), 0.02, 0.1)
    return np.stack([protected, beard, brows, rim], 1)
