"""Surface: the target's geometry on the grid of its region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.light import facing
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.region import FaceRegion


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The mesh of a face, drawn.

    Attributes:
        mesh: float32 (468, 3) in pixels of the grid.
        normals: of the mesh, as `fitting.calm` gives them, float32 (468, 3).
        visibility: how well each vertex is seen, 0 to 1, float32 (468,).
        raster: the mesh, drawn.
        silhouette: 1 within the outline of the drawn face, eyes and mouth included, else 0, float32 (H, W).
    """

    mesh: Points
    normals: Points
    visibility: npt.NDArray[np.float32]
    raster: MeshRaster
    silhouette: Field

    @classmethod
    def of(cls, region: FaceRegion, raster: MeshRaster | None) -> Self:
        """Look at the face of a region.

        Args:
            region: where it lies.
            raster: its mesh, where that is drawn already.
        """
        normals = vertex_normals(region.mesh)
        raster = raster or MeshRaster.draw(region.mesh, normals, region.grid)
        within = silhouette(raster, region.mesh)
        return cls(region.mesh, calm(normals), facing(normals), raster, within)
