"""How faces are found, and which networks look at them."""

from __future__ import annotations

from typing import Final

from pydantic import Field, field_validator

from facefusion.options.base import OptionGroup

_ANGLES: Final = (0, 90, 180, 270)


class FaceAnalysisOptions(OptionGroup):
    """How faces are found, and which networks look at them."""

    face_detector_model: tuple[str, ...] = Field(
        default=("blazeface_full_range", "blazeface_short_range"),
        min_length=1,
        description="models that look for faces; of several all answers count, and the first looks for small faces",
    )
    face_detector_size: int | None = Field(
        default=None,
        ge=160,
        le=2048,
        description="side in pixels at which detectors that take any size look at a picture",
    )
    face_detector_angles: tuple[int, ...] = Field(
        default=_ANGLES,
        min_length=1,
        description="in which directions faces are looked for, in degrees: 0 is upright; also 90, 180, 270",
    )
    face_detector_tiles: int | None = Field(
        default=None,
        ge=1,
        le=8,
        description="pieces along the longer side in which small faces are looked for, in every look for faces;"
        " when not given, 2 in pictures and none in videos",
    )

    @field_validator("face_detector_angles")
    @classmethod
    def _quarters(cls, angles: tuple[int, ...]) -> tuple[int, ...]:
        if any(angle not in _ANGLES for angle in angles):
            raise ValueError("an angle is 0, 90, 180 or 270")
        return tuple(dict.fromkeys(angles))
