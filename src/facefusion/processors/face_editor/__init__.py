"""The face editor: brows, eyes, mouth and head moved by sliders."""

from facefusion.processors.base import ProcessorSpec
from facefusion.processors.face_editor.processor import FaceEditor

SPEC = ProcessorSpec(
    name="face_editor",
    summary="moves eyebrows, eyes, mouth and head of faces by sliders",
    needs_source=False,
    create=FaceEditor.create,
    needs=frozenset({"landmarks5"}),
    model_option="face_editor_model",
)
