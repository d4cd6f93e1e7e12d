"""Options of the face swapper."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from facefusion.options.base import OptionGroup


def _side(value: object) -> object:
    """Take a square as `512x512`, too."""
    width, sign, height = value.partition("x") if isinstance(value, str) else ("", "", "")
    return width if sign and width == height else value


class FaceSwapperOptions(OptionGroup):
    """How a face is put in place of another."""

    face_swapper_model: str = Field(default="mesh", description="model of the face swapper")
    blend_ratio: float = Field(default=1.0, ge=0, le=1, description="share of the new face in the result")
    shape: float = Field(
        default=0.85, ge=0, le=1, description="how far eyes, nose and mouth move to where the source has them"
    )
    keep_expression: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="how far folds of the target's expression show on the new face, and those of the source's smile go",
    )
    skin_tone_match: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="how far the new face's skin takes the target's tone: 1 all of it, 0 keeps the source's own;"
        " not given: as the model makes it",
    )
    face_swapper_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="of models that take an identity: 0 keeps a third of the target's, 1 goes as far beyond the source",
    )
    face_swapper_pixel_boost: Annotated[int | None, BeforeValidator(_side)] = Field(
        default=None,
        ge=64,
        le=2048,
        description="of models with weights: side of the square in which a face is made, a multiple of the model's own",
    )
