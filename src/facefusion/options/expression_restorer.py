"""Options of the expression restorer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from facefusion.options.base import OptionGroup

ExpressionArea = Literal["upper-face", "lower-face"]


class ExpressionRestorerOptions(OptionGroup):
    """How expressions are put back, or taken from another face."""

    expression_restorer_model: str = Field(default="live_portrait", description="model of the expression restorer")
    expression_restorer_factor: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="how far the face goes to the expression: 0 not at all, 1 a little beyond it",
    )
    expression_restorer_areas: tuple[ExpressionArea, ...] = Field(
        default=("upper-face", "lower-face"), min_length=1, description="areas of the face whose expression changes"
    )
    expression_restorer_driving: Path | None = Field(
        default=None,
        description="clip or picture of a face whose expression is taken, at the same time; that of the frame before"
        " all processors when not given",
    )
    expression_restorer_driving_mode: Literal["relative", "absolute"] = Field(
        default="relative",
        description="of a driving clip: what its face does beyond its first frame is added, or its expression taken as"
        " it is; that of a picture always is",
    )
