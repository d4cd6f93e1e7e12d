"""A family of detectors: networks that list candidates, box, score and five landmarks of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from facefusion.faces.detectors.network import Candidates, DetectorSettings, NetworkDetectorModel, Values
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model


class ListedFacesSettings(DetectorSettings):
    """What sets the networks of the family apart; size, normalisation and margins are those of all detectors.

    Attributes:
        unit: of boxes and landmarks: shares of the input's width and height, or its pixels.
    """

    unit: Literal["share", "pixels"] = "share"


class ListedFacesHead:
    """Reads the lists.

    Args:
        settings: the unit.
    """

    def __init__(self, settings: ListedFacesSettings) -> None:
        self._is_share = settings.unit == "share"

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates in pixels of the canvas; overlapping ones are joined by whoever calls."""
        scale = np.array([width, height] if self._is_share else [1, 1], np.float32)
        boxes, points = outputs["boxes"], outputs["points"]
        return Candidates(
            outputs["scores"][..., 0],
            boxes * np.tile(scale, 2),
            points.reshape(*points.shape[:2], 5, 2) * scale,
        )


def _contract(_: ListedFacesSettings) -> Contract:
    """Name what files call otherwise: the aliases are tried before shapes are compared."""
    return Contract(
        inputs=(TensorSpec("input", ("batch", 3, "height", "width"), aliases=("image",)),),
        outputs=(
            TensorSpec("boxes", ("batch", "faces", 4), aliases=("locations",)),
            TensorSpec("scores", ("batch", "faces", 1), aliases=("confidence",)),
            TensorSpec("points", ("batch", "faces", 10), aliases=("keypoints",)),
        ),
    )


def _create(model: Model[ListedFacesSettings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, ListedFacesHead(model.settings))


FAMILY = Family("listed_faces", "face_detector", ListedFacesSettings, _contract, _create)
"""Candidates as lists."""
