"""Turned heads: what the source does not show of itself, and where the target's face ends in the picture.

A half of the source that is turned away is taken from its other half, mirrored. What neither shows well would have to
be stretched; there the new face hands over to the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import canonical_vertices, mirror_vertices, pose_of, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances

_BETTER = (1.15, 1.9)
"""How much better the other half shows a vertex: from where it begins to lend its texture to where it gives all."""
_WIDER = 0.1
"""How much farther than where it is better the other half lends its texture, in eye distances."""
_RIDGE, _RIDGE_WIDTH = (-0.3, 0.45), 0.02
"""Height below the eyes between which the ridge of the nose lies, and half its width, in eye distances."""
_MOVED_IN = 0.6
"""How far it is moved in, as a share of the way to the nearest vertex beside it."""
_DEPTH_SIZE = 160
"""Side of the picture, in pixels, in which it is seen what hides behind the nose."""
_BEHIND = (0.04, 0.1)
"""Depth behind what is seen at its place, in eye distances: from where a vertex is hidden to where it surely is."""
_TOWARDS = (0.1, 0.3)
"""Cosine between surface and camera: from where to where it is asked whether something hides it."""
_SOURCE_TURN = (10.0, 20.0)
"""Turn of the source in degrees: up to the first each half serves itself, from the second the better serves both."""
_LEAST = 0.04
"""Least cosine between surface and camera that is reckoned with."""
_STRETCH = (3.0, 5.0)
"""Stretch of the source's texture: from where the new face fades to where it is gone."""
_MIRROR_MATTERS = 0.05
"""Share from which the other half is read at all."""
_TURN = (15.0, 30.0)
"""Turn of the head in degrees: from where its far side may end in front of the background to where it surely does."""
_INSIDE, _OUTSIDE = 4, 1
"""Distance from the outline in pixels of the grid from which pixels surely show the face, and surely do not."""
_SURROUNDINGS = 5.0
"""Reach, in pixels of the grid, within which colours of both are gathered."""
_APART = (8.0, 20.0)
"""Distance of the two colours, in Lab units: from where they cannot be told apart to where they surely can."""
_BEYOND = (0.45, 0.75)
"""Nearness to the colour outside: from where a pixel begins to lie beyond the face to where it wholly does."""
_ENOUGH = 1e-3
"""Weight of either colour around a pixel from which it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceHalves:
    """How well a source shows each vertex, by itself or by its other half.

    Attributes:
        mirrored: share of its texture that each vertex takes from its mirror image, 0 to 1, float32 (468,).
        visibility: how well the vertex is seen then, 0 to 1, float32 (468,).
        cosine: between the surface and the camera there, float32 (468,).
    """

    mirrored: Weights
    visibility: Weights
    cosine: Weights

    @classmethod
    def of(cls, mesh: Points, visibility: Weights) -> Self:
        """Weigh both halves of a source.

        Args:
            mesh: float32 (468, 3).
            visibility: how well the source shows each vertex, 0 to 1, float32 (468,).
        """
        other, yaw = mirror_vertices(), pose_of(mesh).yaw
        normals = calm(vertex_normals(mesh))
        cosine = np.maximum(-normals[:, 2] * (1 - _hidden(mesh, normals)), _LEAST)
        far = canonical_vertices()[:, 0] * yaw > 0
        mirrored = _widened(smoothstep(cosine[other] / cosine, *_BETTER) * far)
        mirrored *= smoothstep(np.float32(abs(yaw)), *_SOURCE_TURN)

        def joined(own: Weights) -> Weights:
            return np.asarray(own + mirrored * (own[other] - own), np.float32)

        return cls(mirrored, joined(visibility), joined(cosine))

    def places(self, points: Points) -> Points:
        """Return where the vertices lie in the texture, float32 (468, 2); a nose's ridge seen from aside is moved in.

        There the picture shows the edge of the nose, and what is behind it.

        Args:
            points: where the mesh has them, float32 (468, 2).
        """
        moved = points.copy()
        for side in (-1, 1):
            ridge, aside = _ridge(side)
            share = self.mirrored[mirror_vertices()[aside]] * np.float32(_MOVED_IN)
            moved[ridge] += share[:, None] * (points[aside] - points[ridge])
        return moved

    @property
    def any_mirrored(self) -> bool:
        """Whether any vertex takes texture from the other half."""
        return bool(self.mirrored.max() > _MIRROR_MATTERS)

    def unstretched(self, normals: Points) -> Weights:
        """Return the share of the new face that is not stretched too far on a target with these normals, (468,)."""
        stretch = np.maximum(-calm(normals)[:, 2], 0) / self.cosine
        return self.visibility * (1 - smoothstep(stretch, *_STRETCH))


def beyond_outline(lab: Field, silhouette: Field, yaw: float) -> Field | None:
    """Return how surely pixels at the far side of a turned head show what is behind it, float32 (H, W), 0 to 1.

    The mesh may reach a little past nose, lips and cheek; where inside and outside differ in colour, colour decides.

    Args:
        lab: the face, Lab, float32 (H, W, 3).
        silhouette: 1 within the outline of the drawn face, else 0, float32 (H, W).
        yaw: turn of the head in degrees, see `Pose`.

    Returns:
        None for a head that is not turned.
    """
    turned = float(smoothstep(np.float32(abs(yaw)), *_TURN))
    if turned == 0:
        return None
    edge = np.pad(silhouette, 1).astype(np.uint8)
    depth = cv2.distanceTransform(edge, cv2.DIST_L2, 3)[1:-1, 1:-1]
    away = cv2.distanceTransform(1 - edge, cv2.DIST_L2, 3)[1:-1, 1:-1]
    face, face_near = _gathered(lab, depth > _INSIDE)
    behind, behind_near = _gathered(lab, away > _OUTSIDE)
    axis = behind - face
    apart = np.sqrt((axis**2).sum(2))
    nearness = ((lab - face) * axis).sum(2) / np.maximum(apart, 1) ** 2
    known = np.minimum(face_near, behind_near) > _ENOUGH
    side = cv2.Sobel(blur(silhouette, 2.0), cv2.CV_32F, 1, 0) * -np.sign(yaw) > 0
    sure = smoothstep(apart, *_APART) * known * side * (depth <= 2 * _INSIDE) * turned
    return np.asarray(smoothstep(nearness, *_BEYOND) * sure, np.float32)


@cache
def _ridge(side: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the vertices of the nose's ridge and for each the nearest at a side, -1 left in the picture, 1 right."""
    x, y = canonical_vertices()[:, :2].T
    ridge = np.flatnonzero((np.abs(x) < _RIDGE_WIDTH) & (y > _RIDGE[0]) & (y < _RIDGE[1]))
    aside = np.flatnonzero(x * side > _RIDGE_WIDTH)
    return ridge, aside[canonical_distances()[np.ix_(ridge, aside)].argmin(1)]


