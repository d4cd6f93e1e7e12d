"""The target face, as one frame shows it: its light, what is in front, and what the new face lacks of its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.colour import sample, split_texture, to_lab
from facefusion.processors.face_swapper.mesh.cover import Cover
from facefusion.processors.face_swapper.mesh.fields import Zones
from facefusion.processors.face_swapper.mesh.filters import Field, lookup, within
from facefusion.processors.face_swapper.mesh.foreign import foreign_share
from facefusion.processors.face_swapper.mesh.light import LightField, fit_light, vertex_colours
from facefusion.processors.face_swapper.mesh.memory import FaceMemory
from facefusion.processors.face_swapper.mesh.shadow import broad_step, edge_zone
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.processors.face_swapper.mesh.turned import beyond_outline


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The target face on the grid of its region.

    Attributes:
        lab: its pixels, Lab, float32 (H, W, 3).
        surface: its geometry.
        light: smooth colour of its skin.
        cover: what covers its lower half, if anything does.
        ahead: how surely pixels show what is in front of it as this one picture tells, float32 (H, W), 0 to 1; None
            where nothing is.
    """

    lab: Field
    surface: Surface
    light: LightField
    cover: Cover | None
    ahead: Field | None

    @classmethod
    def observe(
        cls,
        grid: npt.NDArray[np.uint8],
        surface: Surface,
        memory: FaceMemory | None,
        ahead: Field | None = None,
    ) -> Self:
        """Look at the face; what is in front of it, or was in the last frame, has no say in its light."""
        lab = to_lab(grid)
        clear = _clear(surface, ahead)
        clear = clear if memory is None else clear * memory.clear_vertices()
        colours = vertex_colours(lab, surface.mesh)
        cover = Cover.find(colours, clear)
        light = fit_light(colours, surface.normals, clear if cover is None else clear * cover.clear)
        return cls(lab, surface, light, cover, ahead)

    def in_front(self, texture: Field, fields: Mapping[str, Field], yaw: float, memory: FaceMemory | None) -> Field:
        """Return how surely pixels of the grid are not the face, float32 (H, W), 0 to 1, by looks and by memory."""
        foreign = foreign_share(texture, self.light, Zones.among(fields), softness=1.0)
        if self.ahead is not None:
            foreign = np.maximum(foreign, self.ahead)
        if self.cover is not None:
            foreign = np.maximum(foreign, self.cover.share(self.lab, fields["below_eyes"]))
        beyond = beyond_outline(self.lab, self.surface.silhouette, yaw)
        if beyond is not None:
            foreign = np.maximum(foreign, beyond)
        if memory is None:
            return foreign
        clear = _clear(self.surface, self.ahead)
        front = memory.update(split_texture(self.lab, fields["directional"]), self.surface.mesh, clear)
        return np.maximum(foreign, lookup(front, fields["layout"]))

    def lacking(self, new: Field, foreign: Field, fields: Mapping[str, Field], paler: float) -> Field:
        """Return what the new face lacks of the target's broad light and colour, Lab, float32 (H, W, 3)."""
        face = (1 - _share(foreign)) * (self.surface.raster.numbers >= 0).astype(np.float32)
        inside = face * (1 - _share(fields["beard"]))
        at_edge = face * (1 - _share(fields["brows"] + fields["protected"]))
        edge = edge_zone(fields["whole"], self.surface.mesh) * _share(fields["plain"])
        return broad_step(self.lab - new, inside, at_edge, edge, paler)


def _clear(surface: Surface, ahead: Field | None) -> npt.NDArray[np.float32]:
    """Return how well each vertex is seen, less what is in front of it, float32 (468,), 0 to 1."""
    seen = surface.visibility
    return seen if ahead is None else np.asarray(seen * (1 - sample(ahead, surface.mesh)), np.float32)


def _share(field: Field) -> Field:
    return np.asarray(within(field, 0.0, 1.0), np.float32)
