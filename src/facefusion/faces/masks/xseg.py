"""XSeg: how surely each pixel of a crop shows the face, and not what is in front of it.

Source: Perov et al., "DeepFaceLab: Integrated, flexible and extensible face-swapping framework", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.crops import Pixels, Share
from facefusion.faces.masks.soften import resized
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model


class XSegSettings(FamilySettings):
    """What sets one XSeg network apart.

    Attributes:
        size: side of the network's crop in pixels.
    """

    size: int = Field(default=256, ge=16)


class XSeg:
    """Runs an XSeg network. It takes crops channel last, blue first, from 0 to 1.

    Args:
        model: the network.
    """

    def __init__(self, model: Model[XSegSettings]) -> None:
        self._session = model.session
        self._size = model.settings.size

    def visible(self, crops: Sequence[Pixels]) -> list[Share]:
        """Return how surely each pixel shows the face, 0 to 1, each mask of the size of its crop."""
        if not crops:
            return []
        batch = np.stack([squared(crop, self._size)[:, :, ::-1] for crop in crops]) / np.float32(255)
        found = self._session.run({"input": batch})["output"][..., 0]
        return [resized(np.clip(mask, 0, 1), crop.shape[0]) for mask, crop in zip(found, crops, strict=True)]


def squared(crop: Pixels, size: int) -> npt.NDArray[np.float32]:
    """Return a square crop at another size, float32 (size, size, 3), without aliasing when it shrinks."""
    if crop.shape[0] == size:
        return np.asarray(crop, np.float32)
    how = cv2.INTER_AREA if crop.shape[0] > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.asarray(crop, np.float32), (size, size), interpolation=how), np.float32)


def _contract(settings: XSegSettings) -> Contract:
    size = settings.size
    return Contract(
        inputs=(TensorSpec("input", ("batch", size, size, 3)),),
        outputs=(TensorSpec("output", ("batch", size, size, 1)),),
    )


FAMILY = Family("xseg", "face_occluder", XSegSettings, _contract, XSeg)
