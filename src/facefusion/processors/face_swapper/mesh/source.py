"""The source model: what is known of the source face, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.types import Face, Points
from facefusion.processors.face_swapper.mesh.eyecolour import EyeColour
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.gather import gather_shape, gather_texture
from facefusion.processors.face_swapper.mesh.layout import Layout
from facefusion.processors.face_swapper.mesh.light import LightField, facing
from facefusion.processors.face_swapper.mesh.openings import without_openings
from facefusion.processors.face_swapper.mesh.regions import Weights, foreign_zones, skin_vertices
from facefusion.processors.face_swapper.mesh.symmetry import even_sockets
from facefusion.processors.face_swapper.mesh.texture import even_out, fill_foreign, pyramid, trusted
from facefusion.processors.face_swapper.mesh.view import View, at_vertices

_SURE_OF_EYES = 0.5
"""Trust from which on the eyes of a better view are taken, and no other is asked."""
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
        origins: share of each view in each vertex, in the order in which views were given, then that of the other half
            of the face, float32 (views + 1, 468).
        eyes: the colour of the eyes.
    """

    textures: tuple[Field, ...]
    mesh: Points
    visibility: npt.NDArray[np.float32]
    light: LightField
    shape: Points
    origins: npt.NDArray[np.float32]
    eyes: EyeColour

    @classmethod
    def build(cls, image: npt.NDArray[np.uint8], face: Face) -> Self:
        """Build the model from one picture.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the face in it.
        """
        return cls.gather([View.of(image, face)])

    @classmethod
    def gather(cls, views: Sequence[View]) -> Self:
        """Build the model from one or several views of a person.

        Args:
            views: in any order.
        """
        order = sorted(range(len(views)), key=lambda place: -views[place].merit)
        best = views[order[0]]
        layout = Layout.of(best)
        if layout.is_of(best) and len(views) == 1:
            texture, trust, visibility = best.texture, None, facing(best.normals)
            origins = np.stack([np.ones_like(visibility), np.zeros_like(visibility)])
        else:
            gathered = gather_texture([views[place] for place in order], layout)
            texture, trust, origins = gathered.texture, gathered.trust, gathered.origins(layout)
            visibility = facing(layout.normals) * at_vertices(trust, layout.mesh)
            origins[order] = origins[: len(order)].copy()
        textures = pyramid(_whole(texture, best, layout, trust, visibility))
        seen = [views[place].eyes for place in order]
        eyes = next((each for each in seen if each.trust > _SURE_OF_EYES), max(seen, key=lambda each: each.trust))
        return cls(textures, layout.mesh, visibility, best.light, gather_shape(views), origins, eyes)

    def mesh_at(self, level: int) -> Points:
        """Return where the vertices lie in the texture of a level, float32 (468, 2)."""
        return rescale(self.mesh[:, :2], self.textures[0].shape[:2], self.textures[level].shape[:2])

    def width_at(self, level: int) -> np.float32:
        """Return how wide the face is in the texture of a level, in pixels."""
        return np.float32(np.ptp(self.mesh_at(level)[:, 0]))

    def level_for(self, width: float) -> int:
        """Return which texture suits a face of this many pixels: as coarse as possible without losing detail."""
        own = float(np.ptp(self.mesh[:, 0]))
        return int(np.clip(np.floor(np.log2(max(own / max(width, 1.0), 1.0)) + _COARSER), 0, len(self.textures) - 1))


def _whole(texture: Field, best: View, layout: Layout, trust: Field | None, visibility: Weights) -> Field:
    """Return the texture with its gaps filled, and what is left of the source's light taken off.

    Args:
        texture: with gaps, float32 (H, W, 3).
        best: the view that most of it is from.
        layout: where it lies.
        trust: how surely it shows the face, float32 (H, W); None where it is as the view has it.
        visibility: how well each vertex is seen, float32 (468,), 0 to 1.
    """
    fields = spread(layout.raster, skin=skin_vertices(), **foreign_zones().by_name())
    foreign = best.foreign if trust is None else np.asarray(1 - trust, np.float32)
    trust = trusted(foreign, layout.raster) if trust is None else trust
    texture = without_openings(fill_foreign(texture, trust, layout.raster, layout.mesh), layout.mesh)
    texture = even_sockets(texture, layout.mesh, layout.raster, visibility)
    beard = Zones.among(fields).beard * np.float32(best.light.beard)
    return even_out(texture, fields["skin"] * (1 - foreign), beard)
