"""Networks that tell an age as one number.

Source: Yang et al., "SSR-Net: A Compact Soft Stagewise Regression Network for Age Estimation", 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.tensors import Channels, PixelSettings
from facefusion.faces.types import Attributes
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model


class AgeSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        size: side of the crop in pixels.
        scale: side of the crop as a multiple of the face's longer side.
    """

    size: int = 64
    scale: float = Field(default=1.2, gt=0)
    mean: Channels = (0.485 * 255, 0.456 * 255, 0.406 * 255)
    std: Channels = (0.229 * 255, 0.224 * 255, 0.225 * 255)


class AgeRegression:
    """A classifier that says nothing but the age.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[AgeSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    def classify(self, views: Sequence[FaceView]) -> list[Attributes]:
        """Return the attributes of each face, which may be of several pictures."""
        if not views:
            return []
        crops = [view.cut(self._settings.size, self._settings.scale)[0] for view in views]
        ages = self._session.run(self._settings.tensor(crops))["age"].reshape(-1)
        years = [min(100, max(0, int(age))) for age in ages]
        return [Attributes((year, year + 1)) for year in years]


def _contract(settings: AgeSettings) -> Contract:
    inputs = TensorSpec("input", ("batch", 3, settings.size, settings.size))
    return Contract((inputs,), (TensorSpec("age", ("batch", "...")),))


FAMILY = Family("age_regression", "face_classifier", AgeSettings, _contract, AgeRegression)
"""Classifiers of age alone."""
