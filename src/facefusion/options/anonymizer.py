"""Options of the anonymizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from facefusion.options.base import OptionGroup

AnonymizerMethod = Literal["synthetic", "blur", "pixelate", "mask"]
"""What is seen in place of a face."""


class AnonymizerOptions(OptionGroup):
    """How faces are made unrecognisable."""

    anonymizer_method: AnonymizerMethod = Field(
        default="synthetic",
        description="what is seen in place of a face: another that nobody has, with the same expression and gaze, or"
        " its own blurred, in squares, or one colour",
    )
    anonymizer_seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="of the faces that nobody has: another number, other faces"
    )
    anonymizer_strength: float = Field(
        default=1.0,
        ge=0.25,
        le=4,
        description="how much of a face blur and squares take: 1 leaves four and six cells across it, 2 half as many",
    )
    anonymizer_voice: float = Field(
        default=0.0,
        ge=-8,
        le=8,
        description="by how many semitones the target's sound is made higher or lower; 0 leaves it as it is",
    )
