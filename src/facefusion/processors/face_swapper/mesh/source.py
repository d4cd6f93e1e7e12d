"""The source model: what is known of the source face, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Face, Points
from facefusion.processors.face_swapper.mesh.colour import split_texture, to_lab
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.glasses.watch import GlassesWatch
from facefusion.processors.face_swapper.mesh.light import LightField, facing, fit_light, vertex_colours
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.regions import foreign_zones, near_edge, skin_vertices
from facefusion.processors.face_swapper.mesh.shape import level_shape
from facefusion.processors.face_swapper.mesh.texture import even_out, fill_foreign, pyramid

MAX_SIDE = 768
"""Longest side of the largest texture in pixels."""
_MARGIN = 0.08
"""Margin around the face, as a share of its longer side."""
_OWN_SHADING = np.array([0.2, 0, 0], np.float32)
"""Share of the smooth remainder (Lab) that is the person's own, away from the outline."""
_FOREIGN_SOFTNESS = 160
"""Smoothing of the texture before it is searched for foreign pixels: its width over this."""
_FRAME_GAIN = np.float32(2)
"""Factor on the share of glasses: their blurred edge is of no use."""
_COARSER = 0.35
"""How far, in levels, a texture may be coarser than the target's pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceModel:
    """Texture and shape of the source face.

    Attributes:
        textures: what the skin's smooth colour leaves (Lab differences), float32 (H, W, 3), each half the size of the
            one before.
        mesh: where the mesh lies in the first texture, float32 (468, 3).
        visibility: how well the source shows each vertex, 0 to 1, float32 (468,).
        light: smooth skin colour, as it was taken off.
        shape: how the features lie, see `level_shape`.
    """

    textures: tuple[Field, ...]
    mesh: Points
    visibility: npt.NDArray[np.float32]
    light: LightField
    shape: Points

    @classmethod
    def build(cls, image: npt.NDArray[np.uint8], face: Face) -> Self:
        """Build the model from one picture.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the face in it.
        """
        patch, mesh = _cut(image, face.mesh)
        lab, normals = to_lab(patch), vertex_normals(mesh)
        visibility = facing(normals)
        light = fit_light(vertex_colours(lab, mesh), normals, visibility)
        raster = MeshRaster.draw(mesh, normals, lab.shape[:2])
        glasses = _glasses(patch, mesh)
        textures = pyramid(_texture(lab, light, raster, mesh, glasses))
        return cls(textures, mesh, visibility, light, level_shape(face.mesh))

    def mesh_at(self, level: int) -> Points:
        """Return where the vertices lie in the texture of a level, float32 (468, 2)."""
        return rescale(self.mesh[:, :2], self.textures[0].shape[:2], self.textures[level].shape[:2])

    def level_for(self, width: float) -> int:
        """Return which texture suits a face of this many pixels: as coarse as possible without losing detail."""
        own = float(np.ptp(self.mesh[:, 0]))
        return int(np.clip(np.floor(np.log2(max(own / max(width, 1.0), 1.0)) + _COARSER), 0, len(self.textures) - 1))


def _cut(image: npt.NDArray[np.uint8], mesh: Points) -> tuple[npt.NDArray[np.uint8], Points]:
    """Cut the face out with a margin, no larger than is of use; return patch and mesh in its pixels."""
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    margin = (high - low).max() * _MARGIN
    left, top = np.floor(low - margin).astype(int)
    right, bottom = np.ceil(high + margin).astype(int)
    pad = max(0, -left, -top, right - image.shape[1], bottom - image.shape[0])
    if pad:
        image = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    patch = image[top + pad : bottom + pad, left + pad : right + pad]
    moved = mesh - np.array([left, top, 0], np.float32)
    scale = min(1.0, MAX_SIDE / max(patch.shape[:2]))
    if scale < 1:
        size = (round(patch.shape[1] * scale), round(patch.shape[0] * scale))
        moved[:, :2] = rescale(moved[:, :2], patch.shape[:2], size[::-1])
        moved[:, 2] *= np.float32(scale)
        patch = np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(patch), moved.astype(np.float32)


def _glasses(patch: npt.NDArray[np.uint8], mesh: Points) -> Field:
    """Return how surely glasses cover each pixel, float32 (H, W): the new face wears the target's, or none."""
    share = GlassesWatch().share(patch, mesh, (0, 0), (patch.shape[0], patch.shape[1]))
    return np.zeros(patch.shape[:2], np.float32) if share is None else np.minimum(share * _FRAME_GAIN, 1)


def _texture(lab: Field, light: LightField, raster: MeshRaster, mesh: Points, glasses: Field) -> Field:
    """Return what the smooth skin colour leaves of the face, made whole, float32 (H, W, 3).

    Args:
        lab: the source, Lab, float32 (H, W, 3).
        light: its smooth skin colour.
        raster: the mesh over it.
        mesh: float32 (468, 3) in its pixels.
        glasses: how surely glasses cover each pixel, 0 to 1, float32 (H, W).
    """
    # Near the outline the whole smooth colour is the light's; inside, what it leaves is the person's own.
    own = _OWN_SHADING * (1 - near_edge()[:, None])
    smooth = light.directional + light.remainder * (1 - own)
    fields = spread(raster, smooth=smooth, skin=skin_vertices(), **foreign_zones().by_name())
    texture = split_texture(lab, fields["smooth"]) * raster.near()[:, :, None]
    zones = Zones.among(fields)
    foreign = foreign_share(texture, light, zones, softness=texture.shape[1] / _FOREIGN_SOFTNESS)
    foreign = np.maximum(foreign, glasses)
    foreign[silhouette(raster, mesh) == 0] = 1
    texture = fill_foreign(texture, foreign, raster, mesh)
    return even_out(texture, fields["skin"] * (1 - foreign), zones.beard * np.float32(light.beard))
