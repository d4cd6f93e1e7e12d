"""The mesh swapper: the source's texture on the target's geometry, under the target's light.

Geometry, pose and expression are the target's; texture and features the source's. No weights beyond the bundled mesh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Face, Points
from facefusion.options import FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.colour import join_texture, split_texture, to_lab, to_rgb
from facefusion.processors.face_swapper.mesh.detail import match_detail
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, facing, fit_light, texture_gain, vertex_colours
from facefusion.processors.face_swapper.mesh.mask import bounds, face_mask
from facefusion.processors.face_swapper.mesh.memory import FaceMemory, Memories, canonical_layout
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.regions import edge_weights, foreign_zones, near_edge, plain_vertices
from facefusion.processors.face_swapper.mesh.shadow import broad_step, edge_zone
from facefusion.processors.face_swapper.mesh.shape import level_shape, shape_difference, turned_with
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.warp import reshaped
from facefusion.state import State

_FADE = 8.0
"""Degrees of turn over which the new face fades out."""
_INSIDE = 0.6
"""Share of the new face from which a pixel's sharpness is compared with the target's."""
_STILL = 1.5
"""Smoothing of what does not move with the face, in pixels of the grid."""
_INNER_REMAINDER = np.float32(0.55)
"""Share of the target's smooth remainder that the new face takes over away from the outline; there it is all."""


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """The target face on the grid of its region.

    Attributes:
        lab: its pixels, Lab, float32 (H, W, 3).
        mesh: float32 (468, 3) in pixels of the grid.
        visibility: how well each vertex is seen, 0 to 1, float32 (468,).
        light: smooth colour of its skin.
        raster: the mesh, drawn.
    """

    lab: Field
    mesh: Points
    visibility: npt.NDArray[np.float32]
    light: LightField
    raster: MeshRaster

    @classmethod
    def observe(cls, view: npt.NDArray[np.uint8], region: FaceRegion, memory: FaceMemory | None) -> Self:
        """Look at the face; what was in front of it in the last frame has no say in its light."""
        lab, normals = to_lab(region.on_grid(view)), vertex_normals(region.mesh)
        visibility = facing(normals)
        clear = visibility if memory is None else visibility * memory.clear_vertices()
        light = fit_light(vertex_colours(lab, region.mesh), normals, clear)
        return cls(lab, region.mesh, visibility, light, MeshRaster.draw(region.mesh, normals, region.grid))


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """A new face, ready to be laid over the frame.

    Attributes:
        region: where it lies.
        base: the target with its features where the new face has them, RGB uint8 (H, W, 3).
        new: the new face all over the region, RGB uint8 (H, W, 3).
        mask: its share at each pixel, float32 (H, W), 0 to 1.
        strength: share of all of it in the result, 0 to 1.
    """

    region: FaceRegion
    base: npt.NDArray[np.uint8]
    new: npt.NDArray[np.uint8]
    mask: Field
    strength: float

    def lay_over(self, image: npt.NDArray[np.uint8]) -> None:
        """Lay it over the frame, RGB uint8 (H, W, 3), in place."""
        view = self.region.view(image)
        # Where the new face has no share, eyes and mouth move as they are; all else stays exactly as it is.
        laid = cv2.blendLinear(self.new, self.base, self.mask, 1 - self.mask)
        view[:] = laid if self.strength == 1 else cv2.addWeighted(laid, self.strength, view, 1 - self.strength, 0)


