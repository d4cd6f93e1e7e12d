"""Symmetry: around the eyes, broad differences between the halves of a face are nearly always the light's.

The sockets lie in the shade of brow and nose, where the fit of smooth light is coarser than its changes. What is broad
and differs there from one side to the other would be a blot or a pale ring on another face.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE, mirror_vertices
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import sample
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import Field, blur, smoothstep
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances

_BROAD = 0.07
"""Smoothing that tells what is broad, in eye distances."""
_ALLOWED = np.array([4.0, 2.0, 2.0], np.float32)
"""Half differences that a face may have of its own, Lab."""
_AROUND = (0.12, 0.32)
"""Distance from the eyes, in eye distances: from where halves are evened out to where they are left."""


def even_sockets(texture: Field, mesh: Points, raster: MeshRaster, visibility: Weights) -> Field:
    """Return a face's texture with the surroundings of both eyes brought closer to each other, where they differ much.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3), its eyes closed over.
        mesh: float32 (468, 3) in its pixels.
        raster: the mesh over it.
        visibility: how well each vertex is seen, float32 (468,), 0 to 1.
    """
    unit = max(float(np.linalg.norm(mesh[263, :2] - mesh[33, :2])), 1.0)
    broad, mirror = sample(blur(texture, _BROAD * unit), mesh), mirror_vertices()
    half = (broad[mirror] - broad) / 2
    beyond = np.sign(half) * np.maximum(np.abs(half) - _ALLOWED, 0)
    weight = _around_eyes() * visibility * visibility[mirror]
    change = spread(raster, change=beyond * weight[:, None])["change"]
    return np.asarray(texture + blur(change, 0.02 * unit), np.float32)


@cache
def _around_eyes() -> Weights:
    return 1 - smoothstep(canonical_distances()[:, [*LEFT_EYE, *RIGHT_EYE]].min(1), *_AROUND)
