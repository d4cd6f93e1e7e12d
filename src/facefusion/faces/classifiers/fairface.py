"""FairFace: age, gender and race.

Source: Karkkainen and Joo, "FairFace: Face Attribute Dataset for Balanced Race, Gender, and Age", 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from facefusion.errors import ModelUnfitError
from facefusion.faces.crops import FaceCrop
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.templates import TemplateName
from facefusion.faces.tensors import Channels, PixelSettings
from facefusion.faces.types import Attributes
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

RACES: Final = ("white", "black", "latino", "asian", "asian", "indian", "arabic")
"""East and Southeast Asian are one group."""
GENDERS: Final = ("male", "female")
AGES: Final = ((0, 3), (3, 10), (10, 20), (20, 30), (30, 40), (40, 50), (50, 60), (60, 70), (70, 101))
"""In years, the latter not included: every age is in one."""


class FairFaceSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        size: side of the crop in pixels.
        template: where the landmarks lie in it.
    """

    size: int = 224
    template: TemplateName = "arcface_112_v2"
    mean: Channels = (0.485 * 255, 0.456 * 255, 0.406 * 255)
    std: Channels = (0.229 * 255, 0.224 * 255, 0.225 * 255)


class FairFace:
    """A classifier whose outputs are numbers of groups.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[FairFaceSettings]) -> None:
        self._session = model.session
        self._settings = model.settings
        self._name = model.card.name

    def classify(self, views: Sequence[FaceView]) -> list[Attributes]:
        """Return the attributes of each face, which may be of several pictures."""
        if not views:
            return []
        settings = self._settings
        crops = [FaceCrop.cut(view.image, view.face, settings.template, settings.size).image for view in views]
        outputs = self._session.run(settings.tensor(crops))
        rows = zip(*(outputs[name].reshape(-1).astype(int).tolist() for name in ("age", "gender", "race")), strict=True)
        return [self._attributes(*row) for row in rows]

    def _attributes(self, age: int, gender: int, race: int) -> Attributes:
        if not (0 <= age < len(AGES) and 0 <= gender < len(GENDERS) and 0 <= race < len(RACES)):
            raise ModelUnfitError(
                f"Model {self._name} gives groups {age}, {gender} and {race}, which there are not",
                "It is of another family",
            )
        return Attributes(AGES[age], GENDERS[gender], RACES[race])


def _contract(settings: FairFaceSettings) -> Contract:
    outputs = tuple(
        TensorSpec(name, ("...",), aliases=(f"{name}_id",), dtype="int64") for name in ("race", "gender", "age")
    )
    return Contract((TensorSpec("input", ("batch", 3, settings.size, settings.size)),), outputs)


FAMILY = Family("fairface", "face_classifier", FairFaceSettings, _contract, FairFace)
"""Classifiers of age, gender and race."""
