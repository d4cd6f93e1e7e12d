"""Options of the face editor."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from facefusion.options.base import OptionGroup


def _slider(description: str) -> Any:
    return Field(default=0.0, ge=-1, le=1, description=description)


class FaceEditorOptions(OptionGroup):
    """How faces are edited. Left and right are those of the picture; 0 leaves things as they are."""

    face_editor_model: str = Field(default="live_portrait_editor", description="model of the face editor")
    face_editor_eyebrow_direction: float = _slider("eyebrows, from drawn together to raised")
    face_editor_eye_gaze_horizontal: float = _slider("gaze, from the left of the picture to its right")
    face_editor_eye_gaze_vertical: float = _slider("gaze, from down to up")
    face_editor_eye_open_ratio: float = _slider("eyes, from closed to wide open")
    face_editor_lip_open_ratio: float = _slider("lips, from closed to wide open")
    face_editor_mouth_grim: float = _slider("mouth, from slack to tight")
    face_editor_mouth_pout: float = _slider("lips, from drawn in to pouting")
    face_editor_mouth_purse: float = _slider("lips, from stretched to pursed")
    face_editor_mouth_smile: float = _slider("mouth, from its corners hanging to a smile")
    face_editor_mouth_position_horizontal: float = _slider("mouth, from the left of the picture to its right")
    face_editor_mouth_position_vertical: float = _slider("mouth, from down to up")
    face_editor_head_pitch: float = _slider("head, nodding from down to up")
    face_editor_head_yaw: float = _slider("head, turning from the left of the picture to its right")
    face_editor_head_roll: float = _slider("head, tilting from the left of the picture to its right")
