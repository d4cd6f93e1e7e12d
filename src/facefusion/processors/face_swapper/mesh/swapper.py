"""The mesh swapper: the source's texture on the target's geometry, under the target's light.

Geometry, pose and expression are the target's; texture and features the source's. No weights beyond the bundled mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.mesh import INNER_LIPS, vertex_normals
from facefusion.faces.types import Face, Points
from facefusion.options import FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.colour import join_texture, split_texture, to_lab, to_rgb
from facefusion.processors.face_swapper.mesh.detail import match_detail
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, fit_light, texture_gain
from facefusion.processors.face_swapper.mesh.mask import shape_mask
from facefusion.processors.face_swapper.mesh.memory import FaceMemory, canonical_layout
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, fill_opening, silhouette
from facefusion.processors.face_swapper.mesh.regions import edge_weights, foreign_zones, near_edge
from facefusion.processors.face_swapper.mesh.source import SourceModel, facing, vertex_colours

GRID = 176
"""Longest side, in pixels, at which geometry, light and mask are computed; only texture is handled at full size."""
_MARGIN = 4
_INSIDE = 0.6
_MOUTH_GAP = (0.03, 0.07)
_MEMORIES = 16
_FADE = 8.0

# Channels of the dense fields: place in the source's texture, smooth colour, share of the new face, zones for
# `foreign_share`, the directional part of the light alone, place on the canonical layout.
_PLACE, _SMOOTH, _SHARE, _ZONES = slice(0, 2), slice(2, 5), 5, slice(6, 10)
_DIRECTIONAL, _LAYOUT = slice(10, 13), slice(13, 15)


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """The part of the frame that a face covers, and the smaller grid over it.

    Attributes:
        left: column of the first pixel.
        top: row of the first pixel.
        size: height and width in pixels.
        grid: height and width of the grid.
        mesh: the face in pixels of the grid, float32 (468, 3).
    """

    left: int
    top: int
    size: tuple[int, int]
    grid: tuple[int, int]
    mesh: Points

    def outline(self) -> Field:
        """Return 1 strictly within the convex outline of the face, else 0, float32, at full size."""
        points = rescale(self.mesh[:, :2], self.grid, self.size)
        inside = np.zeros(self.size, np.uint8)
        cv2.fillConvexPoly(inside, np.round(cv2.convexHull(points) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
        # The drawn border holds pixels that lie partly outside.
        return np.asarray(cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=1), np.float32)

    def view(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the pixels of the region."""
        return image[self.top : self.top + self.size[0], self.left : self.left + self.size[1]]


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
        self._memories: dict[int, FaceMemory] = {}

    def swap(self, image: npt.NDArray[np.uint8], face: Face) -> None:
        """Replace a face, in place; only pixels inside the mask change.

        Args:
            image: RGB uint8 (H, W, 3), writable.
            face: the target face; with a `track_id`, what comes in front of it over time stays in front.
        """
        region = _region_of(face.mesh, image.shape[:2])
        if region is None:
            return
        view = region.view(image)
        new, mask = self._render(view, region, self._memory_of(face.track_id))
        # A head that turns past the limit must not flip from one face to the other.
        fade = 1 - float(smoothstep(np.float32(abs(face.pose.yaw)), self._max_yaw - _FADE, self._max_yaw))
        _composite(view, new, mask * np.float32(self._options.blend_ratio * fade))

    def _memory_of(self, track_id: int | None) -> FaceMemory | None:
        """Return what is remembered of a followed face; the face not met for longest is forgotten."""
        if track_id is None:
            return None
        memory = self._memories.pop(track_id, None) or FaceMemory()
        self._memories[track_id] = memory
        if len(self._memories) > _MEMORIES:
            del self._memories[next(iter(self._memories))]
        return memory

    def _render(
        self, view: npt.NDArray[np.uint8], region: _Region, memory: FaceMemory | None
    ) -> tuple[npt.NDArray[np.uint8], Field]:
        """Return the new face over the whole region, RGB uint8, and its mask, float32 0 to 1."""
        normals = vertex_normals(region.mesh)
        visibility = facing(normals)
        small = to_lab(np.asarray(cv2.resize(view, region.grid[::-1], interpolation=cv2.INTER_AREA), np.uint8))
        clear = visibility if memory is None else visibility * memory.clear_vertices()
        light = fit_light(vertex_colours(small, region.mesh), normals, clear)
        raster = MeshRaster.draw(region.mesh, normals, region.grid)
        level = self._source.level_for(float(np.ptp(region.mesh[:, 0])) * region.size[1] / region.grid[1])
        fields = raster.interpolate(self._vertex_values(light, visibility, level))
        foreign = foreign_share(split_texture(small, fields[..., _SMOOTH]), light, fields[..., _ZONES], softness=1.0)
        if memory is not None:
            lit = split_texture(small, fields[..., _DIRECTIONAL])
            front = memory.update(lit, region.mesh, visibility)
            foreign = np.maximum(foreign, lookup(front, fields[..., _LAYOUT]))
        mask = self._mask(fields[..., _SHARE], foreign, raster, region)
        texture = self._texture(fields[..., _PLACE], region.size, level)
        gain = texture_gain(self._source.light, light)
        lab = join_texture(texture, enlarge(fields[..., _SMOOTH], region.size), gain)
        mask = np.clip(enlarge(mask, region.size), 0, 1) * region.outline()
        lab[:, :, 0] = match_detail(np.ascontiguousarray(lab[:, :, 0]), view, (mask > _INSIDE).astype(np.uint8))
        return to_rgb(lab), mask

    def _vertex_values(self, light: LightField, visibility: npt.NDArray[np.float32], level: int) -> Field:
        """Return the values at the vertices that are wanted at every pixel, float32 (468, 15)."""
        place = self._source.mesh_at(level)
        inside = np.float32(0.55) + np.float32(0.45) * near_edge()[:, None]
        smooth = light.directional + light.remainder * inside
        share = edge_weights() * visibility * self._source.visibility
        parts = [place, smooth, share[:, None], foreign_zones(), light.directional, canonical_layout()[:, :2]]
        return np.concatenate(parts, 1).astype(np.float32)

    def _texture(self, place: Field, size: tuple[int, int], level: int) -> Field:
        """Read the source's texture at every pixel of the region."""
        smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(place), 3), np.float32)
        return lookup(self._source.textures[level], enlarge(smooth, size))

    def _mask(self, share: Field, foreign: Field, raster: MeshRaster, region: _Region) -> Field:
        """Return the new face's share at each pixel of the grid."""
        inside = np.where(raster.numbers >= 0, share, 0).astype(np.float32)
        _close_mouth(inside, region.mesh)
        inside *= raster.near()
        mask = inside * (1 - blur(foreign, 1.5))
        softness = (0.6 + 2.4 * self._options.face_mask_blur) * max(region.grid) / GRID
        # Softness reaches into eyes and mouth but never past the outline.
        mask = blur(mask, max(softness, 0.4)) * silhouette(raster, region.mesh)
        for kind in self._options.face_mask_types:
            mask = np.minimum(mask, shape_mask(kind, region.mesh, region.grid, self._options.face_mask_blur))
        return np.asarray(mask, np.float32)


