"""Options of the portrait animator."""

from __future__ import annotations

from pydantic import Field

from facefusion.options.base import OptionGroup


class PortraitAnimatorOptions(OptionGroup):
    """How a portrait is moved."""

    portrait_animator_strength: float = Field(
        default=1.0,
        ge=0,
        le=1.5,
        description="how far the portrait goes with the face of the target: 0 not at all, 1 as far as that",
    )
    portrait_animator_size: int = Field(
        default=1080, ge=64, le=4096, description="longest side of the result in pixels; no portrait is enlarged"
    )
