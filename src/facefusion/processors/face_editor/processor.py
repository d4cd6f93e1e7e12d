"""The processor that edits faces by sliders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from facefusion.faces.align import crop
from facefusion.faces.crops import FaceCrop, Pixels
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.templates import TemplateName, to_template
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import FaceEditorOptions
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.crop_editing import CropJob, Masker, pasted
from facefusion.processors.face_editor.ratios import eye_ratios, lip_ratios
from facefusion.processors.face_editor.sliders import edited_expression, edited_rotation, is_at_rest
from facefusion.processors.live_portrait.editor import EDITOR, PortraitEditor
from facefusion.processors.live_portrait.geometry import Floats
from facefusion.processors.live_portrait.retargeter import Retargeter
from facefusion.state import State

_TEMPLATE: Final[TemplateName] = "ffhq_512"
_WIDER: Final = 1.5
"""By how much the landmarks are spread, so that a head has room to turn."""
_CLOSED, _EYES_OPEN, _LIPS_OPEN = 0.0, 0.6, 1.0
"""Ratios of closed eyes and lips, and of open ones."""


class FaceEditor:
    """Edits the faces that it is given; all of a batch go through the networks at once.

    Args:
        editor: the networks.
        masker: which part of a crop is seen.
        options: the sliders.
    """

    is_concurrent = True

    def __init__(self, editor: PortraitEditor, masker: Masker, options: FaceEditorOptions) -> None:
        self._editor = editor
        self._animator = editor.animator
        self._masker = masker
        self._options = options
        eyes, lips = options.face_editor_eye_open_ratio, options.face_editor_lip_open_ratio
        self._eyes: Retargeter | None = editor.eyes if eyes else None
        self._lips: Retargeter | None = editor.lips if lips else None

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: a model cannot be used.
        """
        options = context.options.face_editor
        editor: PortraitEditor = context.sessions.load(options.face_editor_model, EDITOR)
        whole = context.options.face_masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
        # What is in front of a face would have to move along with it: no mask could tell where to.
        masker = FaceMasker.create(whole, context.sessions, always=("box",), only=())
        return cls(editor, masker, options)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces edited."""
        if is_at_rest(self._options):
            return list(batch)
        jobs = [
            CropJob(wide_crop(item.frame.image, face, self._animator.size), item)
            for item in batch
            for face in item.faces
        ]
        if not jobs:
            return list(batch)
        crops = [job.crop for job in jobs]
        edited = self._edited(crops)
        return pasted(batch, jobs, edited, self._masker.masks(crops, edited))

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _edited(self, crops: Sequence[FaceCrop]) -> list[Pixels]:
        images = [crop.image for crop in crops]
        motion = self._animator.motion(images)
        given = motion.points()
        expression, rotation = (
            edited_expression(motion.expression, self._options),
            edited_rotation(motion, self._options),
        )
        moved = motion.points(expression, rotation) + self._retargeted(given, [crop.face for crop in crops])
        return self._animator.animate(images, given, self._editor.stitched(given, moved))

    def _retargeted(self, given: Floats, faces: Sequence[Face]) -> Floats:
        """Return by how much key points move so that eyes and lips open or close as far as asked, (N, 21, 3)."""
        eyes, lips = self._options.face_editor_eye_open_ratio, self._options.face_editor_lip_open_ratio
        moves = np.zeros_like(given)
        if self._eyes is not None:
            wanted = _EYES_OPEN if eyes > 0 else _CLOSED
            moves += self._eyes.retarget(given, eye_ratios(faces), wanted) * np.float32(abs(eyes))
        if self._lips is not None:
            wanted = _LIPS_OPEN if lips > 0 else _CLOSED
            moves += self._lips.retarget(given, lip_ratios(faces), wanted) * np.float32(abs(lips))
        return moves


def wide_crop(image: Image, face: Face, size: int) -> FaceCrop:
    """Cut a face out with much around it, as these networks were trained on.

    Args:
        image: RGB uint8 (H, W, 3).
        face: in its pixels.
        size: side of the crop in pixels.
    """
    nose = face.landmarks5[2]
    affine = to_template(nose + (face.landmarks5 - nose) * np.float32(_WIDER), _TEMPLATE, size)
    return FaceCrop(crop(image, affine, size, repeat_edge=True), affine, face)
