"""The family of FRAN, after Zoss et al., "Production-Ready Face Re-Aging for Visual Effects", 2022."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from facefusion.errors import CatalogueError
from facefusion.faces.classifiers.base import Classifier
from facefusion.faces.crops import FaceCrop
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.templates import TemplateName
from facefusion.faces.types import Face
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.media.frame import Image
from facefusion.processors.age_modifier.base import TASK, Floats
from facefusion.processors.crop_editing import CropJob, from_network, portions, to_network

_CENTURY = 100


class FranSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        template: how the face lies in what it is given.
        size: side of that in pixels.
    """

    template: TemplateName = "ffhq_512"
    size: int = Field(default=1024, ge=32, le=4096)


class Fran:
    """Networks from a face, its age and the age wanted to a face; see `AgeEditor`.

    Args:
        model: of the family; it requires a model that classifies ages.

    Raises:
        CatalogueError: its entry requires none.
    """

    def __init__(self, model: Model[FranSettings]) -> None:
        found = [each for each in model.needed.values() if hasattr(each, "classify")]
        if not found:
            raise CatalogueError(
                f"Model {model.card.name} needs the age of faces, and requires no model that tells it",
                'Add requires = ["fairface"] to its entry',
            )
        self._settings, self._session = model.settings, model.session
        self._classifier: Classifier = found[0]

    def cut(self, image: Image, face: Face) -> FaceCrop:
        """Cut a face out; see `AgeEditor`."""
        return FaceCrop.cut(image, face, self._settings.template, self._settings.size)

    def ages(self, jobs: Sequence[CropJob]) -> list[float]:
        """Return how old the faces seem: the middle of what the classifier says."""
        said = self._classifier.classify([FaceView(job.item.frame.image, job.crop.face) for job in jobs])
        return [(each.age[0] + each.age[1] - 1) / 2 for each in said]

    def edit(self, jobs: Sequence[CropJob], ages: Sequence[float], direction: int) -> list[Floats]:
        """Return faces of another age; see `AgeEditor`."""
        edited = [np.empty(0, np.float32) for _ in jobs]
        for age in sorted(set(ages)):  # a network takes one age at a time
            same = [place for place, other in enumerate(ages) if other == age]
            for part in portions(len(same), self._settings.size):
                made = self._edit([jobs[place] for place in same[part]], age, direction)
                for place, pixels in zip(same[part], made, strict=True):
                    edited[place] = pixels
        return edited

    def _edit(self, jobs: Sequence[CropJob], age: float, direction: int) -> Floats:
        """Return faces that all seem of one age, float32 (N, S, S, 3)."""
        targets = to_network([job.crop.image for job in jobs], [0.0], [1.0])
        inputs = {"target": targets, "direction": directions(age, direction)}
        return from_network(self._session.run(inputs)["output"], [0.0], [1.0])


def directions(age: float, direction: int) -> Floats:
    """Return the age that there is and the one that is wanted, in centuries, float32 (2,)."""
    return (np.array([age, age + direction], np.float32) / _CENTURY).clip(0, 1)


def _contract(settings: FranSettings) -> Contract:
    size = settings.size
    return Contract(
        inputs=(TensorSpec("target", ("batch", 3, size, size)), TensorSpec("direction", (2,))),
        outputs=(TensorSpec("output", ("batch", 3, size, size)),),
    )


FAMILY = Family("fran", TASK, FranSettings, _contract, Fran)
