"""Masks: the new face's share at each pixel of the grid over a face's region."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.faces.mesh import OVAL
from facefusion.faces.types import Points
from facefusion.options import FaceSwapperOptions
from facefusion.options.tree import MaskType
from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.openings import close_openings
from facefusion.processors.face_swapper.mesh.raster import MeshRaster, silhouette
from facefusion.processors.face_swapper.mesh.region import GRID

_HARDEST, _SOFTEST = 0.6, 3.0
"""Smoothing of the whole mask at `face_mask_blur` 0 and 1, in pixels of a grid of full size."""
_INWARDS = 0.35
"""Share of it that reaches into eyes and mouth."""
_LEAST_SOFTNESS = 0.4
_LEAST_EDGE = 0.02
"""Width of the edge of an ellipse or a box at `face_mask_blur` 0, as a share of the half width."""


def face_mask(share: Field, raster: MeshRaster, mesh: Points, options: FaceSwapperOptions) -> Field:
    """Return the new face's share at each pixel of the grid where nothing is in front of it, float32 (H, W), 0 to 1.

    Args:
        share: what edges and visibility leave of it, float32 (H, W).
        raster: the mesh on the grid.
        mesh: float32 (468, 3) in its pixels.
        options: shapes of the mask and softness of its edge.
    """
    size = (raster.numbers.shape[0], raster.numbers.shape[1])
    inside = np.where(raster.numbers >= 0, share, 0).astype(np.float32)
    close_openings(inside, mesh)
    inside *= raster.near()
    softness = (_HARDEST + (_SOFTEST - _HARDEST) * options.face_mask_blur) * max(size) / GRID
    # Softness reaches little into eyes and mouth, which show the target's own, and never past the outline.
    soft, hard = (blur(inside, max(softness * part, _LEAST_SOFTNESS)) for part in (1.0, _INWARDS))
    mask = np.minimum(soft, hard) * silhouette(raster, mesh)
    return np.asarray(np.minimum(mask, bounds(mesh, size, options)), np.float32)


def bounds(mesh: Points, size: tuple[int, int], options: FaceSwapperOptions) -> Field:
    """Return how far the shapes that the options ask for let anything change, float32 (H, W), 0 to 1.

    Args:
        mesh: the face in pixels of the grid, float32 (468, 3).
        size: height and width of the grid.
        options: shapes of the mask and softness of its edge.
    """
    shapes = [shape_mask(kind, mesh, size, options.face_mask_blur) for kind in options.face_mask_types]
    return np.asarray(np.minimum.reduce(shapes), np.float32)


def shape_mask(kind: MaskType, mesh: Points, size: tuple[int, int], softness: float) -> Field:
    """Return a mask of the given kind, float32 (H, W), 0 to 1.

    Args:
        kind: `mesh` bounds nothing beyond the mesh itself, `box` is the upright box around the face's outline, turned
            with the face, and `ellipse` the one that touches the sides of that box from within.
        mesh: the face in pixels of the grid, float32 (468, 3).
        size: height and width of the grid.
        softness: of the edge, 0 to 1; at 1 it takes half of the face's half width.
    """
    if kind == "mesh":
        return np.ones(size, np.float32)
    outline = mesh[list(OVAL), :2].astype(np.float32)
    angle = np.degrees(np.arctan2(*(mesh[263, :2] - mesh[33, :2])[::-1]))
    turn = cv2.getRotationMatrix2D((0, 0), float(angle), 1.0)[:, :2]
    upright = outline @ turn.T
    low, high = upright.min(0), upright.max(0)
    centre = turn.T @ ((low + high) / 2)
    half = np.maximum((high - low) / 2, 1.0)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    along = ((x - centre[0])[..., None] * turn[:, 0] + (y - centre[1])[..., None] * turn[:, 1]) / half
    reach = np.linalg.norm(along, axis=2) if kind == "ellipse" else np.abs(along).max(2)
    return np.asarray(np.clip((1 - reach) / max(_LEAST_EDGE, softness * 0.5), 0, 1), np.float32)
