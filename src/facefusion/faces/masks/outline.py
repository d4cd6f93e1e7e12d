"""Masks of the face's outline: the mesh itself, and the box and the ellipse around it, turned with the face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from facefusion.faces.crops import Share
from facefusion.faces.masks.soften import filled, soft_step
from facefusion.faces.mesh import OVAL
from facefusion.faces.types import Points

_LEAST_EDGE = 0.02
"""Width of the edge of an ellipse or a box at no softness, as a share of the half width."""
_LEAST_SIGMA = 0.5


def mesh_mask(points: Points, size: int, blur: float) -> Share:
    """Return the outline of a face's mesh, its soft edge within it, float32 (size, size).

    Args:
        points: the mesh in pixels of the crop, float32 (468, 2 or 3).
        size: side of the crop in pixels.
        blur: softness of the edge, 0 to 1, as of `box_mask`.
    """
    hull = cv2.convexHull(np.ascontiguousarray(points[list(OVAL), :2]))
    return soft_step(filled(hull, size), max(size * blur * 0.125, _LEAST_SIGMA))


def upright_mask(
    kind: Literal["box", "ellipse"],
    mesh: Points,
    size: tuple[int, int],
    softness: float,
    padding: Sequence[int] = (0, 0, 0, 0),
) -> Share:
    """Return the upright box around the face's outline, turned with the face, or the ellipse within it.

    Args:
        kind: which.
        mesh: the face in pixels, float32 (468, 2 or 3).
        size: height and width of the mask.
        softness: of the edge, 0 to 1; at 1 it takes half of the face's half width.
        padding: of the box: what is left out at the top, right, bottom and left, in percent of its sides.
    """
    outline = mesh[list(OVAL), :2].astype(np.float32)
    angle = np.degrees(np.arctan2(*(mesh[263, :2] - mesh[33, :2])[::-1]))
    turn = cv2.getRotationMatrix2D((0, 0), float(angle), 1.0)[:, :2]
    upright = outline @ turn.T
    low, high = upright.min(0), upright.max(0)
    if kind == "box":
        top, right, bottom, left = np.asarray(padding) / 100
        low, high = low + (high - low) * (left, top), high - (high - low) * (right, bottom)
    if (high <= low).any():
        return np.zeros(size, np.float32)
    centre = turn.T @ ((low + high) / 2)
    half = np.maximum((high - low) / 2, 1.0)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    along = ((x - centre[0])[..., None] * turn[:, 0] + (y - centre[1])[..., None] * turn[:, 1]) / half
    reach = np.linalg.norm(along, axis=2) if kind == "ellipse" else np.abs(along).max(2)
    return np.asarray(np.clip((1 - reach) / max(_LEAST_EDGE, softness * 0.5), 0, 1), np.float32)
