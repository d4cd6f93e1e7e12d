"""A view: one picture of the source face, its light taken off."""

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
from facefusion.processors.face_swapper.mesh.eyecolour import EyeColour
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.glasses.watch import EXPECTED, GlassesWatch
from facefusion.processors.face_swapper.mesh.light import LightField, facing, fit_light, vertex_colours
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.regions import edge_weights, foreign_zones, near_edge
from facefusion.processors.face_swapper.mesh.shape import level_shape

MAX_SIDE = 768
"""Longest side of the largest texture in pixels."""
_MARGIN = 0.08
"""Margin around the face, as a share of its longer side."""
_OWN_SHADING = np.array([0.2, 0, 0], np.float32)
"""Share of the smooth remainder (Lab) that is the person's own, away from the outline."""
_FOREIGN_SOFTNESS = 160
"""Smoothing of the texture before it is searched for foreign pixels: its width over this."""

_FRAME_SHADOW = 0.028
"""How far beside glasses their shadow and their shine are foreign too, in eye distances."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one picture shows of a face.

    Attributes:
        mesh: the face in pixels of the texture, float32 (468, 3).
        normals: unit normals of the vertices, float32 (468, 3).
        light: smooth skin colour, which is taken off the texture.
        raster: the mesh over the texture.
        texture: what the smooth skin colour leaves, with gaps (Lab differences), float32 (H, W, 3).
        foreign: how surely pixels are not the face, 0 to 1, float32 (H, W).
        shape: how the features lie, see `level_shape`.
        frontal: cosine of the angle between face and camera.
        merit: how well the picture serves, beside others.
        eyes: the colour of the eyes.
        glasses: whether the face wears glasses.
    """

    mesh: Points
    normals: Points
    light: LightField
    raster: MeshRaster
    texture: Field
    foreign: Field
    shape: Points
    frontal: float
    merit: float
    eyes: EyeColour
    glasses: bool

    @classmethod
    def of(cls, image: npt.NDArray[np.uint8], face: Face, *, merit: float = 1.0, glasses: bool = False) -> Self:
        """Look at a face.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the face in it.
            merit: how well the picture serves, see `facefusion.faces.quality.merit`; what is foreign in it counts here.
            glasses: whether another picture shows that the person wears some, so that a hint of them is enough.
        """
        patch, mesh = _cut(image, face.mesh)
        lab, normals = to_lab(patch), vertex_normals(mesh)
        light = fit_light(vertex_colours(lab, mesh), calm(normals), facing(normals))
        raster = MeshRaster.draw(mesh, normals, lab.shape[:2])
        texture, foreign = _texture(lab, light, raster, mesh)
        worn = _glasses(patch, mesh, GlassesWatch(sure=EXPECTED) if glasses else GlassesWatch())
        if worn is not None:
            foreign = np.maximum(foreign, worn)
        frontal = float(np.cos(np.radians(face.pose.yaw)) * np.cos(np.radians(face.pose.pitch)))
        clean = 1 - float(at_vertices(foreign, mesh) @ edge_weights() / edge_weights().sum())
        eyes = EyeColour.observe(image, face.mesh, face.irises)
        shape = level_shape(face.mesh)
        merit *= clean
        return cls(mesh, normals, light, raster, texture, foreign, shape, frontal, merit, eyes, worn is not None)


def at_vertices(field: Field, mesh: Points) -> npt.NDArray[np.float32]:
    """Return a field's values at the vertices, float32 (468,)."""
    x, y = (np.clip(np.round(mesh[:, k]).astype(int), 0, field.shape[1 - k] - 1) for k in (0, 1))
    return np.asarray(field[y, x], np.float32)


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


def _glasses(patch: npt.NDArray[np.uint8], mesh: Points, watch: GlassesWatch) -> Field | None:
    """Return how surely glasses cover each pixel, float32 (H, W); None where there are none.

    The new face wears the target's, or none.
    """
    share = watch.share(patch, mesh, (0, 0), (patch.shape[0], patch.shape[1]))
    if share is None:
        return None
    reach = max(1, round(_FRAME_SHADOW * float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return blur(np.asarray(cv2.dilate(share, disc), np.float32), max(reach / 3, 0.5))


def _texture(lab: Field, light: LightField, raster: MeshRaster, mesh: Points) -> tuple[Field, Field]:
    """Return what the smooth skin colour leaves of the face, float32 (H, W, 3), and what of it is foreign, (H, W).

    Args:
        lab: the source, Lab, float32 (H, W, 3).
        light: its smooth skin colour.
        raster: the mesh over it.
        mesh: float32 (468, 3) in its pixels.
    """
    # Near the outline the whole smooth colour is the light's; inside, what it leaves is the person's own.
    own = _OWN_SHADING * (1 - near_edge()[:, None])
    smooth = light.directional + light.remainder * (1 - own)
    fields = spread(raster, smooth=smooth, **foreign_zones().by_name())
    texture = split_texture(lab, fields["smooth"]) * raster.near()[:, :, None]
    softness = texture.shape[1] / _FOREIGN_SOFTNESS
    foreign = foreign_share(texture, light, Zones.among(fields), softness=softness)
    foreign[silhouette(raster, mesh) == 0] = 1
    return texture, foreign
