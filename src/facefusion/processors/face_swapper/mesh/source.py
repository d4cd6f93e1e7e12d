"""The source model: what is known of the source face, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import mirror_vertices, vertex_normals
from facefusion.faces.types import Face, Points
from facefusion.processors.face_swapper.mesh.colour import sample, split_texture, to_lab
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    blur,
    dilate,
    double,
    halve,
    lookup,
    shrink,
    smoothstep,
)
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, fit_light
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.regions import foreign_zones, near_edge, skin_vertices

MAX_SIDE = 768
_MARGIN = 0.08
_VERTEX_GRID = 160
_FILL_LEVELS = 6
_OWN_SHADING = np.array([0.2, 0, 0], np.float32)
_HIGHLIGHT_LIMIT = np.float32(14)
_SHADE_LIMIT = np.float32(8)


@dataclass(frozen=True, slots=True, eq=False)
class SourceModel:
    """Texture and shape of the source face.

    Attributes:
        textures: what the skin's smooth colour leaves (Lab differences), float32 (H, W, 3), each half the size of the
            one before.
        mesh: where the mesh lies in the first texture, float32 (468, 3).
        visibility: how well the source shows each vertex, 0 to 1, float32 (468,).
        light: smooth skin colour, as it was taken off.
    """

    textures: tuple[Field, ...]
    mesh: Points
    visibility: npt.NDArray[np.float32]
    light: LightField

    @classmethod
    def build(cls, image: npt.NDArray[np.uint8], face: Face) -> Self:
        """Build the model from one picture.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the face in it.
        """
        patch, mesh = _cut(image, face.mesh)
        normals = vertex_normals(mesh)
        visibility = facing(normals)
        lab = to_lab(patch)
        colours = vertex_colours(lab, mesh)
        light = fit_light(colours, normals, visibility)
        # Near the outline the whole smooth colour is the light's; inside, what it leaves is the person's own.
        own = _OWN_SHADING * (1 - near_edge()[:, None])
        smooth = light.directional + light.remainder * (1 - own)
        raster = MeshRaster.draw(mesh, normals, lab.shape[:2])
        fields = raster.interpolate(np.column_stack([smooth, foreign_zones(), skin_vertices()]))
        texture = split_texture(lab, fields[:, :, :3]) * raster.near()[:, :, None]
        foreign = foreign_share(texture, light, fields[:, :, 3:7], softness=texture.shape[1] / 160)
        foreign[silhouette(raster, mesh) == 0] = 1
        texture = _fill_foreign(texture, foreign, raster, mesh)
        texture = _even_out(texture, fields[:, :, 7] * (1 - foreign), fields[:, :, 4] * np.float32(light.beard))
        return cls(tuple(_pyramid(texture.astype(np.float32))), mesh, visibility, light)

    def mesh_at(self, level: int) -> Points:
        """Return where the vertices lie in the texture of a level, float32 (468, 2)."""
        return rescale(self.mesh[:, :2], self.textures[0].shape[:2], self.textures[level].shape[:2])

    def level_for(self, width: float) -> int:
        """Return which texture suits a face of this many pixels: as coarse as possible without losing detail."""
        own = float(np.ptp(self.mesh[:, 0]))
        return int(np.clip(np.floor(np.log2(max(own / max(width, 1.0), 1.0)) + 0.35), 0, len(self.textures) - 1))


def facing(normals: Points) -> npt.NDArray[np.float32]:
    """Return how well the camera sees each vertex, 0 (turned away) to 1, float32 (N,)."""
    return smoothstep(-normals[:, 2], 0.05, 0.35)


def vertex_colours(lab: Field, mesh: Points) -> Field:
    """Return the mean colour around each vertex, float32 (468, 3).

    Args:
        lab: Lab picture, float32 (H, W, 3).
        mesh: float32 (468, 3) in its pixels.
    """
    scale = _VERTEX_GRID / max(lab.shape[:2])
    if scale < 1:
        small = shrink(lab, (max(1, round(lab.shape[0] * scale)), max(1, round(lab.shape[1] * scale))))
        points = rescale(mesh[:, :2], lab.shape[:2], small.shape[:2])
    else:
        small, points = lab, mesh[:, :2]
    return sample(blur(small, 1.6), points)


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


def _fill_foreign(texture: Field, foreign: Field, raster: MeshRaster, mesh: Points) -> Field:
    """Replace foreign pixels by the other half of the face where that is clear, else by smooth skin.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3).
        foreign: how surely pixels are not the face, 0 to 1, float32 (H, W); 1 off the face.
        raster: the mesh over it.
        mesh: float32 (468, 3) in its pixels.
    """
    reach = texture.shape[1] / 100
    trust = np.clip(1.2 - 1.2 * blur(dilate(foreign, max(1, round(reach))), max(1.0, reach * 0.8)), 0, 1)
    trust = np.asarray(trust * raster.near(), np.float32)
    smooth = _spread_inwards(texture, trust)
    mirrored = raster.interpolate(mesh[mirror_vertices(), :2])
    other = lookup(np.dstack([texture, trust]), mirrored)
    clear = np.where(raster.numbers >= 0, other[:, :, 3], 0)[:, :, None]
    fill = smooth + (other[:, :, :3] - lookup(smooth, mirrored)) * clear
    share = trust[:, :, None]
    return np.asarray(texture * share + fill * (1 - share), np.float32)


def _even_out(texture: Field, skin: Field, beard: Field) -> Field:
    """Take off what broad light and colour the fit has left on the skin; it belongs to the source's surroundings.

    Highlights are held back everywhere, for on lighter skin they would burn out; broad shadows and tints on skin alone,
    for features and beards are dark and coloured by nature.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3); changed in place.
        skin: how surely each pixel shows plain skin, 0 to 1, float32 (H, W).
        beard: how surely each pixel may show a beard, 0 to 1, float32 (H, W).
    """
    broad = blur(np.ascontiguousarray(texture[:, :, 0]), texture.shape[1] / 45)
    texture[:, :, 0] -= np.maximum(broad, 0) - _HIGHLIGHT_LIMIT * np.tanh(np.maximum(broad, 0) / _HIGHLIGHT_LIMIT)
    weight = np.clip(skin * (1 - beard), 0, 1)
    reach = texture.shape[1] / 14
    amount = blur(weight, reach)[:, :, None]
    wide = blur(texture * weight[:, :, None], reach) / (amount + 0.1)
    wide[:, :, 0] -= _SHADE_LIMIT * np.tanh(wide[:, :, 0] / _SHADE_LIMIT)
    texture -= wide * smoothstep(amount, 0.1, 0.4)
    return texture


def _spread_inwards(values: Field, trust: Field) -> Field:
    """Fill untrusted pixels from trusted ones around, coarse to fine (normalised convolution on a pyramid)."""
    trust = np.square(trust)
    levels = [(values * trust[:, :, None], trust)]
    for _ in range(_FILL_LEVELS):
        levels.append((halve(levels[-1][0]), halve(levels[-1][1])))
    filled = np.asarray(levels[-1][0] / np.maximum(levels[-1][1], 1e-4)[:, :, None], np.float32)
    for weighted, weight in reversed(levels[:-1]):
        filled = double(filled, weight.shape)
        filled = (weighted + 0.02 * filled) / (weight + 0.02)[:, :, None]
    return np.asarray(filled, np.float32)


def _pyramid(texture: Field) -> list[Field]:
    levels = [texture]
    while min(levels[-1].shape[:2]) > 32:
        height, width = levels[-1].shape[:2]
        levels.append(shrink(levels[-1], (height // 2, width // 2)))
    return levels
