"""The network that shows a face with other key points, with those that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from facefusion.faces.crops import Pixels
from facefusion.faces.templates import TemplateName
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import from_network
from facefusion.processors.live_portrait.extractors import FeatureExtractor, MotionExtractor
from facefusion.processors.live_portrait.geometry import POINTS, Floats, Motion

ANIMATOR = "expression_restorer"
_AT_ONCE: Final = 4
"""Faces that go through the generator together: each takes about half a gigabyte there."""


class AnimatorSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        feature_extractor: name of the model that says what a face looks like; the entry requires it.
        motion_extractor: of the one that says how it is held.
        template: how the face lies in what expressions are restored in.
    """

    feature_extractor: str = "live_portrait_feature_extractor"
    motion_extractor: str = "live_portrait_motion_extractor"
    template: TemplateName = "arcface_128"


class PortraitAnimator:
    """Tells how faces are held and what they express, and shows them otherwise. Task `expression_restorer`.

    Attributes:
        template: how a face lies in a crop whose expression is restored.
        size: side of crops in pixels.

    Args:
        model: of the family.

    Raises:
        CatalogueError: its entry does not require the models that it needs.
    """

    size: Final = 512

    def __init__(self, model: Model[AnimatorSettings]) -> None:
        self._session = model.session
        self._features: FeatureExtractor = model.need(model.settings.feature_extractor)
        self._motion: MotionExtractor = model.need(model.settings.motion_extractor)
        self.template = model.settings.template

    def motion(self, crops: Sequence[Image]) -> Motion:
        """Return how the faces of crops, RGB uint8 and square, are held and what they express."""
        return self._motion.extract(crops)

    def animate(self, crops: Sequence[Image], given: Floats, wanted: Floats) -> list[Pixels]:
        """Return faces with other key points, each RGB float32 (512, 512, 3), 0 to 255.

        Args:
            crops: RGB uint8, square.
            given: their key points, float32 (N, 21, 3).
            wanted: the key points that they are to have, likewise.
        """
        parts = [slice(start, start + _AT_ONCE) for start in range(0, len(crops), _AT_ONCE)]
        return [pixels for part in parts for pixels in self._shown(crops[part], given[part], wanted[part])]

    def _shown(self, crops: Sequence[Image], given: Floats, wanted: Floats) -> Floats:
        # As published the input of the picture's own points is called target, and that of the wanted ones source.
        inputs = {"feature_volume": self._features.extract(crops), "source": wanted, "target": given}
        return from_network(np.asarray(self._session.run(inputs)["output"], np.float32), [0.0], [1.0])


_POINTS: Final = ("batch", POINTS, 3)
_CONTRACT: Final = Contract(
    inputs=(
        TensorSpec("feature_volume", ("batch", "channels", "depth", "height", "width")),
        TensorSpec("source", _POINTS),
        TensorSpec("target", _POINTS),
    ),
    outputs=(TensorSpec("output", ("batch", 3, PortraitAnimator.size, PortraitAnimator.size)),),
)

FAMILY = Family("live_portrait", ANIMATOR, AnimatorSettings, lambda settings: _CONTRACT, PortraitAnimator)
