"""Masks by shape, on the grid of a face's region."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.faces.mesh import OVAL
from facefusion.faces.types import Points
from facefusion.options.tree import MaskType
from facefusion.processors.face_swapper.mesh.filters import Field


def shape_mask(kind: MaskType, mesh: Points, size: tuple[int, int], blur: float) -> Field:
    """Return a mask of the given kind, float32 (H, W), 0 to 1.

    Args:
        kind: `mesh` bounds nothing beyond the mesh itself, `ellipse` is fitted to the face's outline, `box` is the
            upright box of its outline turned with the face.
        mesh: the face in pixels of the grid, float32 (468, 3).
        size: height and width of the grid.
        blur: softness of the edge, 0 to 1, as a share of the face's half width.
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
    soft = max(0.02, blur * 0.5)
    return np.asarray(np.clip((1 - reach) / soft, 0, 1), np.float32)
