"""Layout: where each part of the face lies in the source's texture.

A picture from the front keeps its own layout, pixel by pixel. The hidden side of a turned head has no place in its
picture, so its layout is that of the same head turned straight, at the same scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from facefusion.faces.mesh import mirror_vertices, rotation_of, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, halve, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.light import facing
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import edge_weights
from facefusion.processors.face_swapper.mesh.view import View

_MARGIN = 0.05
"""Margin around a head turned straight, as a share of its longer side."""
_MOST_HIDDEN = 0.08
"""Share of the new face that a picture may hide on one side and still keep its own layout."""
_GRAZING = (0.0, 0.1)
"""Cosine between surface and camera: below the first nothing is seen, above the second something."""
_SEEN = (0.1, 0.8)
"""Cosine between surface and camera: below the first little is seen, above the second all."""
_LITTLE = np.float32(0.12)
"""Quality of what is seen at a grazing angle."""
_BEHIND = (0.03, 0.08)
"""Depth behind what is seen at a pixel, in widths of the face: from not hidden by it to hidden."""
_FINER = 1.6
"""How many pixels of a view on one of the layout are brought down to half before they are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the vertices lie.

    Attributes:
        mesh: in pixels of the texture, float32 (468, 3).
        normals: unit normals, float32 (468, 3).
        raster: the mesh, drawn.
    """

    mesh: Points
    normals: Points
    raster: MeshRaster

    @classmethod
    def of(cls, view: View) -> Self:
        """Return the layout of a view: its own, or where it hides much that of the head turned straight."""
        if hidden_share(view) <= _MOST_HIDDEN:
            return cls(view.mesh, view.normals, view.raster)
        straight = view.mesh.astype(np.float64) @ rotation_of(view.mesh)
        low, high = straight[:, :2].min(0), straight[:, :2].max(0)
        margin = (high - low).max() * _MARGIN
        straight[:, :2] -= low - margin
        width, height = np.ceil(high - low + 2 * margin).astype(int).tolist()
        mesh = straight.astype(np.float32)
        normals = vertex_normals(mesh)
        return cls(mesh, normals, MeshRaster.draw(mesh, normals, (height, width)))

    def is_of(self, view: View) -> bool:
        """Whether it is the view's own."""
        return self.raster is view.raster

    def mirrored(self, field: Field) -> Field:
        """Return what a field of the layout, float32 (H, W, K), has on the other half of the face."""
        return lookup(field, self.raster.interpolate(self.mesh[mirror_vertices(), :2]))

    def carry(self, view: View, trust: Field) -> tuple[Field, Field]:
        """Lay a view out.

        Args:
            view: a view, whose pixels are read where its mesh has them.
            trust: how surely its pixels show the face, float32 (H, W), 0 to 1.

        Returns:
            its texture, float32 (H, W, 3), and how well it shows each pixel of the layout, float32 (H, W), 0 to 1.
        """
        own_depth, towards = self.raster.planes(np.column_stack([view.mesh[:, 2], -view.normals[:, 2]]))
        if self.is_of(view):
            return view.texture, _clarity(towards) * trust
        texture, places = view.texture, view.mesh[:, :2]
        depth = view.raster.planes(view.mesh[:, 2:])
        while np.ptp(places[:, 1]) > _FINER * np.ptp(self.mesh[:, 1]):
            texture, trust, places, depth = (
                halve(texture),
                halve(trust),
                places * np.float32(0.5),
                halve(depth[0])[None],
            )
        dense = np.asarray(cv2.medianBlur(self.raster.interpolate(places), 3), np.float32)
        laid = cv2.remap(texture, dense[:, :, 0], dense[:, :, 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        # A nose that is turned hides the cheek behind it, though that faces the camera.
        behind = (own_depth - lookup(depth[0], dense)) / np.ptp(view.mesh[:, 0])
        shown = _clarity(towards) * (1 - smoothstep(behind, *_BEHIND))
        return np.asarray(laid, np.float32), np.asarray(shown * lookup(trust, dense), np.float32)


def hidden_share(view: View) -> float:
    """Return how much of the new face a view hides on one side and shows on the other, 0 to 1."""
    shown = facing(view.normals)
    hidden = (1 - shown) * shown[mirror_vertices()]
    return float(hidden @ edge_weights() / edge_weights().sum())


def _clarity(towards: Field) -> Field:
    """Return how well a surface is seen whose normal has this cosine with the camera, 0 to 1."""
    return smoothstep(towards, *_GRAZING) * (_LITTLE + (1 - _LITTLE) * smoothstep(towards, *_SEEN))
