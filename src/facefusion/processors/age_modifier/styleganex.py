"""The family of StyleGANEX, after Yang et al., "StyleGANEX: Manipulation Beyond Cropped Aligned Faces", 2023."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.align import crop
from facefusion.faces.crops import FaceCrop
from facefusion.faces.templates import TemplateName, to_template
from facefusion.faces.types import Face, Points
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.media.frame import Image
from facefusion.processors.age_modifier.base import TASK, Floats
from facefusion.processors.crop_editing import CropJob, from_network, portions, to_network

_MIDDLE = [0.5]
_STRONGEST = 2.5
_COARSE = 16
"""Side of the squares whose colours an edit does not change: a face has about that many from side to side."""


class StyleganexSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        template: how the face lies in the crop without background.
        size: side of that in pixels.
        wide_template: how it lies in the crop with background.
        wide_size: side of that in pixels.
        shrink: by how much the landmarks are drawn to the nose for the crop with background.
        output_size: side of what the network gives, in pixels.
    """

    template: TemplateName = "ffhq_512"
    size: int = Field(default=256, ge=32, le=4096)
    wide_template: TemplateName = "styleganex_384"
    wide_size: int = Field(default=384, ge=32, le=4096)
    shrink: float = Field(default=0.875, gt=0, le=1)
    output_size: int = Field(default=1024, ge=32, le=4096)


class Styleganex:
    """Networks from a face, with and without background, and a direction to a face; see `AgeEditor`.

    The broad colours of the crop are put back over the result: these networks shift them.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[StyleganexSettings]) -> None:
        self._settings, self._session = model.settings, model.session

    def cut(self, image: Image, face: Face) -> FaceCrop:
        """Cut a face out with its background; see `AgeEditor`."""
        settings = self._settings
        points = shrunk(face.landmarks5, settings.shrink)
        affine = to_template(points, settings.wide_template, settings.wide_size)
        return FaceCrop(crop(image, affine, settings.wide_size, repeat_edge=True), affine, face)

    def ages(self, jobs: Sequence[CropJob]) -> list[float]:
        """Return nothing: the network need not know."""
        return []

    def edit(self, jobs: Sequence[CropJob], ages: Sequence[float], direction: int) -> list[Floats]:
        """Return faces of another age; see `AgeEditor`."""
        largest = max(self._settings.wide_size, self._settings.output_size)
        return [pixels for part in portions(len(jobs), largest) for pixels in self._edit(jobs[part], direction)]

    def _edit(self, jobs: Sequence[CropJob], direction: int) -> list[Floats]:
        near = [self._near(job) for job in jobs]
        wide = [job.crop.image for job in jobs]
        inputs = {
            "target": to_network(near, _MIDDLE, _MIDDLE),
            "target_with_background": to_network(wide, _MIDDLE, _MIDDLE),
            "direction": np.array(-_STRONGEST * direction / 100, np.float32),
        }
        edited = from_network(self._session.run(inputs)["output"], _MIDDLE, _MIDDLE)
        return [in_colours_of(pixels, before) for pixels, before in zip(edited, wide, strict=True)]

    def _near(self, job: CropJob) -> npt.NDArray[np.uint8]:
        settings = self._settings
        return FaceCrop.cut(job.item.frame.image, job.crop.face, settings.template, settings.size).image


def shrunk(landmarks5: Points, factor: float) -> Points:
    """Return landmarks drawn to the tip of the nose, float32 (5, 2)."""
    nose = landmarks5[2]
    return np.asarray(nose + (landmarks5 - nose) * np.float32(factor), np.float32)


def in_colours_of(pixels: Floats, before: npt.NDArray[np.uint8]) -> Floats:
    """Return an edited crop, RGB float32, 0 to 255, with the broad colours that it had before.

    Args:
        pixels: float32 (S, S, 3), 0 to 255.
        before: the crop, RGB uint8 (T, T, 3), of any size.
    """
    side = (_COARSE, _COARSE)
    wanted = cv2.resize(before.astype(np.float32), side, interpolation=cv2.INTER_AREA)
    there = cv2.resize(pixels, side, interpolation=cv2.INTER_AREA)
    change = cv2.resize(wanted - there, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray((pixels + change).clip(0, 255), np.float32)


def _contract(settings: StyleganexSettings) -> Contract:
    size, wide, made = settings.size, settings.wide_size, settings.output_size
    return Contract(
        inputs=(
            TensorSpec("target", ("batch", 3, size, size)),
            TensorSpec("target_with_background", ("batch", 3, wide, wide)),
            TensorSpec("direction", ()),
        ),
        outputs=(TensorSpec("output", ("batch", 3, made, made)),),
    )


FAMILY = Family("styleganex_age", TASK, StyleganexSettings, _contract, Styleganex)
