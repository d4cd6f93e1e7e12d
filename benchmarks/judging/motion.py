"""Landmarks in time: how much they tremble, and how far those that were smoothed are behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face, Points

Path2D = npt.NDArray[np.float64]
"""Places in time, pixels, float64 (N, 2)."""

_REACH = 4
"""Frames by which landmarks are looked for earlier and later."""
_LEAST_MOTION = 0.02
"""Spread of a head's places, in eye distances, from which it can be told what is behind what."""


def eye_distance(mesh: Points) -> float:
    """Return the distance of the outer corners of the eyes, in pixels."""
    return float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))


def jitter(meshes: Sequence[tuple[Points, Points] | None], unit: float) -> tuple[float, float]:
    """Return the high-frequency part of two series of meshes of the same frames.

    Args:
        meshes: both meshes of each frame in order; None where one of them is missing: what spans it is left out.
        unit: what distances are told in, pixels.

    Returns:
        For each of the two, the second difference in time, mean over all vertices and frames.
    """
    triples = [triple for triple in zip(meshes, meshes[1:], meshes[2:], strict=False) if None not in triple]
    if not triples:
        return 0.0, 0.0
    last, now, following = np.moveaxis(np.asarray(triples, np.float64)[..., :2], 1, 0)
    length = np.linalg.norm(last - 2 * now + following, axis=-1).mean(axis=(0, 2)) / unit
    return float(length[0]), float(length[1])


def lag(smoothed: Path2D, true: Path2D, unit: float) -> float | None:
    """Return by how many frames places are behind, by cross-correlation; the peak is that of a parabola.

    Args:
        smoothed: the places in question, frame after frame.
        true: what they are compared with.
        unit: eye distance, pixels.

    Returns:
        Frames, negative when they are ahead; None where there are too few of them, or where hardly anything moves.
    """
    if len(true) < 4 * _REACH or _spread(true) < _LEAST_MOTION * unit:
        return None
    window = smoothed[_REACH:-_REACH]
    alike = [_alike(window, true[_REACH - shift : len(true) - _REACH - shift]) for shift in range(-_REACH, _REACH + 1)]
    peak = int(np.clip(np.argmax(alike), 1, 2 * _REACH - 1))
    before, there, behind = alike[peak - 1 : peak + 2]
    bend = before - 2 * there + behind
    return float(peak - _REACH + (0.5 * (before - behind) / bend if bend < 0 else 0.0))


def places(faces: Sequence[Face]) -> Path2D:
    """Return where a head is: the middle of its mesh, in each frame."""
    return np.array([face.mesh[:, :2].mean(0) for face in faces], np.float64).reshape(-1, 2)


def _spread(path: Path2D) -> float:
    return float(np.sqrt((_without_drift(path) ** 2).sum(1).mean()))


def _alike(a: Path2D, b: Path2D) -> float:
    """Return the correlation of two series of places."""
    a, b = _without_drift(a), _without_drift(b)
    return float((a * b).sum() / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9))


def _without_drift(path: Path2D) -> Path2D:
    """Return the places without what moves evenly: that looks the same at any moment."""
    time = np.arange(len(path), dtype=np.float64)
    slope, start = np.polyfit(time, path, 1)
    return np.asarray(path - time[:, None] * slope - start)
