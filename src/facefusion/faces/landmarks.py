"""Sets of landmarks, and how one is read off another.

The 68 are those of Sagonas et al., "300 Faces in-the-Wild Challenge", 2013: outline 0-16, brows 17-26, nose 27-35, eyes
36-47, outer lips 48-59, inner lips 60-67, each from image left to image right or clockwise.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from facefusion.faces.types import Points

MESH_68: Final = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
"""Vertices of the mesh at the 68 landmarks; those of the outline slide along it when the head turns."""
OF_106: Final = (
    *(1, 10, 12, 14, 16, 3, 5, 7, 0, 23, 21, 19, 32, 30, 28, 26, 17),
    *(43, 48, 49, 51, 50, 102, 103, 104, 105, 101),
    *(72, 73, 74, 86, 78, 79, 80, 85, 84),
    *(35, 41, 42, 39, 37, 36, 89, 95, 96, 93, 91, 90),
    *(52, 64, 63, 71, 67, 68, 61, 58, 59, 53, 56, 55),
    *(65, 66, 62, 70, 69, 57, 60, 54),
)
"""Of the 106 landmarks of InsightFace and of PFLD-106 those that are the 68."""


def landmarks68_of_mesh(mesh: Points) -> Points:
    """Return the 68 landmarks that a mesh, float32 (468 or more, 2 or 3), shows, float32 (68, 2)."""
    return np.ascontiguousarray(mesh[list(MESH_68), :2])


def five_of_68(points: Points) -> Points:
    """Return eyes, nose tip and mouth corners of 68 landmarks, float32 (5, 2)."""
    eyes = [points[36:42].mean(0), points[42:48].mean(0)]
    return np.asarray(np.stack([*eyes, points[30], points[48], points[54]]), np.float32)
