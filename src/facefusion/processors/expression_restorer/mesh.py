"""The expression restorer's model without weights: what a driving clip's face does, done by the mesh."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Final, Self

from facefusion.errors import OptionsError
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.open import moves
from facefusion.options import Options
from facefusion.options.expression_restorer import ExpressionArea
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.expression_restorer.driving import DrivingFace
from facefusion.processors.expression_restorer.opening import check_useful, open_driving
from facefusion.processors.face_motion.motion import Performance, performed
from facefusion.state import State

MODEL: Final = "mesh"
"""What it is called as a model."""
_STRONGEST: Final = 1.2
"""What the factor 1 stands for, as of the other model."""


class PerformanceLook:
    """Sees expressions as meshes; see `Look`."""

    def of(self, image: Image, face: Face) -> Performance:
        """Return what a face does."""
        return Performance.of(image, face)

    def state(self, expression: Performance) -> State:
        """Return that as a state."""
        return expression.state()

    def of_state(self, state: State) -> Performance:
        """Return what was saved."""
        return Performance.of_state(state)


class MeshExpressions:
    """Moves faces as a driving clip's face moves beyond its first frame.

    Args:
        driving: that face.
        factor: how far faces go there, 0 to 1; see the options.
        areas: of the face that move.
    """

    is_concurrent = False

    def __init__(self, driving: DrivingFace[Performance], factor: float, areas: Collection[ExpressionArea]) -> None:
        self._driving = driving
        self._factor = factor * _STRONGEST
        self._areas = areas

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: what is asked for takes weights, or would change nothing.
            InputError: the driving clip cannot be read.
            NoFaceError: it shows no face.
        """
        check_useful(context)
        _check_able(context.options)
        driving = open_driving(context, PerformanceLook())
        assert driving is not None
        ours = context.options.expression_restorer
        return cls(driving, ours.expression_restorer_factor, ours.expression_restorer_areas)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces moved; a frame in which nothing moves stays the same object."""
        return [self._moved(item) for item in batch]

    def begin(self, time: Fraction) -> None:
        """Hear when the target's first frame is shown; see `begin_processor`."""
        self._driving.begin(time)

    def state(self) -> State:
        """Return where the driving clip is."""
        return self._driving.state()

    def restore(self, state: State) -> None:
        """Go on from there."""
        self._driving.restore(state)

    def _moved(self, item: FaceFrame) -> FaceFrame:
        drive = self._driving.at(item.frame.time)
        image = item.frame.image
        for face in item.faces:
            factor = self._factor * face.share
            image = performed(image, face, drive.expression, drive.start, factor=factor, areas=self._areas)
        return item if image is item.frame.image else item.with_frame(item.frame.with_image(image))


def _check_able(options: Options) -> None:
    """Refuse what the mesh cannot do.

    Raises:
        OptionsError: it is asked for.
    """
    ours = options.expression_restorer
    advice = "Take --expression-restorer-model live_portrait for that (facefusion models pull live_portrait)"
    path = ours.expression_restorer_driving
    if path is None:
        raise OptionsError("The model mesh takes expressions from a driving clip, and restores none", advice)
    if not moves(path):
        raise OptionsError(f"{path} is a picture, and the model mesh takes what a clip's face does over time", advice)
    if ours.expression_restorer_driving_mode == "absolute":
        raise OptionsError("The model mesh adds what the driving face does beyond its first frame, no more", advice)
