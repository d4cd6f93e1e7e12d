"""Pixels as networks take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from facefusion.inference.family import FamilySettings

Channels = tuple[float, float, float]
ColourOrder = Literal["rgb", "bgr"]


class PixelSettings(FamilySettings):
    """How the pixels of a network's input are scaled: (x - mean) / std.

    Attributes:
        mean: of values from 0 to 255, in the order of the channels; one number is that of all.
        std: likewise.
        colour_order: which channel comes first.
    """

    mean: Channels = (0.0, 0.0, 0.0)
    std: Channels = (1.0, 1.0, 1.0)
    colour_order: ColourOrder = "rgb"

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _of_all(cls, value: object) -> object:
        """Let one number stand for all channels."""
        return (value,) * 3 if isinstance(value, int | float) else value

    def tensor(self, crops: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return pictures as the network takes them, float32 (N, 3, H, W).

        Args:
            crops: RGB uint8 (H, W, 3), all of one size.
        """
        stack = np.stack(crops)
        if self.colour_order == "bgr":
            stack = stack[..., ::-1]
        values = (stack.astype(np.float32) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
