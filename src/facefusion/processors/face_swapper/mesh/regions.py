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
_EDGE_FOREHEAD = 0.17
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
def hair_zone() -> Weights:
    """Return where the target's hair may lie over the face, 0 to 1, float32 (468,): forehead, temples, sides."""
    return np.maximum(_forehead(), 1 - smoothstep(_distance_to(OVAL), 0.1, 0.3))


@cache
def foreign_zone() -> Weights:
    """Return where the source's texture may show hair, ears or background, 0 to 1, float32 (468,)."""
    return hair_zone()


@cache
def beard_zone() -> Weights:
    """Return where a beard may grow, 0 to 1, float32 (468,): below the cheekbones."""
    return smoothstep(canonical_vertices()[:, 1], 0.15, 0.35)


def _forehead() -> Weights:
    above_brows = smoothstep(-canonical_vertices()[:, 1], 0.22, 0.32)
    return above_brows * smoothstep(_distance_to(LEFT_BROW, RIGHT_BROW), 0.05, 0.11)


def _sides(high: float, low: float) -> Weights:
    """Return the sides of the face from the temples down, fading between two heights below the eyes."""
    outward = smoothstep(np.abs(canonical_vertices()[:, 0]), 0.50, 0.62)
    return outward * (1 - smoothstep(canonical_vertices()[:, 1], high, low))
