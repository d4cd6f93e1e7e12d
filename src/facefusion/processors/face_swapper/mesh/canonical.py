"""The canonical face, laid out flat: one place for each part of any face.

What never changes is drawn there once, and read by where a pixel lies on it: that costs a fifth of spreading it over
every picture anew.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facefusion.faces.mesh import canonical_vertices, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.cover import below_eyes
from facefusion.processors.face_swapper.mesh.expression import expression_zone, smile_zone
from facefusion.processors.face_swapper.mesh.filters import Field, lookup, planes_of
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import Weights, foreign_zones, near_edge, plain_vertices

SIZE = 96
"""Side of the canonical layout in pixels."""
_MARGIN = 4
"""Pixels around the face on the layout."""
_FINER = 2
"""By how much finer than that zones are drawn."""
_GROW = 4
"""How far values go on past the edges, in pixels of the layout."""


@cache
def canonical_layout() -> Points:
    """Return where each vertex lies on the canonical layout, float32 (468, 3), in pixels."""
    points = canonical_vertices()
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    scale = np.float32((SIZE - 2 * _MARGIN) / (high - low).max())
    centre = (low + high) / 2
    laid = points * scale
    laid[:, :2] += np.float32((SIZE - 1) / 2) - centre * scale
    return np.asarray(laid, np.float32)


def canonical_raster() -> MeshRaster:
    """Return the canonical layout's triangles, drawn."""
    return _raster(1)


@cache
def canonical_rim() -> Field:
    """Return 1 at the outline falling to 0 inside, on the canonical layout, float32 (SIZE, SIZE)."""
    return np.asarray(canonical_raster().planes(near_edge()[:, None])[0], np.float32)


def read_zones(layout: Field) -> dict[str, Field]:
    """Return the zones of the face at pixels, by name, float32 (H, W) each, 0 to 1.

    Those of `foreign_zones`, what lies `below_eyes`, `plain` skin, and the `smile_zone` and `expression_zone`.

    Args:
        layout: where each pixel lies on the canonical layout, float32 (H, W, 2); (0, 0) where no face is.
    """
    places = _scaled(layout, _FINER)
    planes = [plane for table in _zone_tables() for plane in planes_of(lookup(table, places))]
    return dict(zip(_zones(), planes, strict=True))


def _scaled(places: Points, scale: float) -> Points:
    """Return where places on the layout, float32 (…, 2), lie on one of another size; pixel centres are at halves."""
    return np.asarray(places * np.float32(scale) + np.float32((scale - 1) / 2), np.float32)


@cache
def _raster(scale: float) -> MeshRaster:
    laid = canonical_layout()
    laid = np.column_stack([_scaled(laid[:, :2], scale), laid[:, 2]])
    size = round(SIZE * scale)
    return MeshRaster.draw(laid, vertex_normals(laid), (size, size), grow=round(_GROW * scale))


@cache
def _zone_tables() -> list[Field]:
    """Return the zones on the finer layout, float32 (H, W, 4) each: OpenCV reads four planes fastest."""
    planes = _raster(_FINER).planes(np.column_stack(list(_zones().values())).astype(np.float32))
    return [np.asarray(cv2.merge(list(planes[first : first + 4])), np.float32) for first in range(0, len(planes), 4)]


def _zones() -> dict[str, Weights]:
    return {
        **foreign_zones().by_name(),
        "below_eyes": below_eyes(),
        "plain": plain_vertices(),
        "smile_zone": smile_zone(),
        "expression_zone": expression_zone(),
    }
