"""Portrait: the face that a source model stands for, as a picture to look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import vertex_normals
from facefusion.processors.face_swapper.mesh.colour import TextureGain, join_texture, to_rgb
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.source import SourceModel

_GREY = np.float32(32)
"""Lightness, 0 to 255, of what is not the face."""


def portrait(model: SourceModel) -> npt.NDArray[np.uint8]:
    """Return the texture in its layout, under the light of the best view, RGB uint8 (H, W, 3); grey off the face."""
    raster = _raster(model)
    smooth = spread(raster, smooth=model.light.directional)["smooth"]
    lab = join_texture(model.textures[0], smooth, TextureGain(1.0, 1.0, 1.0, float(model.light.mean[0])))
    lab[raster.numbers < 0] = (_GREY, 128, 128)
    return to_rgb(lab)


def map_of(model: SourceModel, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return values at the vertices, float32 (468, K), over pixels of the layout, float32 (H, W, K); 0 off the face."""
    raster = _raster(model)
    return np.asarray(raster.interpolate(values) * (raster.numbers >= 0)[:, :, None], np.float32)


def _raster(model: SourceModel) -> MeshRaster:
    return MeshRaster.draw(model.mesh, vertex_normals(model.mesh), model.textures[0].shape[:2])
