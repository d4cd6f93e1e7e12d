"""Masks: the new face's share at each pixel of the grid over a face's region."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.area import area_mask
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.masks.outline import upright_mask
from facefusion.faces.types import Face, Points
from facefusion.media.frame import Image
from facefusion.options import FaceMaskOptions
from facefusion.options.masks import MaskType
from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.openings import close_openings
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.region import GRID, FaceRegion

_HARDEST, _SOFTEST = 0.6, 3.0
"""Smoothing of the whole mask at `face_mask_blur` 0 and 1, in pixels of a grid of full size."""
_INWARDS = 0.35
"""Share of it that reaches into eyes and mouth."""
_LEAST_SOFTNESS = 0.4
_CROP = 256
"""Side of the crop, in pixels, in which networks look at the face."""


def face_mask(share: Field, raster: MeshRaster, mesh: Points, silhouette: Field, options: FaceMaskOptions) -> Field:
    """Return the new face's share at each pixel of the grid where nothing is in front of it, float32 (H, W), 0 to 1.

    Args:
        share: what edges and visibility leave of it, float32 (H, W).
        raster: the mesh on the grid.
        mesh: float32 (468, 3) in its pixels.
        silhouette: 1 within the outline of the drawn face, else 0, float32 (H, W).
        options: shapes of the mask and softness of its edge.
    """
    size = (raster.numbers.shape[0], raster.numbers.shape[1])
    inside = np.asarray(share * (raster.numbers >= 0), np.float32)
    close_openings(inside, mesh)
    inside *= raster.near()
    softness = (_HARDEST + (_SOFTEST - _HARDEST) * options.face_mask_blur) * max(size) / GRID
    # Softness reaches little into eyes and mouth, which show the target's own, and never past the outline.
    soft, hard = (blur(inside, max(softness * part, _LEAST_SOFTNESS)) for part in (1.0, _INWARDS))
    mask = np.minimum(soft, hard) * silhouette
    return np.asarray(np.minimum(mask, bounds(mesh, size, options)), np.float32)


def bounds(mesh: Points, size: tuple[int, int], options: FaceMaskOptions) -> Field:
    """Return how far the shapes that the options ask for let anything change, float32 (H, W), 0 to 1.

    Args:
        mesh: the face in pixels of the grid, float32 (468, 3).
        size: height and width of the grid.
        options: shapes of the mask and softness of its edge.
    """
    shapes = [shape_mask(kind, mesh, size, options) for kind in options.face_mask_types]
    return np.asarray(np.minimum.reduce(shapes), np.float32)


def shape_mask(kind: MaskType, mesh: Points, size: tuple[int, int], options: FaceMaskOptions) -> Field:
    """Return a mask of the given kind, float32 (H, W), 0 to 1.

    Args:
        kind: `mesh` bounds nothing beyond the mesh itself, nor do those that networks see; `area` is made of parts of
            the mesh, `box` is the upright box around the face's outline, turned with the face, and `ellipse` the one
            that touches the sides of that box from within.
        mesh: the face in pixels of the grid, float32 (468, 3).
        size: height and width of the grid.
        options: areas, padding, and softness of the edge; at 1 it takes half of the face's half width.
    """
    if kind == "area":
        return area_mask(mesh, max(size), options.face_mask_areas)[: size[0], : size[1]]
    if kind == "box" or kind == "ellipse":  # noqa: PLR1714 - a set would lose the type
        return upright_mask(kind, mesh, size, options.face_mask_blur, options.face_mask_padding)
    return np.ones(size, np.float32)


def seen_by_networks(image: Image, face: Face, region: FaceRegion, masker: FaceMasker | None) -> Field | np.float32:
    """Return what networks leave of the new face, on the grid, float32 (H, W); plain 1 where none is asked.

    Args:
        image: RGB uint8 (H, W, 3), before the edit.
        face: in its pixels.
        region: where it lies.
        masker: asks the networks; None where nobody wants it.
    """
    if masker is None:
        return np.float32(1)
    crop = FaceCrop.cut(image, face, "ffhq_512", _CROP)
    [mask] = masker.masks([crop], [crop.image])
    to_crop = (np.vstack([crop.affine, [0, 0, 1]]) @ region.to_frame())[:2]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(mask, to_crop, region.grid[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.float32)
