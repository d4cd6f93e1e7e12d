"""Scope: which part of a frame shows the look."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import OVAL
from facefusion.faces.types import Face

_WIDER = np.float32(1.16)
"""How much wider than the outline of the mesh a face is taken to be, so that its edge lies on hair and neck."""
_EDGE = 0.07
"""Softness of the edge, as a share of the face's width."""
_FINEST = 256
"""Pixels that the wider side of a face takes where its share is worked out."""


def faces_share(faces: Sequence[Face], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return how far each pixel is of a face, 0 to 1, float32 (H, W).

    Args:
        faces: those that are worked on; one that comes or goes counts by its share.
        size: height and width of the frame.
    """
    share = np.zeros(size, np.float32)
    for face in faces:
        _lay(share, face)
    return share


def _lay(share: npt.NDArray[np.float32], face: Face) -> None:
    """Put a face's share over those of others, in place; the greatest counts."""
    outline = face.mesh[list(OVAL), :2]
    centre = outline.mean(0)
    outline = np.asarray((outline - centre) * _WIDER + centre, np.float32)
    soft = max(1.0, float(np.ptp(outline[:, 0])) * _EDGE)
    low = np.maximum(np.floor(outline.min(0) - 3 * soft), 0).astype(int)
    high = np.minimum(np.ceil(outline.max(0) + 3 * soft), share.shape[::-1]).astype(int)
    if (high <= low).any():
        return
    scale = min(1.0, _FINEST / float((high - low).max()))
    width, height = np.maximum(np.ceil((high - low) * scale), 2).astype(int)
    drawn = np.zeros((height, width), np.float32)
    corners = np.rint((outline - low) * scale * 16).astype(np.int32)
    cv2.fillPoly(drawn, [corners], 1.0, cv2.LINE_AA, 4)
    drawn = np.asarray(cv2.GaussianBlur(drawn, (0, 0), soft * scale), np.float32) * np.float32(face.share)
    part = share[low[1] : high[1], low[0] : high[0]]
    laid = cv2.resize(drawn, part.shape[::-1], interpolation=cv2.INTER_LINEAR)
    np.maximum(part, np.asarray(laid, np.float32), out=part)
