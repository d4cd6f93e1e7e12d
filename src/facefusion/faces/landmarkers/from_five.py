"""68 landmarks guessed from five: what a face looks like on average that has these five."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.align import apply_affine, invert_affine
from facefusion.faces.landmarkers.base import FaceView, Landmarks
from facefusion.faces.templates import TemplateName, to_template
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model


class FromFiveSettings(FamilySettings):
    """What sets the networks of the family apart.

    Attributes:
        template: by which the five landmarks are brought to coordinates from 0 to 1.
    """

    template: TemplateName = "ffhq_512"


class LandmarksFromFive:
    """A landmarker that looks at no picture; it knows no more than the five landmarks do, and so is never sure.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[FromFiveSettings]) -> None:
        self._session = model.session
        self._template = model.settings.template

    def fit(self, views: Sequence[FaceView]) -> list[Landmarks]:
        """Return the landmarks of each face, with the score 0."""
        if not views:
            return []
        affines = [to_template(view.face.landmarks5, self._template, 1) for view in views]
        five = [apply_affine(affine, view.face.landmarks5) for affine, view in zip(affines, views, strict=True)]
        rows = self._session.run(np.stack(five))["landmarks"]
        found = [apply_affine(invert_affine(affine), row) for affine, row in zip(affines, rows, strict=True)]
        return [Landmarks(points, 0.0, points) for points in found]


def _contract(_: FromFiveSettings) -> Contract:
    return Contract((TensorSpec("input", ("batch", 5, 2)),), (TensorSpec("landmarks", ("batch", 68, 2)),))


FAMILY = Family("landmarks_from_five", "face_landmarker", FromFiveSettings, _contract, LandmarksFromFive)
"""68 landmarks guessed from five."""
