"""The family of networks that make another picture of an aligned face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from facefusion.faces.crops import Pixels
from facefusion.faces.templates import TemplateName
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.crop_editing import CropJob, from_network, portions, to_network

TASK = "face_translator"

Channels = tuple[float, float, float]


class TranslatorSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        template: how the face lies in what the network is given.
        size: side of that in pixels.
        output_size: side of what the network gives, in pixels; the same where it is not said.
        mean: that pixels of 0 to 1 are shifted by for the network, for each of its channels.
        std: that they are then divided by.
        output_mean: that has to be added to what the network gives, after `output_std`; `mean` where it is not said.
        output_std: that what the network gives has to be multiplied by, to be 0 to 1; `std` where it is not said.
        colours: the order of the network's channels.
    """

    template: TemplateName = "ffhq_512"
    size: int = Field(ge=16, le=4096)
    output_size: int | None = Field(default=None, ge=16, le=8192)
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.5, 0.5, 0.5)
    output_mean: Channels | None = None
    output_std: Channels | None = None
    colours: Literal["rgb", "bgr"] = "rgb"


class FaceTranslator:
    """Networks from an aligned face to another picture of it; see `CropEditor`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[TranslatorSettings]) -> None:
        self._settings = model.settings
        self._session = model.session
        self._order = slice(None, None, 1 if model.settings.colours == "rgb" else -1)
        self.template = model.settings.template
        self.size = model.settings.size

    def edit(self, jobs: Sequence[CropJob]) -> list[Pixels]:
        """Return the new faces, RGB float32, 0 to 255."""
        largest = max(self.size, self._settings.output_size or 0)
        return [pixels for part in portions(len(jobs), largest) for pixels in self._edit(jobs[part])]

    def _edit(self, jobs: Sequence[CropJob]) -> list[Pixels]:
        settings = self._settings
        values = to_network([job.crop.image[:, :, self._order] for job in jobs], settings.mean, settings.std)
        output = self._session.run(values)["output"]
        mean, std = settings.output_mean or settings.mean, settings.output_std or settings.std
        return [np.ascontiguousarray(pixels[:, :, self._order]) for pixels in from_network(output, mean, std)]


def _contract(settings: TranslatorSettings) -> Contract:
    size, made = settings.size, settings.output_size or settings.size
    return Contract(
        inputs=(TensorSpec("input", ("batch", 3, size, size)),),
        outputs=(TensorSpec("output", ("batch", 3, made, made)),),
    )


FAMILY = Family("face_translator", TASK, TranslatorSettings, _contract, FaceTranslator)
