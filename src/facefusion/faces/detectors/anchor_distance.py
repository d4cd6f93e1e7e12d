"""SCRFD and InsightFace's RetinaFace: distances of a box's sides from anchors.

Source: Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021; Deng et al.,
"RetinaFace: Single-stage Dense Face Localisation in the Wild", 2019, as InsightFace exports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from facefusion.errors import ModelUnfitError
from facefusion.faces.detectors.network import (
    Candidates,
    DetectorSettings,
    NetworkDetectorModel,
    Values,
    cells,
    of_batch,
    picture_input,
)
from facefusion.faces.tensors import Channels
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

STRIDES: Final = (8, 16, 32)
_ANCHORS: Final = 2
_KINDS: Final = {"score": 1, "box": 4, "points": 10}


class AnchorDistanceSettings(DetectorSettings):
    """What sets the networks of the family apart; those that were published take RGB, (x - 127.5) / 128."""

    mean: Channels = (127.5, 127.5, 127.5)
    std: Channels = (128.0, 128.0, 128.0)


class AnchorDistanceHead:
    """Two anchors lie on the corner of each cell; sides and landmarks are given from there, in strides.

    Args:
        name: of the model, for messages.
    """

    def __init__(self, name: str = "model") -> None:
        self._name = name

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates; see `Head`."""
        parts = [self._level(outputs, stride, height, width) for stride in STRIDES]
        scores, boxes, points = (np.concatenate(kind, 1) for kind in zip(*parts, strict=True))
        return Candidates(scores, boxes, points)

    def _level(
        self, outputs: Mapping[str, Values], stride: int, height: int, width: int
    ) -> tuple[Values, Values, Values]:
        anchors = cells(height, width, stride, _ANCHORS) * stride
        scores, sides, points = (of_batch(outputs[f"{kind}_{stride}"], size) for kind, size in _KINDS.items())
        if scores.shape[1] != len(anchors):
            raise ModelUnfitError(
                f"Model {self._name} gives {scores.shape[1]} scores at stride {stride}, not {len(anchors)}",
                "It is of another family",
            )
        sides = sides * stride
        boxes = np.concatenate([anchors - sides[..., :2], anchors + sides[..., 2:]], -1)
        places = anchors[:, None] + points.reshape(*points.shape[:2], 5, 2) * stride
        return scores[..., 0], boxes, places


def _contract(_: AnchorDistanceSettings) -> Contract:
    outputs = [
        TensorSpec(f"{kind}_{stride}", ("...", "anchors", size)) for kind, size in _KINDS.items() for stride in STRIDES
    ]
    return Contract((picture_input(),), tuple(outputs))


def _create(model: Model[AnchorDistanceSettings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, AnchorDistanceHead(model.card.name))


SCRFD = Family("scrfd", "face_detector", AnchorDistanceSettings, _contract, _create)
"""SCRFD with landmarks, of any size."""
RETINAFACE = Family("retinaface", "face_detector", AnchorDistanceSettings, _contract, _create)
"""RetinaFace with nine outputs."""
