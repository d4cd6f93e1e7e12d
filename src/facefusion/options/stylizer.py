"""Options of the stylizer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from facefusion.options.base import OptionGroup


class StylizerOptions(OptionGroup):
    """How frames are given another look."""

    stylizer_look: Literal["cartoon", "oil", "sketch", "lut"] = Field(
        default="cartoon", description="look: drawn as a cartoon, in oil or in pencil, or the colours of a table"
    )
    stylizer_strength: int = Field(default=100, ge=0, le=100, description="share of the look in the result, in percent")
    stylizer_scope: Literal["frame", "faces", "background"] = Field(
        default="frame", description="what shows the look: the whole frame, faces, or all but faces"
    )
    stylizer_stroke: float = Field(
        default=1.0, ge=0.5, le=3, description="width of lines and size of brush strokes and patches; 1 is as usual"
    )
    stylizer_lut: Path | None = Field(
        default=None, description="with look 'lut': the table of colours, a .cube file of one or three dimensions"
    )
