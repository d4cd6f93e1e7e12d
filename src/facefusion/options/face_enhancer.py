"""Options of the face enhancer."""

from __future__ import annotations

from pydantic import Field

from facefusion.options.base import OptionGroup


class FaceEnhancerOptions(OptionGroup):
    """How faces are restored."""

    face_enhancer_model: str = Field(
        default="auto",
        description="model of the face enhancer; 'auto' is gfpgan_1.4 where its weights are here, and else clarity,"
        " which needs none",
    )
    face_enhancer_blend: int = Field(
        default=80, ge=0, le=100, description="share of the restored face in the result, in percent"
    )
    face_enhancer_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="of models that can be told, such as codeformer: 0 the finest face, 1 the one most like the input",
    )
