"""Options of masks: which part of an edited face is to be seen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from facefusion.options.base import OptionGroup

MaskType = Literal["mesh", "ellipse", "box", "area", "occlusion", "region"]
MaskArea = Literal["upper-face", "lower-face", "mouth"]
MaskRegion = Literal[
    "skin",
    "left-eyebrow",
    "right-eyebrow",
    "left-eye",
    "right-eye",
    "glasses",
    "nose",
    "mouth",
    "upper-lip",
    "lower-lip",
]
ALL_REGIONS: tuple[MaskRegion, ...] = (
    *("skin", "left-eyebrow", "right-eyebrow", "left-eye", "right-eye"),
    *("glasses", "nose", "mouth", "upper-lip", "lower-lip"),
)
MANY = "many"
"""Stands for all models there are."""


def _four_sides(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Complete top, right, bottom and left, as style sheets do."""
    if not 1 <= len(numbers) <= 4 or any(not 0 <= number <= 100 for number in numbers):
        raise ValueError("one to four numbers from 0 to 100 are wanted: top, right, bottom, left")
    return {1: numbers * 4, 2: numbers * 2, 3: (*numbers, *numbers[1:2]), 4: numbers}[len(numbers)]


class FaceMaskOptions(OptionGroup):
    """Which part of an edited face is to be seen."""

    face_mask_types: tuple[MaskType, ...] = Field(
        default=("mesh",), min_length=1, description="masks that bound an edited face; several are intersected"
    )
    face_mask_blur: float = Field(default=0.3, ge=0, le=1, description="softness of the mask's edge")
    face_mask_padding: Annotated[tuple[int, ...], AfterValidator(_four_sides)] = Field(
        default=(0, 0, 0, 0),
        min_length=1,
        description="of a box: what is left out at the top, right, bottom and left, in percent of its sides",
    )
    face_mask_areas: tuple[MaskArea, ...] = Field(
        default=("upper-face", "lower-face", "mouth"),
        min_length=1,
        description="of an area mask: the areas of the face to be seen",
    )
    face_mask_regions: tuple[MaskRegion, ...] = Field(
        default=ALL_REGIONS, min_length=1, description="of a region mask: the parts of the face to be seen"
    )
    face_occluder_model: str = Field(
        default="xseg_1", description="model that tells what is in front of a face; 'many' asks all of them"
    )
    face_parser_model: str = Field(
        default="bisenet_resnet_34", description="model that tells the parts of a face from one another"
    )