def _widened(mirrored: Weights) -> Weights:
    """Let what is mirrored reach up to the middle of the face, past the edge that a nose has before what it hides."""
    x = canonical_vertices()[:, 0]
    near = (canonical_distances() < _WIDER) & (x[:, None] * x[None] > 0)
    return np.asarray(np.where(near, mirrored, 0).max(1), np.float32)


def _hidden(mesh: Points, normals: Points) -> Weights:
    """Return how surely each vertex lies behind another part of the face, as the nose, 0 to 1, float32 (468,)."""
    low = mesh[:, :2].min(0)
    scale = np.float32(_DEPTH_SIZE / max(float(np.ptp(mesh[:, :2], axis=0).max()), 1e-3))
    laid = np.column_stack([(mesh[:, :2] - low) * scale + 2, mesh[:, 2] * scale]).astype(np.float32)
    raster = MeshRaster.draw(laid, normals, (_DEPTH_SIZE + 5, _DEPTH_SIZE + 5), grow=1)
    front = lookup(raster.interpolate(laid[:, 2:])[:, :, 0], laid[None, :, :2])[0]
    eyes = max(float(np.linalg.norm(laid[263] - laid[33])), 1e-3)
    # Where the surface turns away its depth changes from pixel to pixel, and it is badly seen without being hidden.
    return smoothstep((laid[:, 2] - front) / eyes, *_BEHIND) * smoothstep(-normals[:, 2], *_TOWARDS)


def _gathered(lab: Field, where: npt.NDArray[np.bool_]) -> tuple[Field, Field]:
    """Return the mean colour of the pixels of a mask around each pixel, and how much of it is near."""
    weight = where.astype(np.float32)
    near = blur(weight, _SURROUNDINGS)
    mean = blur(lab * weight[:, :, None], _SURROUNDINGS) / np.maximum(near, 1e-6)[:, :, None]
    return np.asarray(mean, np.float32), near
