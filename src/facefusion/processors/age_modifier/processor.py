"""The processor around the age models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from facefusion.faces.crops import paste
from facefusion.faces.masks.masker import FaceMasker
from facefusion.options.masks import MaskType
from facefusion.processors.age_modifier.base import TASK, AgeEditor
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.crop_editing import CropJob, Masker
from facefusion.state import State

_MOST_TRACKS = 256

_HEEDED: tuple[MaskType, ...] = ("occlusion",)


class AgeModifier:
    """Makes the faces that it is given younger or older; all of a batch go through the network at once.

    In a video a face counts as old as it seemed on average since it came: from frame to frame classifiers waver.

    Args:
        editor: the network.
        masker: which part of its result is seen.
        direction: from -100, much younger, to 100, much older.
    """

    def __init__(self, editor: AgeEditor, masker: Masker, direction: int) -> None:
        self._editor = editor
        self._masker = masker
        self._direction = direction
        self._seen: dict[int, _Age] = {}

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelError: the model cannot be used.
        """
        options = context.options.age_modifier
        editor: AgeEditor = context.sessions.load(options.age_modifier_model, TASK)
        whole = context.options.face_masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
        masker = FaceMasker.create(whole, context.sessions, always=("box",), only=_HEEDED)
        return cls(editor, masker, options.age_modifier_direction)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces of another age."""
        jobs = [CropJob(self._editor.cut(item.frame.image, face), item) for item in batch for face in item.faces]
        if not jobs or self._direction == 0:
            return list(batch)
        edited = self._editor.edit(jobs, self._steady(jobs, self._editor.ages(jobs)), self._direction)
        masks = self._masker.masks([job.crop for job in jobs], edited)
        images = {id(item): item.frame.image.copy() for item in batch if item.faces}
        for job, pixels, mask in zip(jobs, edited, masks, strict=True):
            paste(images[id(job.item)], pixels, job.crop.affine, mask * np.float32(job.crop.face.share))
        return [
            item.with_frame(item.frame.with_image(images[id(item)])) if id(item) in images else item for item in batch
        ]

    def state(self) -> State:
        """Return how old the faces that are followed seemed."""
        return {"ages": [[track, age.total, age.times] for track, age in self._seen.items()]}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._seen = {track: _Age(total, times) for track, total, times in state["ages"]}

    def _steady(self, jobs: Sequence[CropJob], ages: Sequence[float]) -> list[float]:
        """Return the ages, for faces that are followed on average over all frames so far."""
        tracks = [job.crop.face.track_id for job in jobs]
        return [age if track is None else self._mean(track, age) for track, age in zip(tracks, ages, strict=False)]

    def _mean(self, track: int, age: float) -> float:
        before = self._seen.pop(track, _Age(0.0, 0))
        self._seen[track] = now = _Age(before.total + age, before.times + 1)
        if len(self._seen) > _MOST_TRACKS:
            del self._seen[next(iter(self._seen))]  # the one that was not met for longest
        return now.total / now.times


@dataclass(frozen=True, slots=True)
class _Age:
    """How old a face seemed, added up over so many frames."""

    total: float
    times: int
