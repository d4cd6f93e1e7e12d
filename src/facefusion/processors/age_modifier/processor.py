"""The processor around the age models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from facefusion.faces.crops import paste
from facefusion.processors.age_modifier.base import TASK, AgeEditor
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.box_masker import BoxMasker
from facefusion.processors.crop_editing import CropJob, Masker
from facefusion.state import State


class AgeModifier:
    """Makes the faces that it is given younger or older; all of a batch go through the network at once.

    Args:
        editor: the network.
        masker: which part of its result is seen.
        direction: from -100, much younger, to 100, much older.
    """

    def __init__(self, editor: AgeEditor, masker: Masker, direction: int) -> None:
        self._editor = editor
        self._masker = masker
        self._direction = direction

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: the model cannot be used.
        """
        options = context.options.age_modifier
        editor: AgeEditor = context.sessions.load(options.age_modifier_model, TASK)
        masker = BoxMasker(context.options.face_swapper.face_mask_blur)
        return cls(editor, masker, options.age_modifier_direction)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces of another age."""
        jobs = [CropJob(self._editor.cut(item.frame.image, face), item) for item in batch for face in item.faces]
        if not jobs or self._direction == 0:
            return list(batch)
        edited = self._editor.edit(jobs, self._direction)
        masks = self._masker.masks([job.crop for job in jobs], edited)
        images = {id(item): item.frame.image.copy() for item in batch if item.faces}
        for job, pixels, mask in zip(jobs, edited, masks, strict=True):
            paste(images[id(job.item)], pixels, job.crop.affine, mask * np.float32(job.crop.face.share))
        return [
            item.with_frame(item.frame.with_image(images[id(item)])) if id(item) in images else item for item in batch
        ]

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""
