"""The family of networks that tell the foreground from the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import to_network

TASK = "background_remover"

Floats = npt.NDArray[np.float32]


class RemoverSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        size: side of the square in which it sees a frame.
        mean: that its pixels of 0 to 1 have been shifted by, for each channel.
        std: that they have then been divided by.
        layout: whether channels come first or last.
        is_classified: whether the output holds a plane for each class, of which the first is the background; else it
            is the foreground's share.
        has_green_key: whether it is given, as a fourth channel, how far each pixel is not the green of a screen.
        gives_foreground: whether a second output is the foreground, RGB of 0 to 1, free of the background's light.
    """

    size: int = Field(ge=32, le=4096)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    layout: Literal["nchw", "nhwc"] = "nchw"
    is_classified: bool = False
    has_green_key: bool = False
    gives_foreground: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """What a network says of one frame.

    Attributes:
        mask: share of the foreground, float32 (S, S), 0 to 1.
        foreground: its colours, RGB float32 (S, S, 3), 0 to 255; None where the network does not give them.
    """

    mask: Floats
    foreground: Floats | None


class Remover:
    """Networks from a picture to the share of the foreground, such as U²-Net (Qin et al., 2020).

    Args:
        model: of the family.

    Attributes:
        size: side of the pictures that it takes.
    """

    def __init__(self, model: Model[RemoverSettings]) -> None:
        self._model = model
        self.size = model.settings.size

    def cut_out(self, images: list[Image]) -> list[Cutout]:
        """Tell what is in front.

        Args:
            images: RGB uint8 (size, size, 3).
        """
        settings = self._model.settings
        values = to_network(images, settings.mean, settings.std)
        if settings.has_green_key:
            values = np.concatenate([values, green_key(images)], axis=1)
        if settings.layout == "nhwc":
            values = values.transpose(0, 2, 3, 1)
        outputs = self._model.session.run(np.ascontiguousarray(values))
        masks = self._masks(outputs["mask"])
        if not settings.gives_foreground:
            return [Cutout(mask, None) for mask in masks]
        colours = outputs["foreground"].transpose(0, 2, 3, 1).clip(0, 1) * np.float32(255)
        return [Cutout(mask, colour) for mask, colour in zip(masks, colours, strict=True)]

    def _masks(self, output: Floats) -> Floats:
        """Return the foreground's share, float32 (N, S, S)."""
        axis = 1 if self._model.settings.layout == "nchw" else 3
        if self._model.settings.is_classified:
            return np.asarray(output.argmax(axis) > 0, np.float32)
        return np.asarray(output.take(0, axis).clip(0, 1), np.float32)


def green_key(images: list[Image]) -> Floats:
    """Return how far each pixel is not the green of a screen, float32 (N, 1, S, S), 0 to 1."""
    stack = np.stack(images) * np.float32(1 / 255)
    green = stack[:, :, :, 1] - np.maximum(stack[:, :, :, 0], stack[:, :, :, 2])
    return np.asarray(1 - np.clip(2 * green, 0, 1), np.float32)[:, None]


def _contract(settings: RemoverSettings) -> Contract:
    channels = 4 if settings.has_green_key else 3
    side = (settings.size, settings.size)
    given: tuple[int | str, ...] = ("batch", channels, *side)
    mask: tuple[int | str, ...] = ("batch", "classes", *side)
    if settings.layout == "nhwc":
        given, mask = ("batch", *side, channels), ("batch", *side, "classes")
    outputs = [TensorSpec("mask", mask)]
    if settings.gives_foreground:
        outputs.append(TensorSpec("foreground", ("batch", 3, *side)))
    return Contract((TensorSpec("input", given),), tuple(outputs))


FAMILY = Family("background_remover", TASK, RemoverSettings, _contract, Remover)
