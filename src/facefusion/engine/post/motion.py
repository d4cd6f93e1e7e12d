"""Motion: how the surroundings of a hole moved between two pictures.

Source: Lucas and Kanade, "An iterative image registration technique with an application to stereo vision", 1981;
checked forwards and backwards.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
Transform = npt.NDArray[np.float64]
"""Similarity transform, float64 (2, 3)."""

STILL: Transform = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
STILL.flags.writeable = False

_CORNERS = 120
_LEAST_CORNERS = 8
_WINDOW = (15, 15)
_LEVELS = 3
_RETURN_ERROR = 0.5
_INLIER_DISTANCE = 1.0
_LEAST_SHARE = 0.5


def motion(before: Mask, now: Mask, known: Mask) -> Transform:
    """Return how most of what is known moved; no movement where that cannot be told.

    Args:
        before: grey uint8 (H, W).
        now: grey uint8 (H, W).
        known: 0 where pixels are not to be looked at, uint8 (H, W).
    """
    inner = cv2.erode(known, np.ones((7, 7), np.uint8), borderValue=1)
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.02, 5, mask=inner)
    if corners is None or len(corners) < _LEAST_CORNERS:
        return STILL
    there, found = _follow(before, now, np.asarray(corners, np.float32))
    back, found_back = _follow(now, before, there)
    returned = np.abs(back - corners).max((1, 2)) < _RETURN_ERROR
    good = returned & found & found_back & _lands(there[:, 0], known)
    if good.sum() < max(_LEAST_CORNERS, _LEAST_SHARE * len(corners)):
        return STILL
    transform, inliers = cv2.estimateAffinePartial2D(
        corners[good], there[good], method=cv2.RANSAC, ransacReprojThreshold=_INLIER_DISTANCE
    )
    if transform is None or inliers.mean() < _LEAST_SHARE:
        return STILL
    return np.asarray(transform, np.float64)


def displacement(transform: Transform, shape: tuple[int, ...]) -> float:
    """Return by how many pixels the corners of a picture move at most."""
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    return float(np.abs(corners @ transform.T - corners[:, :2]).max())


def _follow(before: Mask, now: Mask, points: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Return where points went, float32 (N, 1, 2), and which of them could be followed."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.zeros_like(points), winSize=_WINDOW, maxLevel=_LEVELS
    )
    return np.asarray(there, np.float32), np.asarray(found).ravel() > 0


def _lands(points: Points, known: Mask) -> npt.NDArray[np.bool_]:
    """Whether each point lies on known pixels."""
    x, y = np.round(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < known.shape[1]) & (y < known.shape[0])
    landed = np.zeros(len(points), bool)
    landed[inside] = known[y[inside], x[inside]] > 0
    return landed
