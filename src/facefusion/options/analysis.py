"""How faces are found, and which networks look at them."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from facefusion.options.base import OptionGroup
from facefusion.options.every import number_or_auto

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
    detect_every: Annotated[int | Literal["auto"], BeforeValidator(number_or_auto(250))] = Field(
        default="auto",
        description="in which frames of a video newcomers are looked for: every so many, from 1 to 250, or 'auto', as often"
        " as the scene asks for, so that nobody waits longer than half a second",
    )

    face_landmarker_model: str = Field(
        default="face_mesh", description="model that says where eyes, nose and mouth lie, for processors with networks"
    )
    face_landmarker_score: float = Field(
        default=0.5, ge=0, le=1, description="score above which the landmarker is believed; else the mesh is"
    )
    face_classifier_model: str = Field(
        default="fairface", description="model that says what age, gender and race somebody is taken for"
    )
    face_selector_age_start: int | None = Field(
        default=None, ge=0, le=100, description="leave faces as they are that are taken for younger than this"
    )
    face_selector_age_end: int | None = Field(
        default=None, ge=1, le=101, description="leave faces as they are that are taken for this old or older"
    )
    face_selector_gender: Literal["female", "male"] | None = Field(
        default=None, description="work only on faces that are taken for this gender"
    )
    face_selector_race: Literal["white", "black", "latino", "asian", "indian", "arabic"] | None = Field(
        default=None, description="work only on faces that are taken for this group"
    )

    @model_validator(mode="after")
    def _has_ages(self) -> Self:
        start, end = self.face_selector_age_start, self.face_selector_age_end
        if start is not None and end is not None and start >= end:
            raise ValueError("face-selector-age-start must be less than face-selector-age-end")
        return self

    @property
    def selects_by_attributes(self) -> bool:
        """Whether what somebody is taken for decides on which faces are worked on."""
        wanted = (self.face_selector_age_start, self.face_selector_age_end)
        return any(each is not None for each in (*wanted, self.face_selector_gender, self.face_selector_race))

    @field_validator("face_detector_angles")
    @classmethod
    def _quarters(cls, angles: tuple[int, ...]) -> tuple[int, ...]:
        if any(angle not in _ANGLES for angle in angles):
            raise ValueError("an angle is 0, 90, 180 or 270")
        return tuple(dict.fromkeys(angles))
