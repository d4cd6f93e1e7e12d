"""Options that say which faces are worked on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from facefusion.options.analysis import FaceAnalysisOptions

FaceOrder = Literal[
    "large-small",
    "small-large",
    "left-right",
    "right-left",
    "top-bottom",
    "bottom-top",
    "best-worst",
    "worst-best",
]


class FaceSelectionOptions(FaceAnalysisOptions):
    """Which faces are worked on, and what a usable face is."""

    face_selector_mode: Literal["many", "one", "reference"] = Field(
        default="many", description="faces of the target to work on: all, one, or the person of the reference picture"
    )
    face_selector_order: FaceOrder = Field(default="large-small", description="order in which faces are counted")
    face_position: int = Field(default=0, ge=0, description="with mode 'one': which of the usable faces, in that order")
    reference_face_path: Path | None = Field(
        default=None, description="with mode 'reference': picture of the person to work on"
    )
    reference_face_position: int | None = Field(
        default=None, ge=0, description="which face of the reference picture; needed when it shows several"
    )
    reference_face_distance: float = Field(
        default=0.5,
        gt=0,
        le=2,
        description="with mode 'reference': identity distance below which two faces are one person",
    )
    source_face_position: int | None = Field(
        default=None, ge=0, description="which face of each source picture or clip; needed when one shows several"
    )
    face_detector_score: float = Field(default=0.5, gt=0, lt=1, description="score above which a detection is a face")
    face_min_size: int = Field(
        default=16, ge=8, description="faces of the target narrower than this many pixels are left as is"
    )
    face_max_yaw: float = Field(
        default=65, gt=0, le=90, description="faces of the target turned further than this many degrees are left as is"
    )
    source_face_min_size: int = Field(default=48, ge=8, description="narrowest usable source face in pixels")
    source_face_max_yaw: float = Field(
        default=50, gt=0, le=90, description="furthest usable turn of a source face in degrees"
    )
    source_face_min_sharpness: float = Field(
        default=0.4, ge=0, le=1, description="least usable sharpness of a source face; 0 is blurred, 1 is crisp"
    )
    source_face_max_distance: float = Field(
        default=0.65,
        gt=0,
        le=2,
        description="identity distance above which two source pictures show different people, who are refused",
    )
