"""Zones: where on a face each layer of make-up belongs, on the canonical face laid out flat."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import cv2
import numpy as np

from facefusion.faces.mesh import LEFT_EYE, OUTER_LIPS, RIGHT_EYE, canonical_vertices, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.canonical import SIZE as COARSE
from facefusion.processors.face_swapper.mesh.canonical import canonical_layout
from facefusion.processors.face_swapper.mesh.filters import Field, blur, smoothstep
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, to_subpixels
from facefusion.processors.face_swapper.mesh.regions import (
    LEFT_BROW,
    RIGHT_BROW,
    Weights,
    canonical_distances,
    near_edge,
    skin_vertices,
)

FINER = 4
"""How much finer than the canonical layout sheets are."""
SIZE = COARSE * FINER
"""Side of a sheet in pixels."""
_GROW = 8
"""How far values go on past the edges of the face, in pixels."""

# Distances are in eye distances; see `facefusion.processors.face_swapper.mesh.regions`.
_LID, _UNDER = (0.06, 0.17), (0.012, 0.05)
"""Distance from the rims of an eye over which shadow ends, above it and below."""
_FROM_BROW = (0.03, 0.08)
"""Distance from the line of a brow: from its hair to the lid."""
_BROW, _OVER_EYE = (0.02, 0.075), (0.05, 0.10)
"""Distance from the line of a brow over which its hair ends, and from an eye over which it may begin."""
_LIP_EDGE = 2.2
"""Softness of the edge of lips, in pixels."""
_NOSE, _NOSE_SIDES = (6, 197, 195, 5, 4, 1), (0.1, 0.22)
"""The ridge of the nose, and the distance over which wrinkles begin beside it: what shines there is no wrinkle."""
_FRONT = (0.3, 0.6)
"""Cosine between skin and camera, of a face that looks into it: at the sides, where it is less than the first, hair and
shadow of the reference would look like folds."""
_PALE_RIM = 0.6
"""How far the outline is spared by what is broad."""


@cache
def sheet_layout() -> Points:
    """Return where each vertex lies on a sheet, float32 (468, 3), in pixels."""
    laid = canonical_layout() * np.float32(FINER)
    laid[:, :2] += np.float32((FINER - 1) / 2)
    return np.asarray(laid, np.float32)


@cache
def sheet_raster() -> MeshRaster:
    """Return the canonical face's triangles, drawn on a sheet."""
    laid = sheet_layout()
    return MeshRaster.draw(laid, vertex_normals(laid), (SIZE, SIZE), grow=_GROW)


@cache
def zones() -> Mapping[str, Field]:
    """Return how far each pixel of a sheet belongs to each layer, by its name, float32 (SIZE, SIZE), 0 to 1."""
    vertices = {"eyes": _lids(), "brows": _brows(), "blush": _cheeks(), "wrinkles": _folds()}
    planes = sheet_raster().planes(np.column_stack(list(vertices.values())).astype(np.float32))
    within = (sheet_raster().numbers >= 0).astype(np.float32)
    drawn = {
        name: np.asarray(np.clip(plane, 0, 1) * within, np.float32)
        for name, plane in zip(vertices, planes, strict=True)
    }
    lips = _lips()
    return MappingProxyType(
        {name: np.asarray(plane * (1 - lips), np.float32) for name, plane in drawn.items()} | {"lips": lips}
    )


def _near(*groups: tuple[int, ...]) -> Weights:
    return np.asarray(canonical_distances()[:, [vertex for group in groups for vertex in group]].min(1), np.float32)


def _lids() -> Weights:
    distance, height = _near(LEFT_EYE, RIGHT_EYE), canonical_vertices()[:, 1]
    middle = float(height[list(LEFT_EYE)].mean())
    above = 1 - smoothstep(height, middle - 0.01, middle + 0.03)
    lid, under = (1 - smoothstep(distance, *edges) for edges in (_LID, _UNDER))
    brow = smoothstep(_near(LEFT_BROW, RIGHT_BROW), *_FROM_BROW)
    return np.asarray((above * lid + (1 - above) * under) * brow, np.float32)


def _brows() -> Weights:
    hair = 1 - smoothstep(_near(LEFT_BROW, RIGHT_BROW), *_BROW)
    return np.asarray(hair * smoothstep(_near(LEFT_EYE, RIGHT_EYE), *_OVER_EYE), np.float32)


def _cheeks() -> Weights:
    return np.asarray(skin_vertices() * (1 - np.float32(_PALE_RIM) * near_edge()), np.float32)


def _folds() -> Weights:
    inside = smoothstep(-vertex_normals(canonical_vertices())[:, 2], *_FRONT) * (1 - near_edge())
    return np.asarray(skin_vertices() * smoothstep(_near(_NOSE), *_NOSE_SIDES) * inside, np.float32)


def _lips() -> Field:
    drawn = np.zeros((SIZE, SIZE), np.float32)
    cv2.fillPoly(drawn, [to_subpixels(sheet_layout()[list(OUTER_LIPS), :2])], 1.0, cv2.LINE_8, 4)
    return blur(drawn, _LIP_EDGE)
