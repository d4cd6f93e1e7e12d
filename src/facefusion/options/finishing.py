"""Options of the processors that bring frames together: in colour, and over time."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from facefusion.options.base import OptionGroup


class ColourMatcherOptions(OptionGroup):
    """How frames get the colours of a reference."""

    colour_matcher_reference: Path | None = Field(
        default=None, description="picture or clip whose colours frames get; needed for the colour matcher"
    )
    colour_matcher_time: float = Field(
        default=0, ge=0, description="of a reference that is a clip: which moment of it counts, in seconds"
    )
    colour_matcher_method: Literal["transport", "statistics"] = Field(
        default="transport",
        description="'transport' moves all colours together, also where tones are tinted unlike; 'statistics' brings"
        " lightness and the two colour axes each to the reference's mean and spread",
    )
    colour_matcher_strength: int = Field(
        default=80, ge=0, le=100, description="how far colours go to the reference's, in percent"
    )
    colour_matcher_area: Literal["everywhere", "outside-faces"] = Field(
        default="everywhere", description="where colours change; with 'outside-faces' faces have no say either"
    )


class TemporalSmootherOptions(OptionGroup):
    """How flicker is taken out of what other processors made."""

    temporal_smoother_strength: int = Field(
        default=80, ge=0, le=100, description="how much of the flicker of edits goes, in percent"
    )
    temporal_smoother_seconds: float = Field(
        default=0.4, ge=0.05, le=2, description="how long frames before have a say, in seconds"
    )
