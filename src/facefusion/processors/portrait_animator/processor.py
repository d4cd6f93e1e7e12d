"""The processor that shows a portrait in place of the target, moved as the target's face is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Self

from facefusion.errors import OptionsError
from facefusion.faces.types import Face
from facefusion.inference.catalogue import Catalogue
from facefusion.media.info import PictureInfo
from facefusion.media.probe import probe
from facefusion.options import Options
from facefusion.options.expression_restorer import ExpressionArea
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorContext, Source, SourceFace
from facefusion.processors.face_motion.motion import Performance, performed
from facefusion.processors.portrait_animator.portrait import Portrait, portrait_size
from facefusion.processors.portrait_animator.rest import face_at_rest, largest
from facefusion.state import State

_AREAS: Final[tuple[ExpressionArea, ...]] = ("upper-face", "lower-face")
_ADVICE: Final = "Name one picture with --source; its face is moved as the target's"


class PortraitAnimator:
    """Gives a portrait for each frame, whose face does what the target's does beyond its rest.

    Args:
        portrait: what is shown.
        strength: how far it goes, 1 being as far as the target's.
        rest: what the target's face does at rest; what the first face does that comes when None.
    """

    is_concurrent = False

    def __init__(self, portrait: Portrait, strength: float = 1.0, rest: Performance | None = None) -> None:
        self._portrait = portrait
        self._strength = strength
        self._rest = rest
        self._now: Performance | None = None

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: the source is not one picture.
            InputError: the target cannot be read.
        """
        options = context.options.portrait_animator
        source = _picture_of(context.sources)
        portrait = Portrait.of(source.image, source.face, options.portrait_animator_size)
        return cls(portrait, options.portrait_animator_strength, face_at_rest(context))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the portrait for each frame, with its face as it is found there."""
        return [self._shown(item) for item in batch]

    def state(self) -> State:
        """Return what the target's face does at rest and did last; see `facefusion.state`."""
        return {name: None if each is None else each.state() for name, each in self._known().items()}

    def restore(self, state: State) -> None:
        """Go on from there."""
        self._rest, self._now = (
            None if state[name] is None else Performance.of_state(state[name]) for name in self._known()
        )

    def _known(self) -> dict[str, Performance | None]:
        return {"rest": self._rest, "now": self._now}

    def _shown(self, item: FaceFrame) -> FaceFrame:
        face = largest(item.faces)
        if face is not None:
            self._now = Performance.of(item.frame.image, face)
            self._rest = self._rest or self._now
        image, own = self._portrait.image, self._portrait.face
        if self._now is not None and self._rest is not None:
            image = performed(image, own, self._now, self._rest, factor=self._strength, areas=_AREAS)
        # Nothing of the target's own picture is left, so what others compare with begins here.
        return FaceFrame(replace(item.frame, image=image, original=None, opacity=None, opaque=None), self._faces(face))

    def _faces(self, face: Face | None) -> tuple[Face, ...]:
        """Return the portrait's face in the role of the target's, for those who edit it further."""
        if face is None:
            return ()
        return (replace(self._portrait.face, track_id=face.track_id, role=face.role, share=face.share),)


def portrait_format(before: FrameFormat, options: Options, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like; see `ProcessorSpec`.

    Raises:
        OptionsError: the source is not one picture.
        InputError: it cannot be read.
    """
    if len(options.source_paths) != 1:
        raise OptionsError(f"A portrait is one picture, not {len(options.source_paths)}", _ADVICE)
    info = probe(options.source_paths[0], options.limits)
    if not isinstance(info, PictureInfo):
        raise OptionsError(f"{options.source_paths[0]} is no picture that could be moved", _ADVICE)
    width, height = portrait_size(info.width, info.height, options.portrait_animator.portrait_animator_size)
    return FrameFormat(width, height)


def _picture_of(sources: Sequence[Source]) -> SourceFace:
    """Return the source, which is one picture.

    Raises:
        OptionsError: it is not.
    """
    if len(sources) != 1 or not isinstance(sources[0], SourceFace) or sources[0].time is not None:
        raise OptionsError("The portrait animator moves one picture, not several, nor a clip or a face file", _ADVICE)
    return sources[0]
