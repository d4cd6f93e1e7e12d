"""YuNet: one anchor for each cell.

Source: Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np

from facefusion.faces.detectors.network import (
    Candidates,
    DetectorSettings,
    NetworkDetectorModel,
    Values,
    cells,
    of_batch,
    picture_input,
)
from facefusion.faces.tensors import ColourOrder
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

STRIDES: Final = (8, 16, 32)
_KINDS: Final = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


class YuNetSettings(DetectorSettings):
    """What sets the networks of the family apart.

    Attributes:
        scoring: how class and objectness make a score: their geometric mean, as the network's authors have it, or their
            product.
    """

    colour_order: ColourOrder = "bgr"
    scoring: Literal["geometric_mean", "product"] = "geometric_mean"


class YuNetHead:
    """Centre and landmarks are given from the corner of each cell in strides, sizes as logarithms.

    Args:
        settings: how scores are made.
    """

    def __init__(self, settings: YuNetSettings) -> None:
        self._is_mean = settings.scoring == "geometric_mean"

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates; see `Head`."""
        parts = [self._level(outputs, stride, height, width) for stride in STRIDES]
        scores, boxes, points = (np.concatenate(kind, 1) for kind in zip(*parts, strict=True))
        return Candidates(scores, boxes, points)

    def _level(
        self, outputs: Mapping[str, Values], stride: int, height: int, width: int
    ) -> tuple[Values, Values, Values]:
        anchors = cells(height, width, stride)
        cls, obj, box, points = (of_batch(outputs[f"{kind}_{stride}"], size) for kind, size in _KINDS.items())
        product = np.clip(cls[..., 0], 0, 1) * np.clip(obj[..., 0], 0, 1)
        centres = (anchors + box[..., :2]) * stride
        half = np.exp(box[..., 2:]) * np.float32(stride / 2)
        places = (anchors[:, None] + points.reshape(*points.shape[:2], 5, 2)) * stride
        boxes = np.concatenate([centres - half, centres + half], -1)
        return np.sqrt(product) if self._is_mean else product, boxes, places


def _contract(_: YuNetSettings) -> Contract:
    outputs = [
        TensorSpec(f"{kind}_{stride}", ("batch", "anchors", size))
        for kind, size in _KINDS.items()
        for stride in STRIDES
    ]
    return Contract((picture_input(),), tuple(outputs))


def _create(model: Model[YuNetSettings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, YuNetHead(model.settings))


FAMILY = Family("yunet", "face_detector", YuNetSettings, _contract, _create)
"""YuNet: twelve outputs."""
