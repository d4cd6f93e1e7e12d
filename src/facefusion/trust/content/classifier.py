"""Classifiers of whole pictures: a value for each class, explicit ones held against ordinary ones.

Source: the cards of Marqo, nsfw-image-detection-384, and of Freepik, nsfw_image_detector.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from facefusion.errors import ModelUnfitError
from facefusion.faces.tensors import PixelSettings
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model
from facefusion.trust.content.base import CLASSIFIER_TASK, Seen
from facefusion.trust.content.finding import Finding
from facefusion.trust.content.framing import Framed, Picture

_LABEL = "explicit"
_EVEN = 0.5


class ContentClassifierSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        size: side in pixels at which pictures are looked at.
        explicit: numbers of the classes that make a picture explicit.
        ordinary: numbers of those that do not.
        limit: by how much the sum of the former values exceeds that of the latter in a picture that is explicit.
    """

    size: int = Field(ge=16)
    explicit: tuple[int, ...] = Field(min_length=1)
    ordinary: tuple[int, ...] = Field(min_length=1)
    limit: float = 0.0


class ContentClassifier:
    """Says whether pictures are explicit as a whole; see `ContentModel`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[ContentClassifierSettings]) -> None:
        self._session = model.session
        self._settings = model.settings
        self.name = model.card.name

    def look(
        self, images: Sequence[Picture], *, margin: float = 0.0, mirrored: bool = False, share: float = 1.0
    ) -> list[Seen]:
        """Return what is seen in each picture; see `ContentModel`."""
        if not images:
            return []
        settings = self._settings
        framed = [Framed.of(image, settings.size, margin=margin, centred=True, mirrored=mirrored) for image in images]
        values = self._session.run(settings.tensor([each.canvas for each in framed]))["output"]
        if max(*settings.explicit, *settings.ordinary) >= values.shape[1]:
            raise ModelUnfitError(
                f"Model {self.name} tells {values.shape[1]} classes apart, and its entry names more",
                "It is another model, or its entry is wrong",
            )
        difference = values[:, list(settings.explicit)].sum(1) - values[:, list(settings.ordinary)].sum(1)
        # The limit, wherever it is, becomes one half: as sure as not.
        scores = 1 / (1 + np.exp(np.clip(settings.limit - difference.astype(np.float64), -60, 60)))
        return [self._seen(float(score), _EVEN * share) for score in scores]

    def _seen(self, score: float, limit: float) -> Seen:
        finding = Finding(self.name, _LABEL, score, limit)
        return Seen((finding,) if finding.counts else (), finding.nearness)


def _contract(settings: ContentClassifierSettings) -> Contract:
    picture = TensorSpec("input", ("batch", 3, settings.size, settings.size))
    return Contract((picture,), (TensorSpec("output", ("batch", "classes"), aliases=("logits",)),))


FAMILY = Family("content_classifier", CLASSIFIER_TASK, ContentClassifierSettings, _contract, ContentClassifier)
"""Classifiers of whole pictures."""
