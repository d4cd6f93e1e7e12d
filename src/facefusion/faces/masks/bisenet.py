"""Face parsing: networks that give each pixel one of 19 classes.

Sources: Yu et al., "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation", 2018; classes of
Lee et al., "MaskGAN: Towards Diverse and Interactive Facial Image Manipulation" (CelebAMask-HQ), 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pydantic import Field

from facefusion.faces.crops import Pixels, Share
from facefusion.faces.masks.soften import resized
from facefusion.faces.masks.xseg import squared
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.options.masks import ALL_REGIONS, MaskRegion

CLASSES: Final = 19
_NUMBERS: Final[dict[MaskRegion, int]] = dict(zip(ALL_REGIONS, (1, 2, 3, 4, 5, 6, 10, 11, 12, 13), strict=True))


class BiSeNetSettings(FamilySettings):
    """What sets one parser apart.

    Attributes:
        size: side of the network's crop in pixels.
        mean: taken from each channel, red first, 0 to 1.
        std: that it is divided by.
        numbers: the class of each region.
    """

    size: int = Field(default=512, ge=16)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    numbers: dict[MaskRegion, int] = _NUMBERS


class BiSeNet:
    """Runs a parser of 19 classes.

    Args:
        model: the network.
    """

    def __init__(self, model: Model[BiSeNetSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    def regions(self, crops: Sequence[Pixels], wanted: Sequence[MaskRegion]) -> list[Share]:
        """Return where the regions wanted are, 0 to 1, each mask of the size of its crop."""
        if not crops:
            return []
        settings = self._settings
        numbers = [settings.numbers[region] for region in wanted if region in settings.numbers]
        pixels = np.stack([squared(crop, settings.size) for crop in crops]) / np.float32(255)
        batch = (pixels - np.array(settings.mean, np.float32)) / np.array(settings.std, np.float32)
        logits = self._session.run({"input": batch.transpose(0, 3, 1, 2)})["output"]
        found = np.isin(logits.argmax(1), numbers).astype(np.float32)
        return [resized(mask, crop.shape[0]) for mask, crop in zip(found, crops, strict=True)]


def _contract(settings: BiSeNetSettings) -> Contract:
    size = settings.size
    return Contract(
        inputs=(TensorSpec("input", ("batch", 3, size, size)),),
        outputs=(TensorSpec("output", ("batch", CLASSES, size, size)),),
    )


FAMILY = Family("bisenet", "face_parser", BiSeNetSettings, _contract, BiSeNet)
