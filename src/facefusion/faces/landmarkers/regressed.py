"""Landmarkers that give coordinates straight away: PFLD, slim networks, meshes, LivePortrait's.

Source: Guo et al., "PFLD: A Practical Facial Landmark Detector", 2019, and others of its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from facefusion.faces.align import apply_affine
from facefusion.faces.landmarkers.base import FaceView, Landmarks
from facefusion.faces.landmarks import MESH_68, OF_106
from facefusion.faces.tensors import Channels, PixelSettings
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

_LAYOUTS: Final = {"300w": tuple(range(68)), "106": OF_106, "mesh": MESH_68}


class RegressedSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        points: number of landmarks.
        dimensions: coordinates of each; those after the second are not used.
        values: length of the output, of which landmarks come first and the rest is not used; that of the landmarks
            when None.
        unit: of coordinates: shares of the crop, -1 to 1 from edge to edge, or pixels.
        size: side of the crop in pixels.
        scale: side of the crop as a multiple of the face's longer side.
        layout: which landmarks they are, for those of whom it is known where the 68 are among them.
        presence: whether a further output of the shape [N, 1, 1, 1] says whether there is a face, as a logit.
    """

    points: int = Field(ge=5)
    dimensions: Literal[2, 3] = 2
    values: int | None = None
    unit: Literal["share", "signed", "pixels"] = "share"
    size: int = Field(ge=32)
    scale: float = Field(default=1.0, gt=0)
    layout: Literal["300w", "106", "mesh"] | None = None
    presence: bool = False
    std: Channels = (255.0, 255.0, 255.0)

    @model_validator(mode="after")
    def _has_its_points(self) -> Self:
        """Refuse a layout whose landmarks there are not."""
        if self.layout is not None and max(_LAYOUTS[self.layout]) >= self.points:
            raise ValueError(f"layout {self.layout} has more than {self.points} points")
        return self

    @property
    def length(self) -> int:
        """Length of the output."""
        return self.values or self.points * self.dimensions


class RegressedLandmarks:
    """A landmarker whose output is a row of coordinates.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[RegressedSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    def fit(self, views: Sequence[FaceView]) -> list[Landmarks]:
        """Return the landmarks of each face, which may be of several pictures; as sure as that there is a face."""
        if not views:
            return []
        settings = self._settings
        crops, back = zip(*(view.cut(settings.size, settings.scale) for view in views), strict=True)
        outputs = self._session.run(settings.tensor(crops))
        rows = outputs["landmarks"].reshape(len(views), -1)[:, : settings.points * settings.dimensions]
        places = self._pixels(rows.reshape(len(views), settings.points, settings.dimensions)[..., :2])
        found = [apply_affine(affine, each) for affine, each in zip(back, places, strict=True)]
        scores = self._scores(views, outputs.get("presence"))
        layout = None if settings.layout is None else list(_LAYOUTS[settings.layout])
        return [
            Landmarks(points, score, None if layout is None else points[layout])
            for points, score in zip(found, scores, strict=True)
        ]

    def _pixels(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._settings.unit == "pixels":
            return values
        shares = values if self._settings.unit == "share" else (values + 1) / 2
        return np.asarray(shares * self._settings.size, np.float32)

    def _scores(self, views: Sequence[FaceView], presence: npt.NDArray[np.float32] | None) -> list[float]:
        if presence is None:
            return [view.face.presence for view in views]
        return [float(1 / (1 + np.exp(-np.clip(value, -80, 80)))) for value in presence.reshape(-1)]


def _contract(settings: RegressedSettings) -> Contract:
    inputs = TensorSpec("input", ("batch", 3, settings.size, settings.size))
    outputs = [TensorSpec("landmarks", ("batch", "...", settings.length))]
    if settings.presence:
        outputs.append(TensorSpec("presence", ("batch", 1, 1, 1)))
    return Contract((inputs,), tuple(outputs))


FAMILY = Family("regressed_landmarks", "face_landmarker", RegressedSettings, _contract, RegressedLandmarks)
"""Landmarkers whose output is a row of coordinates."""
