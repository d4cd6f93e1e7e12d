"""The processor that restores and transfers expressions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Self

import numpy as np

from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import ExpressionRestorerOptions
from facefusion.options.masks import MaskType
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.crop_editing import CropJob, Masker, pasted
from facefusion.processors.expression_restorer.driving import Drive, DrivingClip, DrivingFace, ExpressionLook
from facefusion.processors.expression_restorer.opening import check_useful, open_driving
from facefusion.processors.live_portrait.animator import ANIMATOR, PortraitAnimator
from facefusion.processors.live_portrait.expressions import approached, moved_along
from facefusion.processors.live_portrait.geometry import Floats, Motion
from facefusion.state import State

_HEEDED: tuple[MaskType, ...] = ("occlusion",)


class ExpressionRestorer:
    """Shows edited faces with the expression that they had before all processors, or with a driving face's.

    All faces of a batch go through the networks at once. A face that nothing has changed yet has its expression.

    Args:
        animator: the networks.
        masker: which part of a crop is seen.
        options: how far expressions go, and where.
        driving: whose expression is taken; that of the frame before all processors when None.
        is_absolute: whether the driving face's expression is taken as it is, rather than what it does beyond its first.
    """

    def __init__(
        self,
        animator: PortraitAnimator,
        masker: Masker,
        options: ExpressionRestorerOptions,
        driving: DrivingFace[Floats] | None = None,
        *,
        is_absolute: bool = False,
    ) -> None:
        self._animator = animator
        self._masker = masker
        self._factor = options.expression_restorer_factor
        self._areas = options.expression_restorer_areas
        self._driving = driving
        self._is_absolute = is_absolute

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: it would change nothing as it is called.
            ModelError: the model cannot be used.
            InputError: what drives expressions cannot be read.
            NoFaceError: that shows no face.
        """
        options = context.options.expression_restorer
        check_useful(context)
        animator: PortraitAnimator = context.sessions.load(options.expression_restorer_model, ANIMATOR)
        whole = context.options.face_masks.model_copy(update={"face_mask_padding": (0, 0, 0, 0)})
        masker = FaceMasker.create(whole, context.sessions, always=("box",), only=_HEEDED)
        driving = open_driving(context, ExpressionLook(animator))
        is_still = not isinstance(driving, DrivingClip)
        is_absolute = is_still or options.expression_restorer_driving_mode == "absolute"
        return cls(animator, masker, options, driving, is_absolute=is_absolute)

    @property
    def is_concurrent(self) -> bool:
        """Whether several batches may be at work at one time: only what drives faces is to be met in order."""
        return self._driving is None

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces' expressions restored."""
        if self._factor == 0:
            return list(batch)
        jobs = [CropJob(self._cut(item.frame.image, face), item) for item in batch for face in item.faces]
        return self._restored(batch, jobs) if self._driving is None else self._driven(batch, jobs, self._driving)

    def begin(self, time: Fraction) -> None:
        """Hear when the target's first frame is shown; see `begin_processor`."""
        if self._driving is not None:
            self._driving.begin(time)

    def state(self) -> State:
        """Return where the driving clip is; an empty state without one."""
        return {} if self._driving is None else self._driving.state()

    def restore(self, state: State) -> None:
        """Go on from there."""
        if self._driving is not None:
            self._driving.restore(state)

    def _restored(self, batch: Sequence[FaceFrame], jobs: Sequence[CropJob]) -> list[FaceFrame]:
        """Put the expression of the frame before all processors back on what differs from it."""
        pairs = [(job, self._cut(job.item.before.image, job.crop.face).image) for job in jobs]
        pairs = [(job, before) for job, before in pairs if not np.array_equal(before, job.crop.image)]
        if not pairs:
            return list(batch)
        motion = self._animator.motion([job.crop.image for job, _ in pairs] + [before for _, before in pairs])
        now, before = motion[: len(pairs)], motion[len(pairs) :]
        wanted = approached(now.expression, before.expression, self._factor, self._areas)
        return self._shown(batch, [job for job, _ in pairs], now, wanted)

    def _driven(
        self, batch: Sequence[FaceFrame], jobs: Sequence[CropJob], driving: DrivingFace[Floats]
    ) -> list[FaceFrame]:
        """Put a driving face's expression on all faces."""
        drives = {id(item): driving.at(item.frame.time) for item in batch}
        if not jobs:
            return list(batch)
        now = self._animator.motion([job.crop.image for job in jobs])
        expression, start = _stacked([drives[id(job.item)] for job in jobs])
        if self._is_absolute:
            wanted = approached(now.expression, expression, self._factor, self._areas)
        else:
            wanted = moved_along(now.expression, expression - start, self._factor, self._areas)
        return self._shown(batch, jobs, now, wanted)

    def _shown(
        self, batch: Sequence[FaceFrame], jobs: Sequence[CropJob], now: Motion, wanted: Floats
    ) -> list[FaceFrame]:
        """Show faces with other expressions."""
        crops = [job.crop for job in jobs]
        edited = self._animator.animate([crop.image for crop in crops], now.points(), now.points(wanted))
        return pasted(batch, jobs, edited, self._masker.masks(crops, edited))

    def _cut(self, image: Image, face: Face) -> FaceCrop:
        return FaceCrop.cut(image, face, self._animator.template, self._animator.size)


def _stacked(drives: Sequence[Drive[Floats]]) -> tuple[Floats, Floats]:
    return np.stack([drive.expression for drive in drives]), np.stack([drive.start for drive in drives])
