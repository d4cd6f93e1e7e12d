"""RetinaFace with prior boxes, as its PyTorch version with MobileNet 0.25 has it.

Source: Deng et al., "RetinaFace: Single-stage Dense Face Localisation in the Wild", 2019; the boxes are coded as in Liu
et al., "SSD: Single Shot MultiBox Detector", 2016.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from facefusion.faces.detectors.network import (
    Candidates,
    DetectorSettings,
    NetworkDetectorModel,
    Values,
    cells,
    picture_input,
)
from facefusion.faces.tensors import Channels, ColourOrder
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model


class PriorBoxSettings(DetectorSettings):
    """What sets the networks of the family apart.

    Attributes:
        strides: side of a cell of each grid in pixels.
        priors: sides of the square prior boxes of each grid in pixels.
        variances: scale of the codes of places and of sizes.
    """

    mean: Channels = (104.0, 117.0, 123.0)
    colour_order: ColourOrder = "bgr"
    strides: tuple[int, ...] = (8, 16, 32)
    priors: tuple[tuple[float, ...], ...] = ((16, 32), (64, 128), (256, 512))
    variances: tuple[float, float] = (0.1, 0.2)


class PriorBoxHead:
    """Boxes and landmarks are given from prior boxes that lie on the middle of each cell.

    Args:
        settings: the prior boxes.
    """

    def __init__(self, settings: PriorBoxSettings) -> None:
        self._settings = settings

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates; see `Head`."""
        centres, sides = self._priors(height, width)
        place, size = self._settings.variances
        codes, points = outputs["box"], outputs["points"]
        middle = centres + codes[..., :2] * place * sides
        half = sides * np.exp(codes[..., 2:] * size) / 2
        places = centres[:, None] + points.reshape(*points.shape[:2], 5, 2) * place * sides[:, None]
        return Candidates(outputs["score"][..., 1], np.concatenate([middle - half, middle + half], -1), places)

    def _priors(self, height: int, width: int) -> tuple[Values, Values]:
        """Return centres and sides of all prior boxes in pixels, float32 (A, 2) and (A, 1)."""
        centres, sides = [], []
        for stride, sizes in zip(self._settings.strides, self._settings.priors, strict=True):
            grid = (cells(height, width, stride, len(sizes)) + np.float32(0.5)) * np.float32(stride)
            centres.append(grid)
            sides.append(np.tile(np.array(sizes, np.float32), len(grid) // len(sizes))[:, None])
        return np.concatenate(centres), np.concatenate(sides)


def _contract(_: PriorBoxSettings) -> Contract:
    outputs = (
        TensorSpec("box", ("batch", "anchors", 4), aliases=("loc", "output0")),
        TensorSpec("score", ("batch", "anchors", 2), aliases=("conf", "output1")),
        TensorSpec("points", ("batch", "anchors", 10), aliases=("landms", "landm", "output2")),
    )
    return Contract((picture_input(),), outputs)


def _create(model: Model[PriorBoxSettings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, PriorBoxHead(model.settings))


FAMILY = Family("retinaface_priors", "face_detector", PriorBoxSettings, _contract, _create)
"""RetinaFace with prior boxes: three outputs."""
