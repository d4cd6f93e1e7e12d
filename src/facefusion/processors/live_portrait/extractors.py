"""The networks that look at a face: what it looks like, and how it is held and what it expresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.errors import ModelUnfitError
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.inference.session import Tensor
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import to_network
from facefusion.processors.live_portrait.geometry import POINTS, Floats, Motion

FEATURES, MOTION = "portrait_features", "portrait_motion"
SIDE: Final = 256
"""Side of what these networks look at, in pixels."""
_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "pitch": (),
    "yaw": (),
    "roll": (),
    "scale": (),
    "translation": (3,),
    "expression": (POINTS, 3),
    "motion_points": (POINTS, 3),
}


class FeatureExtractor:
    """Returns what faces look like. Task `portrait_features`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[FamilySettings]) -> None:
        self._session = model.session

    def extract(self, crops: Sequence[Image]) -> Floats:
        """Return a volume of features of each crop, float32 (N, C, D, H, W).

        Args:
            crops: RGB uint8, square, of any size.
        """
        return self._session.run(looked_at(crops))["feature_volume"]


class MotionExtractor:
    """Returns how faces are held and what they express. Task `portrait_motion`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[FamilySettings]) -> None:
        self._session = model.session
        self._name = model.card.name

    def extract(self, crops: Sequence[Image]) -> Motion:
        """Return the motion of each crop.

        Args:
            crops: RGB uint8, square, of any size.

        Raises:
            ModelUnfitError: the network gives other numbers than it should.
        """
        values = self._session.run(looked_at(crops))
        return Motion(*(self._shaped(name, values[name], len(crops)) for name in _SHAPES))

    def _shaped(self, name: str, values: Tensor, count: int) -> Floats:
        """Files differ in how many dimensions they give single numbers."""
        shape = (count, *_SHAPES[name])
        if values.size != np.prod(shape, dtype=int):
            raise ModelUnfitError(
                f"Model {self._name} gives {name} as {list(values.shape)}, not {list(shape)}",
                "Export it so that angles are in degrees and key points are 21 x 3",
            )
        return np.asarray(values, np.float32).reshape(shape)


def looked_at(crops: Sequence[Image]) -> npt.NDArray[np.float32]:
    """Return crops as the networks take them, float32 (N, 3, 256, 256), RGB, 0 to 1."""
    small = [cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for crop in crops]
    return to_network([np.asarray(each, np.uint8) for each in small], [0.0], [1.0])


_PICTURE: Final = (TensorSpec("input", ("batch", 3, SIDE, SIDE)),)
_FEATURES: Final = Contract(
    inputs=_PICTURE, outputs=(TensorSpec("feature_volume", ("batch", "channels", "depth", "height", "width")),)
)
_MOTION: Final = Contract(
    inputs=_PICTURE,
    outputs=(
        *(TensorSpec(name, ("batch", "...")) for name in ("pitch", "yaw", "roll", "scale", "translation")),
        TensorSpec("expression", ("batch", POINTS, 3), aliases=("exp",)),
        TensorSpec("motion_points", ("batch", POINTS, 3), aliases=("kp",)),
    ),
)

FEATURE_FAMILY = Family(
    "live_portrait_feature_extractor", FEATURES, FamilySettings, lambda settings: _FEATURES, FeatureExtractor
)
MOTION_FAMILY = Family(
    "live_portrait_motion_extractor", MOTION, FamilySettings, lambda settings: _MOTION, MotionExtractor
)