class MeshSwapper:
    """Puts the source face over target faces, and remembers those that are followed through a video.

    Args:
        source: the source model.
        options: blend ratio and masks.
        max_yaw: turn in degrees at which the new face has faded out.
    """

    def __init__(self, source: SourceModel, options: FaceSwapperOptions, *, max_yaw: float = 90.0) -> None:
        self._source = source
        self._options = options
        self._max_yaw = max_yaw
        self._memories = Memories()

    def swap(self, image: npt.NDArray[np.uint8], face: Face) -> None:
        """Replace a face, in place; only pixels inside the mask change.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: the target face; with a `track_id`, what comes in front of it over time stays in front.
        """
        rendering = self.render(image, face)
        if rendering is not None:
            rendering.lay_over(image)

    def render(self, image: npt.NDArray[np.uint8], face: Face) -> Rendering | None:
        """Return the new face of a target face, and where it belongs; None where there is nothing to replace.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the target face; see `swap`.
        """
        region = FaceRegion.of(face.mesh, image.shape[:2])
        if region is None:
            return None
        memory, outline = self._memories.of(face.track_id), region.outline()
        view = np.ascontiguousarray(region.view(image))
        base, region = self._reshaped(view, region, face, memory)
        new, mask, still = self._render(base, region, memory)
        if base is not view:
            base = np.asarray(cv2.blendLinear(view, base, still, 1 - still), np.uint8)
        # A head that turns past the limit must not flip from one face to the other.
        fade = 1 - float(smoothstep(np.float32(abs(face.pose.yaw)), self._max_yaw - _FADE, self._max_yaw))
        return Rendering(region, base, new, mask * outline, self._options.blend_ratio * fade)

    def state(self) -> State:
        """Return what is remembered of the faces that are followed; see `facefusion.state`."""
        return self._memories.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._memories.restore(state)

    def _reshaped(
        self, view: npt.NDArray[np.uint8], region: FaceRegion, face: Face, memory: FaceMemory | None
    ) -> tuple[npt.NDArray[np.uint8], FaceRegion]:
        """Return the target with its features where the source has them, and the region with its mesh like that."""
        if not self._options.shape:
            return view, region
        level = level_shape(face.mesh)
        own = level if memory is None else memory.own_shape(level, face.pose)
        wanted = shape_difference(self._source.shape, own) * np.float32(self._options.shape)
        return reshaped(view, region, turned_with(wanted, face.mesh))

    def _render(
        self, view: npt.NDArray[np.uint8], region: FaceRegion, memory: FaceMemory | None
    ) -> tuple[npt.NDArray[np.uint8], Field, Field]:
        """Return the new face over the whole region, RGB uint8, its mask, and what must not move, float32 0 to 1."""
        target = _Target.observe(view, region, memory)
        level = self._source.level_for(region.face_width)
        fields = self._dense_fields(target, level)
        own = split_texture(target.lab, fields["smooth"])
        foreign = _in_front(target, own, fields, memory)
        share = face_mask(fields["share"], foreign, target.raster, target.mesh, self._options)
        mask = np.clip(enlarge(share, region.size), 0, 1)
        texture = lookup(self._source.textures[level], _places(fields["place"], region.size))
        gain = texture_gain(self._source.light, target.light)
        coarse = join_texture(lookup(self._source.textures[level], fields["place"]), fields["smooth"], gain)
        fields["smooth"] += _broad_step(target, coarse, foreign, fields)
        lab = join_texture(texture, enlarge(fields["smooth"], region.size), gain)
        lab[:, :, 0] = match_detail(np.ascontiguousarray(lab[:, :, 0]), view, (mask > _INSIDE).astype(np.uint8))
        still = np.maximum(blur(foreign, _STILL), 1 - bounds(target.mesh, region.grid, self._options))
        return to_rgb(lab), mask, enlarge(np.asarray(np.clip(still, 0, 1), np.float32), region.size)

    def _dense_fields(self, target: _Target, level: int) -> dict[str, Field]:
        """Return what is wanted at every pixel of the grid, by name.

        `place` in the source's texture, `smooth` colour of the new face, its `share`, the `directional` part of the
        target's light alone, place on the canonical `layout`, and the zones.
        """
        light = target.light
        outer = _INNER_REMAINDER + (1 - _INNER_REMAINDER) * near_edge()[:, None]
        return spread(
            target.raster,
            place=self._source.mesh_at(level),
            smooth=light.directional + light.remainder * outer,
            share=edge_weights() * target.visibility * self._source.visibility,
            directional=light.directional,
            layout=canonical_layout()[:, :2],
            plain=plain_vertices(),
            **foreign_zones().by_name(),
        )


def _in_front(target: _Target, texture: Field, fields: Mapping[str, Field], memory: FaceMemory | None) -> Field:
    """Return how surely each pixel of the grid is not the face, float32 (H, W), 0 to 1: by its looks, and by memory."""
    foreign = foreign_share(texture, target.light, Zones.among(fields), softness=1.0)
    if memory is None:
        return foreign
    front = memory.update(split_texture(target.lab, fields["directional"]), target.mesh, target.visibility)
    return np.maximum(foreign, lookup(front, fields["layout"]))


def _broad_step(target: _Target, new: Field, foreign: Field, fields: Mapping[str, Field]) -> Field:
    """Return what the new face lacks of the target's broad light and colour, Lab, float32 (H, W, 3)."""
    face = (1 - np.clip(foreign, 0, 1)) * (target.raster.numbers >= 0).astype(np.float32)
    within = face * (1 - np.clip(fields["beard"], 0, 1))
    at_edge = face * (1 - np.clip(fields["brows"] + fields["protected"], 0, 1))
    edge = edge_zone(fields["share"], target.mesh) * np.clip(fields["plain"], 0, 1)
    return broad_step(target.lab - new, within, at_edge, edge)


def _places(place: Field, size: tuple[int, int]) -> Field:
    """Return places in the source's texture for every pixel of the region; the median levels slivers of triangles."""
    return enlarge(np.asarray(cv2.medianBlur(place, 3), np.float32), size)
