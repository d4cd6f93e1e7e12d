"""What drives expressions, opened, and jobs refused in which it would change nothing."""

from __future__ import annotations

from typing import TypeVar

from facefusion.errors import OptionsError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.open import moves
from facefusion.processors.base import ProcessorContext
from facefusion.processors.expression_restorer.driving import DrivingClip, DrivingPicture, Look

T = TypeVar("T")


def open_driving(context: ProcessorContext, look: Look[T]) -> DrivingClip[T] | DrivingPicture[T] | None:
    """Open what drives expressions; None where nothing does.

    Args:
        context: what the processor is made from; a clip is closed with it.
        look: tells what a face expresses.

    Raises:
        InputError: it cannot be read.
        NoFaceError: it shows no face.
    """
    options = context.options
    path = options.expression_restorer.expression_restorer_driving
    if path is None:
        return None
    analyser = FaceAnalyser.create(options.faces, context.sessions)
    if not moves(path):
        return DrivingPicture(path, options.limits, analyser, look)
    clip = DrivingClip(path, options.limits, analyser, look)
    context.resources.callback(clip.close)
    return clip


def check_useful(context: ProcessorContext) -> None:
    """Refuse jobs in which expressions would stay as they are.

    Raises:
        OptionsError: it is one.
    """
    ours, target = context.options.expression_restorer, context.options.target_path
    path = ours.expression_restorer_driving
    if path is None:
        if context.is_first:
            raise OptionsError(
                "The expression restorer is the first processor: no expression has changed that it could restore",
                "Name it after another in --processors, or a face to take expressions from with "
                "--expression-restorer-driving",
            )
    elif ours.expression_restorer_driving_mode == "relative" and target and moves(path) and not moves(target):
        raise OptionsError(
            f"The target {target} is a picture, beside which no more than the first frame of {path} plays",
            "Take its expression as it is with --expression-restorer-driving-mode absolute; a video of a picture that "
            f"moves is made by --processors portrait_animator --source {target} --target {path}",
        )
