"""The dense mesh: its triangles, its canonical shape, normals and pose.

Vertex numbers are those of MediaPipe's face mesh. The canonical shape is the median of meshes fitted to public-domain
portraits, made symmetric; `models/README.md` tells how it is made.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points, Pose

VERTICES = 468

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Outline of the face, from the forehead clockwise in the picture."""
LEFT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
"""Rim of the eye at the left of the picture: outer corner, lower lid, inner corner, upper lid."""
RIGHT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
"""Rim of the eye at the right of the picture, in the same order."""
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""Rim of the mouth opening, from the corner at the left of the picture along the lower lip."""
OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""Outline of the lips, in the same order."""
FIVE_POINTS = ((33, 133), (263, 362), (1,), (61,), (291,))
"""Vertices whose means are the five landmarks: eyes, nose tip, mouth corners."""
_FIVE_PAIRS = tuple(np.array([vertices[place] for vertices in FIVE_POINTS]) for place in (0, -1))

# Parts of the skull that speech and expression hardly move.
_RIGID = (10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 33, 133, 263, 362, 127, 356, 234, 454, 109, 338, 67, 297, 50, 280)


def _read(name: str) -> npt.NDArray[np.float64]:
    text = (resources.files("facefusion.faces") / "data" / name).read_text("utf-8")
    return np.loadtxt(text.splitlines(), delimiter=",", comments="#")


@cache
def triangles() -> npt.NDArray[np.int32]:
    """Return the 852 triangles, int32 (852, 3), counter-clockwise in the picture when they face the camera.

    Eyes and mouth are open: no triangle covers them.
    """
    return _read("triangles.csv").astype(np.int32)


@cache
def canonical_vertices() -> Points:
    """Return the median face, float32 (468, 3), in units of the distance between the outer corners of the eyes.

    x points to the right of the picture, y down, z away from the camera; it looks straight into the camera.
    """
    return _read("canonical_mesh.csv")[:, :3].astype(np.float32)


@cache
def mirror_vertices() -> npt.NDArray[np.int32]:
    """Return for each vertex the number of its mirror image, int32 (468,)."""
    return _read("canonical_mesh.csv")[:, 3].astype(np.int32)


def five_landmarks(mesh: Points) -> Points:
    """Return image-left eye, image-right eye, nose tip and the mouth's corners, float32 (5, 2)."""
    first, last = _FIVE_PAIRS
    return np.asarray((mesh[first, :2] + mesh[last, :2]) / 2, np.float32)


def bounding_box(mesh: Points) -> npt.NDArray[np.float32]:
    """Return left, top, right, bottom of the mesh in pixels, float32 (4,)."""
    x, y = mesh[:, 0], mesh[:, 1]
    return np.array([x.min(), y.min(), x.max(), y.max()], np.float32)


def vertex_normals(mesh: Points) -> Points:
    """Return unit normals, float32 (468, 3); z is negative towards the camera."""
    a, b, c = mesh[triangles().T]
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    faces = np.column_stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx])
    order, starts = _incidence()
    normals = np.add.reduceat(faces[order], starts, axis=0)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(lengths, 1e-6), np.float32)


@cache
def _incidence() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the triangles sorted by vertex, and where each vertex's run begins."""
    flat = triangles().ravel()
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(VERTICES))
    return order // 3, starts


def rotation_of(mesh: Points) -> npt.NDArray[np.float64]:
    """Return the rotation that carries the canonical face to this one, float64 (3, 3).

    Source: Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976.
    """
    index, canonical = _rigid_vertices()
    # The canonical part is centred, so the middle of the other falls out of the product.
    u, _, vt = np.linalg.svd(canonical.T @ mesh[index].astype(np.float64))
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        u[:, 2] = -u[:, 2]
    return np.asarray((u @ vt).T, np.float64)


@cache
def _rigid_vertices() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return which vertices hardly move against the skull, and where they lie around their middle, float64 (N, 3)."""
    index = np.array(_RIGID, np.intp)
    points = canonical_vertices()[index].astype(np.float64)
    return index, points - points.mean(0)


def pose_of(mesh: Points) -> Pose:
    """Return the head's rotation in degrees."""
    rotation = rotation_of(mesh)
    # Roll is taken last, in the picture's plane, so that yaw and pitch are those of the levelled face.
    yaw = np.degrees(np.arcsin(np.clip(rotation[2, 0], -1, 1)))
    pitch = -np.degrees(np.arctan2(rotation[2, 1], rotation[2, 2]))
    roll = np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return Pose(float(yaw), float(pitch), float(roll))
