"""Landmarkers of 68 points that say how sure they are: FAN with heat maps, and the larger of the Peppa networks.

Source: Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", 2017;
github.com/ainrichman/Peppa-Facial-Landmark-PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.align import apply_affine
from facefusion.faces.landmarkers.base import FaceView, Landmarks
from facefusion.faces.tensors import Channels, ColourOrder, PixelSettings
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

SIZE: Final = 256
GRID: Final = 64
"""Side of the heat maps: coordinates are in their pixels."""
_SCALE: Final = 256 / 195
_DARK: Final = 30
"""Mean lightness, of 255, below which contrast is raised first."""
Values = npt.NDArray[np.float32]


class ScoredSettings(PixelSettings):
    """What sets the networks of both families apart.

    Attributes:
        certain: mean score of the points from which the landmarker counts as certain.
    """

    colour_order: ColourOrder = "bgr"
    std: Channels = (255.0, 255.0, 255.0)
    certain: float = Field(default=0.9, gt=0, le=1)


class ScoredLandmarks:
    """A landmarker of 68 points, each with a score.

    Args:
        model: of one of the families.
    """

    def __init__(self, model: Model[ScoredSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    def fit(self, views: Sequence[FaceView]) -> list[Landmarks]:
        """Return the landmarks of each face, which may be of several pictures."""
        if not views:
            return []
        crops, back = zip(*(view.cut(SIZE, _SCALE) for view in views), strict=True)
        outputs = self._session.run(self._settings.tensor([lightened(crop) for crop in crops]))
        points, scores = read_scored(outputs)
        found = []
        for affine, places, score in zip(back, points * np.float32(SIZE / GRID), scores, strict=True):
            there = apply_affine(affine, places)
            found.append(Landmarks(there, min(1.0, float(score) / self._settings.certain), there))
        return found


def read_scored(outputs: Mapping[str, Values]) -> tuple[Values, Values]:
    """Return points, float32 (N, 68, 2), in pixels of the grid, and the mean of their scores, float32 (N,)."""
    rows = outputs["landmarks"]
    if "heatmaps" in outputs:
        peaks = outputs["heatmaps"].reshape(len(rows), 68, -1).max(2)
        return rows.reshape(len(rows), 68, -1)[..., :2], peaks.mean(1)
    rows = rows.reshape(len(rows), 68, 3)
    return rows[..., :2], rows[..., 2].mean(1)


def lightened(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a crop, RGB uint8, with more contrast where it is dark."""
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2Lab)
    if lab[..., 0].mean() >= _DARK:
        return crop
    lab[..., 0] = cv2.createCLAHE(clipLimit=2).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), np.uint8)


def _fan(_: ScoredSettings) -> Contract:
    outputs = (
        TensorSpec("landmarks", ("batch", 68, "coordinates")),
        TensorSpec("heatmaps", ("batch", 68, GRID, GRID)),
    )
    return Contract((TensorSpec("input", ("batch", 3, SIZE, SIZE)),), outputs)


def _peppa(_: ScoredSettings) -> Contract:
    return Contract(
        (TensorSpec("input", ("batch", 3, SIZE, SIZE)),), (TensorSpec("landmarks", ("batch", "...", "values")),)
    )


FAN = Family("fan_landmarks", "face_landmarker", ScoredSettings, _fan, ScoredLandmarks)
"""68 points with a heat map each."""
PEPPA = Family("peppa_landmarks", "face_landmarker", ScoredSettings, _peppa, ScoredLandmarks)
"""68 points with a score each."""
