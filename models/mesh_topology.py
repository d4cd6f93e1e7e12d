"""The triangles of the face mesh, from the list of its edges that MediaPipe publishes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.archives import SourceError, read_member

MEMBER = "mediapipe/tasks/python/vision/face_landmarker.py"
SHA256 = "69c822394b341e8fef4aea6351d4ef2285931cd7448a5c235c30a2a80f390412"
CONNECTIONS = 1322
Edge = tuple[int, int]
Triangle = tuple[int, int, int]

# Three edges of other triangles that happen to close: the nostrils' rims.
_SPURIOUS = frozenset({(49, 64, 129), (279, 294, 358)})
_FRONT = 4
"""A vertex on the tip of the nose, which faces the camera."""


def read_edges(wheel: Path) -> set[Edge]:
    """Return the edges of the constant `FACE_LANDMARKS_TESSELATION` of MediaPipe's Python wheel, smaller number first.

    The wheel is opened as an archive; nothing in it runs.

    Raises:
        SourceError: the wheel does not hold the file that is known, or another list.
    """
    text = read_member(wheel, MEMBER, SHA256).decode("utf-8")
    _, found, rest = text.partition("FACE_LANDMARKS_TESSELATION: ")
    pairs = re.findall(r"Connection\((?:start=)?(\d+), (?:end=)?(\d+)\)", rest.partition("\n  ]")[0])
    edges = {(min(a, b), max(a, b)) for a, b in ((int(a), int(b)) for a, b in pairs)}
    if not found or len(edges) != CONNECTIONS:
        raise SourceError(f"{MEMBER} lists {len(edges)} edges of the mesh, expected {CONNECTIONS}")
    return edges


def triangles_of(edges: Iterable[Edge]) -> list[Triangle]:
    """Return all 3-cycles of the edges but the two that are no triangles of the mesh, sorted."""
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    cycles = {(a, b, c) for a in near for b, c in itertools.combinations(sorted(near[a]), 2) if a < b and c in near[b]}
    return sorted(cycles - _SPURIOUS)


def orient(triangles: Sequence[Triangle], vertices: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Turn all triangles the same way round: counter-clockwise in the picture (y down) when they face the camera.

    The direction spreads from the tip of the nose over shared edges, so that triangles seen edge-on get it right too.

    Args:
        triangles: numbers of three vertices each.
        vertices: a face that looks into the camera, (468, 3), z away from it.
    """
    turned = [list(triangle) for triangle in triangles]
    owners: dict[Edge, list[int]] = {}
    for number, (a, b, c) in enumerate(triangles):
        for edge in ((a, b), (b, c), (a, c)):
            owners.setdefault(edge, []).append(number)
    first = next(number for number, triangle in enumerate(triangles) if _FRONT in triangle)
    if _depth_of_normal(vertices[list(triangles[first])]) > 0:
        _flip(turned[first])
    done, waiting = {first}, [first]
    while waiting:
        a, b, c = turned[waiting.pop()]
        for edge in ((a, b), (b, c), (c, a)):
            for other in owners[min(edge), max(edge)]:
                if other in done:
                    continue
                # Neighbours that agree run along their common edge in opposite directions.
                if edge in _directed(turned[other]):
                    _flip(turned[other])
                done.add(other)
                waiting.append(other)
    return np.array(turned)


def _directed(triangle: Sequence[int]) -> tuple[Edge, Edge, Edge]:
    a, b, c = triangle
    return (a, b), (b, c), (c, a)


def _flip(triangle: list[int]) -> None:
    triangle[1:] = triangle[:0:-1]


def _depth_of_normal(corners: npt.NDArray[np.float64]) -> float:
    return float(np.cross(corners[1] - corners[0], corners[2] - corners[0])[2])
