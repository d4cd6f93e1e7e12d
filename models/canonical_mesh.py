"""Make the canonical face and the triangles of the mesh, or check that the package's are what this makes.

The canonical face is the median of the meshes that the bundled landmarker fits to portraits, made symmetric, looking
into the camera; the triangles come from MediaPipe's list of edges.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.faces.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from facefusion.faces.landmarkers.face_mesh import FaceMesh, region_of_detection, region_of_mesh
from facefusion.inference.session import SessionFactory
from models.archives import SourceError
from models.mesh_topology import orient, read_edges, triangles_of
from models.portraits import read_pictures
from models.tables import Table, finish

Points = npt.NDArray[np.float64]
Similarity = tuple[float, Points, Points]

LEFT_CORNER, RIGHT_CORNER, FOREHEAD, CHIN = 33, 263, 10, 152
_PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (127, 356))
_ROUNDS = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when something differs or is missing."""
    parser = argparse.ArgumentParser(prog="python -m models.canonical_mesh", description=__doc__)
    parser.add_argument("--portraits", nargs="+", type=Path, required=True, help="folders of portraits, or pictures")
    parser.add_argument("--mediapipe", type=Path, required=True, help="MediaPipe's Python wheel")
    parser.add_argument("--check", action="store_true", help="only compare with the package's files")
    options = parser.parse_args(arguments)
    try:
        triangles = triangles_of(read_edges(options.mediapipe))
        meshes = fit_meshes(options.portraits)
        vertices, mirror = canonical_face(meshes)
    except (SourceError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{len(meshes)} portraits, {len(triangles)} triangles")
    return finish(_tables(vertices, mirror, orient(triangles, vertices)), check=options.check)


def _tables(vertices: Points, mirror: npt.NDArray[np.intp], triangles: npt.NDArray[np.int64]) -> tuple[Table, Table]:
    return (
        Table(
            "canonical_mesh.csv",
            "x,y,z,mirror: canonical vertices in units of the distance of the outer eye corners (x right of the "
            "picture, y down, z away), and the index of the mirrored vertex",
            np.column_stack([vertices, mirror]),
            "{:.5f},{:.5f},{:.5f},{:.0f}",
        ),
        Table(
            "triangles.csv",
            "a,b,c: vertices of each triangle, counter-clockwise in the picture when it faces the camera",
            triangles,
            "{},{},{}",
        ),
    )


def fit_meshes(places: Sequence[Path]) -> Points:
    """Return the mesh of the best face of each portrait in which one is found, (N, 468, 3).

    Raises:
        ValueError: faces were found in fewer than two.
    """
    sessions = SessionFactory(("cpu",))
    detectors = (
        BlazeFace(sessions.open("blazeface_full_range"), FULL_RANGE, score=0.5),
        BlazeFace(sessions.open("blazeface_short_range"), SHORT_RANGE, score=0.5),
    )
    landmarker = FaceMesh(sessions.open("face_mesh"))
    meshes = []
    for image in read_pictures(places):
        found = detectors[0].detect([image])[0] or detectors[1].detect([image])[0]
        if found:
            rough = landmarker.fit(image, [region_of_detection(found[0])])[0]
            meshes.append(landmarker.fit(image, [region_of_mesh(rough.mesh)])[0].mesh)
    if len(meshes) < 2:
        raise ValueError("faces were found in fewer than two portraits")
    return np.array(meshes, np.float64)


def canonical_face(meshes: Points) -> tuple[Points, npt.NDArray[np.intp]]:
    """Return the canonical vertices, (468, 3), and the mirror image's number of each, (468,).

    Raises:
        ValueError: it has no mirror image, from portraits that are too few or too bad.
    """
    mean = _median_shape(meshes)
    mirror = _mirror_of(mean)
    mean = mean @ _axes(mean).T
    mean = _symmetric(mean, mirror)
    mean[:, 0] -= mean[mirror == np.arange(len(mean)), 0].mean()
    mean = _symmetric(mean, mirror)
    # People look into the camera in official portraits: their median nod is none.
    nods = [np.degrees(np.arcsin(-similarity(mean, mesh)[1][1, 2])) for mesh in meshes]
    mean = _unit(mean @ _nod(-float(np.median(nods))).T)
    mean[:, 1] -= (mean[LEFT_CORNER, 1] + mean[RIGHT_CORNER, 1]) / 2
    return mean, mirror


def similarity(source: Points, target: Points) -> Similarity:
    """Return scale, rotation and shift that carry `source` nearest to `target`, both (N, 3).

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    a, b = source - source.mean(0), target - target.mean(0)
    u, strengths, vt = np.linalg.svd(a.T @ b)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs @ vt).T
    scale = float((strengths * signs).sum() / (a * a).sum())
    return scale, rotation, target.mean(0) - scale * rotation @ source.mean(0)


def _moved(points: Points, by: Similarity) -> Points:
    scale, rotation, shift = by
    return np.asarray(scale * points @ rotation.T + shift)


def _median_shape(meshes: Points) -> Points:
    """Return the median of the meshes, each laid over it as well as may be (generalised Procrustes analysis)."""
    mean = _unit(meshes[0] - meshes[0].mean(0), dimensions=2)
    for _ in range(_ROUNDS):
        mean = np.median([_moved(mesh, similarity(mesh, mean)) for mesh in meshes], axis=0)
        mean = _unit(mean - mean.mean(0))
    return mean


def _unit(points: Points, dimensions: int = 3) -> Points:
    """Scale a face so that the outer corners of its eyes are 1 apart."""
    return np.asarray(points / np.linalg.norm((points[RIGHT_CORNER] - points[LEFT_CORNER])[:dimensions]))


def _mirror_of(face: Points) -> npt.NDArray[np.intp]:
    """Return for each vertex the one that lies nearest to its mirror image."""
    mirrored = face * [-1, 1, 1]
    nearest = np.arange(len(face))
    for _ in range(_ROUNDS):
        nearest = np.linalg.norm(mirrored[:, None] - face[None], axis=2).argmin(1)
        mirrored = _moved(mirrored, similarity(mirrored, face[nearest]))
    if not np.array_equal(nearest[nearest], np.arange(len(face))):
        raise ValueError("the face is too crooked to find its mirror image")
    return nearest


def _axes(face: Points) -> Points:
    """Return the face's own directions as rows: to its image-right, down, and away from the camera."""
    across = np.mean([face[right] - face[left] for left, right in _PAIRS], axis=0)
    across /= np.linalg.norm(across)
    down = face[CHIN] - face[FOREHEAD]
    down -= across * (across @ down)
    down /= np.linalg.norm(down)
    return np.stack([across, down, np.cross(across, down)])


def _symmetric(face: Points, mirror: npt.NDArray[np.intp]) -> Points:
    return np.asarray((face + face[mirror] * [-1, 1, 1]) / 2)


def _nod(degrees: float) -> Points:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])


if __name__ == "__main__":
    sys.exit(main())
