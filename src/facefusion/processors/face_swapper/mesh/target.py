"""The target face, as one frame shows it: its light, what is in front, and what the new face lacks of its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import sample, split_texture, to_lab
from facefusion.processors.face_swapper.mesh.cover import Cover
from facefusion.processors.face_swapper.mesh.fields import Zones
from facefusion.processors.face_swapper.mesh.filters import Field, lookup, within
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, facing, fit_light, vertex_colours
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.shadow import broad_step, edge_zone
from facefusion.processors.face_swapper.mesh.turned import beyond_outline


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The target face on the grid of its region.

    Attributes:
        lab: its pixels, Lab, float32 (H, W, 3).
        mesh: float32 (468, 3) in pixels of the grid.
        normals: of the mesh, as `fitting.calm` gives them, float32 (468, 3).
        visibility: how well each vertex is seen, 0 to 1, float32 (468,).
        light: smooth colour of its skin.
        raster: the mesh, drawn.
        cover: what covers its lower half, if anything does.
        ahead: how surely pixels show what is in front of it as this one picture tells, float32 (H, W), 0 to 1; None
            where nothing is.
        silhouette: 1 within the outline of the drawn face, eyes and mouth included, else 0, float32 (H, W).
    """

    lab: Field
    mesh: Points
    normals: Points
    visibility: npt.NDArray[np.float32]
    light: LightField
    raster: MeshRaster
    cover: Cover | None
    ahead: Field | None
    silhouette: Field

    @classmethod
    def observe(
        cls,
        grid: npt.NDArray[np.uint8],
        region: FaceRegion,
        raster: MeshRaster | None,
        memory: FaceMemory | None,
        ahead: Field | None = None,
    ) -> Self:
        """Look at the face; what is in front of it, or was in the last frame, has no say in its light."""
        lab, normals = to_lab(grid), vertex_normals(region.mesh)
        calmed = calm(normals)
        visibility = facing(normals)
        clear = _clear(visibility, ahead, region.mesh)
        clear = clear if memory is None else clear * memory.clear_vertices()
        colours = vertex_colours(lab, region.mesh)
        cover = Cover.find(colours, clear)
        light = fit_light(colours, calmed, clear if cover is None else clear * cover.clear)
        raster = raster or MeshRaster.draw(region.mesh, normals, region.grid)
        within = silhouette(raster, region.mesh)
        return cls(lab, region.mesh, calmed, visibility, light, raster, cover, ahead, within)

    def in_front(self, texture: Field, fields: Mapping[str, Field], yaw: float, memory: FaceMemory | None) -> Field:
        """Return how surely pixels of the grid are not the face, float32 (H, W), 0 to 1, by looks and by memory."""
        foreign = foreign_share(texture, self.light, Zones.among(fields), softness=1.0)
        if self.ahead is not None:
            foreign = np.maximum(foreign, self.ahead)
        if self.cover is not None:
            foreign = np.maximum(foreign, self.cover.share(self.lab, fields["below_eyes"]))
        beyond = beyond_outline(self.lab, self.silhouette, yaw)
        if beyond is not None:
            foreign = np.maximum(foreign, beyond)
        if memory is None:
            return foreign
        clear = _clear(self.visibility, self.ahead, self.mesh)
        front = memory.update(split_texture(self.lab, fields["directional"]), self.mesh, clear)
        return np.maximum(foreign, lookup(front, fields["layout"]))

    def lacking(self, new: Field, foreign: Field, fields: Mapping[str, Field], paler: float) -> Field:
        """Return what the new face lacks of the target's broad light and colour, Lab, float32 (H, W, 3)."""
        face = (1 - _share(foreign)) * (self.raster.numbers >= 0).astype(np.float32)
        inside = face * (1 - _share(fields["beard"]))
        at_edge = face * (1 - _share(fields["brows"] + fields["protected"]))
        edge = edge_zone(fields["share"], self.mesh) * _share(fields["plain"])
        return broad_step(self.lab - new, inside, at_edge, edge, paler)


def _clear(visibility: npt.NDArray[np.float32], ahead: Field | None, mesh: Points) -> npt.NDArray[np.float32]:
    """Return how well each vertex is seen, less what is in front of it, float32 (468,), 0 to 1."""
    return visibility if ahead is None else np.asarray(visibility * (1 - sample(ahead, mesh)), np.float32)


def _share(field: Field) -> Field:
    return np.asarray(within(field, 0.0, 1.0), np.float32)