def _region_of(mesh: Points, shape: tuple[int, int]) -> _Region | None:
    """Return the region of a face within a frame; None when it lies outside."""
    low = np.maximum(np.floor(mesh[:, :2].min(0)).astype(int) - _MARGIN, 0)
    high = np.minimum(np.ceil(mesh[:, :2].max(0)).astype(int) + _MARGIN, shape[::-1])
    width, height = int(high[0] - low[0]), int(high[1] - low[1])
    if width < 8 or height < 8:
        return None
    scale = min(1.0, GRID / max(width, height))
    grid = (max(4, round(height * scale)), max(4, round(width * scale)))
    plane = rescale(mesh[:, :2] - low, (height, width), grid)
    depth = mesh[:, 2:] * np.float32(scale)
    return _Region(
        int(low[0]), int(low[1]), (height, width), grid, np.concatenate([plane, depth], 1).astype(np.float32)
    )


def _close_mouth(share: Field, mesh: Points) -> None:
    """Let the new face's lips meet where the target's mouth is all but shut; an open mouth stays the target's."""
    width = float(np.linalg.norm(mesh[263] - mesh[33]))
    gap = float(np.linalg.norm(mesh[13, :2] - mesh[14, :2])) / max(width, 1e-3)
    closed = 1 - float(smoothstep(np.float32(gap), *_MOUTH_GAP))
    if closed > 0:
        filled = np.zeros(share.shape, np.float32)
        fill_opening(filled, mesh, INNER_LIPS)
        np.maximum(share, filled * np.float32(closed), out=share)


def _composite(view: npt.NDArray[np.uint8], new: npt.NDArray[np.uint8], mask: Field) -> None:
    """Blend in place; pixels with no share of the new face stay exactly as they are."""
    view[:] = cv2.blendLinear(new, np.ascontiguousarray(view), mask, 1 - mask)
