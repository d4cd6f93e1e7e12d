"""Appearance: what a followed face looks like, coarsely, so that another face in its place is noticed at once.

From frame to frame brightness at the vertices hardly changes, but for a gain and an offset where the light does. A hand
in front changes a part of it; where most is changed, this is somebody else: after a cut that left the background as it
was, or where the mesh slid onto a neighbour.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face, Vector

LEAST_WIDTH = 28.0
"""Width of a face, in pixels, below which noise is as strong as what is compared."""
_AROUND = np.array([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]], np.float32) * np.float32(0.015)
"""Places around a vertex whose brightness is averaged, in widths of the face."""
_LARGE = 12.0
"""Change of brightness, 0 to 255, that counts."""
ANOTHER = 0.58
"""Share of vertices so changed from which it is another face."""
PARTLY = 0.15
"""Share from which something comes in front."""


def appearance(image: npt.NDArray[np.uint8], face: Face) -> Vector:
    """Return the brightness at the vertices, float32 (468,), 0 to 255.

    Args:
        image: RGB uint8 (H, W, 3).
        face: a face in it, not smoothed.
    """
    points = face.mesh[:, None, :2] + (_AROUND * np.float32(face.width))[None]
    x, y = np.ascontiguousarray(points[..., 0]), np.ascontiguousarray(points[..., 1])
    seen = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen.mean((1, 2)), np.float32)


def changed_share(before: Vector, now: Vector) -> float:
    """Return at which share of the vertices two appearances, of one frame and the next, differ."""
    centred = before - before.mean()
    gain = float(centred @ now) / max(float(centred @ centred), 1e-6)
    change = np.abs(now - now.mean() - np.float32(gain) * centred)
    return float((change > _LARGE).mean())
