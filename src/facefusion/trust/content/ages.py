"""Apparent ages of faces, from several views of each: a classifier's one opinion is worth little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from facefusion.faces.classifiers.base import Classifier
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.mesh import five_landmarks, mirror_vertices
from facefusion.faces.types import Face

_ERROR: Final = 1.0
"""Years that are taken off for what networks err by."""
_ZOOMS: Final = (0.85, 1.0, 1.15)
_AROUND: Final = 1.0
"""Room around a face in its mirrored picture, as a share of its longer side."""


def minor_below(youngest: float) -> float:
    """Return the apparent age in years below which somebody seems to be younger than those who may be worked on.

    Args:
        youngest: age in years of the youngest who may be.
    """
    return youngest - _ERROR


MINOR_BELOW: Final = minor_below(18)
"""Apparent age in years below which somebody seems to be a minor: 18, less what networks err by."""


def apparent_ages(classifier: Classifier, views: Sequence[FaceView]) -> list[float | None]:
    """Return the apparent age of each face in years: the median over six views of it, which differ in size and side.

    Args:
        classifier: tells ages, as ranges whose middles count.
        views: faces and the pictures that show them.

    Raises:
        ModelError: the classifier cannot be used.
        ProviderError: a device failed that was asked for by name.
    """
    variants = [list(_variants(view)) for view in views]
    said = iter(classifier.classify([each for group in variants for each in group]))
    middles = [[sum(next(said).age) / 2 for _ in group] for group in variants]
    return [float(np.median(group)) for group in middles]


def _variants(view: FaceView) -> Iterator[FaceView]:
    for seen in (view, _mirrored(view)):
        for factor in _ZOOMS:
            yield FaceView(seen.image, _zoomed(seen.face, factor))


def _zoomed(face: Face, factor: float) -> Face:
    """Return a face whose surroundings are cut wider, or closer, than its own size asks for."""
    if factor == 1:
        return face
    middle = face.mesh.mean(0)
    mesh = np.asarray((face.mesh - middle) * np.float32(factor) + middle, np.float32)
    points = np.asarray((face.landmarks5 - middle[:2]) * np.float32(factor) + middle[:2], np.float32)
    return replace(face, mesh=mesh, landmarks5=points)


def _mirrored(view: FaceView) -> FaceView:
    """Return a face as in a mirror, with the part of the picture around it."""
    box, image = view.face.box, view.image
    room = _AROUND * float((box[2:] - box[:2]).max())
    left, top = np.maximum(np.floor(box[:2] - room), 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(box[2:] + room).astype(int), image.shape[1::-1]).tolist()
    part = np.ascontiguousarray(image[top:bottom, left:right][:, ::-1])
    mesh = view.face.mesh[mirror_vertices()].copy()
    mesh[:, 0] = right - 1 - mesh[:, 0]
    mesh[:, 1] -= np.float32(top)
    return FaceView(part, replace(view.face, mesh=mesh, landmarks5=five_landmarks(mesh)))
