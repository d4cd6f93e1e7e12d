"""Families of networks that guess the colours of grey pictures."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model

TASK = "frame_colorizer"

Greys = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class Colorizer(Protocol):
    """A network that guesses colours."""

    @property
    def size(self) -> int | None:
        """Side of the pictures that it takes; None where it takes any."""
        ...

    def chroma(self, greys: Greys) -> Floats:
        """Return a and b of CIE Lab, float32 (N, S, S, 2), of grey pictures, uint8 (N, S, S)."""
        ...


class _Network:
    """What both families have in common."""

    def __init__(self, model: Model[FamilySettings]) -> None:
        self._session = model.session

    @property
    def size(self) -> int | None:
        """Side of the pictures that the file takes; None where it takes any."""
        side = self._session.inputs["input"].shape[2]
        return side if isinstance(side, int) else None

    def _run(self, greys: Floats) -> Floats:
        """Run the network on grey as RGB; its output as (N, S, S, channels)."""
        values: Floats = self._session.run(np.repeat(greys[:, None], 3, axis=1))["output"]
        return values.transpose(0, 2, 3, 1)


class DdColor(_Network):
    """DDColor (Kang et al., 2023): gives chroma."""

    def chroma(self, greys: Greys) -> Floats:
        """Return chroma; see `Colorizer`."""
        return np.ascontiguousarray(self._run(greys * np.float32(1 / 255)))


class DeOldify(_Network):
    """DeOldify (Antic, 2018): gives a picture of 0 to 255, of which the chroma counts."""

    def chroma(self, greys: Greys) -> Floats:
        """Return chroma; see `Colorizer`."""
        pictures = self._run(greys.astype(np.float32)).clip(0, 255) * np.float32(1 / 255)
        return np.stack([cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)[:, :, 1:] for picture in pictures])


def _contract(channels: int) -> Contract:
    return Contract(
        inputs=(TensorSpec("input", ("batch", 3, "height", "width")),),
        outputs=(TensorSpec("output", ("batch", channels, "height", "width")),),
    )


def _ddcolor(model: Model[FamilySettings]) -> Colorizer:
    return DdColor(model)


def _deoldify(model: Model[FamilySettings]) -> Colorizer:
    return DeOldify(model)


DDCOLOR = Family("ddcolor", TASK, FamilySettings, lambda settings: _contract(2), _ddcolor)
DEOLDIFY = Family("deoldify", TASK, FamilySettings, lambda settings: _contract(3), _deoldify)
