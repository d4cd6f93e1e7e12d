"""Rest: what the target's face does when the clip begins, wherever in it a processor is asked to begin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Face
from facefusion.media.open import moves, open_reader
from facefusion.media.select import Selection
from facefusion.processors.base import ProcessorContext
from facefusion.processors.face_motion.motion import Performance

_LOOKED_AT: Final = 50
"""Frames from the first on in which a face is looked for; where it comes later, its first frame is its rest."""


def face_at_rest(context: ProcessorContext) -> Performance | None:
    """Return what the largest face does in the first frame of the target that shows one; None where there is none.

    Parts of a clip may be worked on apart, so each looks at its beginning for itself.

    Args:
        context: what the processor is made from.

    Raises:
        InputError: the target cannot be read.
    """
    options = context.options
    path = options.target_path
    if path is None or not moves(path):
        return None
    analyser = FaceAnalyser.create(options.faces, context.sessions)
    with open_reader(path, limits=options.limits, selection=Selection.of(options)) as reader:
        for frame in islice(reader, _LOOKED_AT):
            face = largest(analyser.find(frame.image))
            if face is not None:
                return Performance.of(frame.image, face)
    return None


def largest(faces: Sequence[Face]) -> Face | None:
    """Return the largest of some faces, if there is any."""
    return max(faces, key=lambda face: face.width * face.height, default=None)
