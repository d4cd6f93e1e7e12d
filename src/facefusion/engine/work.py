"""The work on frames, the same for pictures and videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.targets import TargetSelector
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.enrich import FaceEnricher, Need
from facefusion.faces.landmarkers.base import FaceView
from facefusion.media.frame import Frame, Image
from facefusion.processors.base import FaceFrame, Processor, notes_of, run_processor

Pass = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Edited:
    """What was done to a target.

    Attributes:
        frames: written.
        faces: edited, counted in every frame.
    """

    frames: int
    faces: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What finds the faces to be worked on.

    Attributes:
        analyser: finds faces.
        selector: selects among them.
        enricher: finds out what processors need to know of faces.
        needs: what they need.
    """

    analyser: FaceAnalyser
    selector: TargetSelector
    enricher: FaceEnricher
    needs: frozenset[Need] = frozenset()

    def enriched(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with what processors need to know of its faces, which are looked at together."""
        if not self.needs:
            return list(batch)
        views = [FaceView(item.frame.image, face) for item in batch for face in item.faces]
        faces = iter(self.enricher.enrich(views, self.needs))
        return [item.with_faces([next(faces) for _ in item.faces]) for item in batch]


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that is done to frames between reading and writing.

    Attributes:
        finding: finds the faces to be worked on; None where no processor needs any.
        processors: edit frames, one after the other.
        pre_processor: user's step before, if any.
        post_processor: user's step after, if any.
        clock: where the time goes.
        notes: told what the user should know.
    """

    finding: Finding | None
    processors: tuple[Processor, ...]
    pre_processor: Callable[[Image], Image] | None
    post_processor: Callable[[Image], Image] | None
    clock: StageClock
    notes: Notes

    @property
    def has_hooks(self) -> bool:
        """Whether there are steps of the user, of which nothing is known."""
        return self.pre_processor is not None or self.post_processor is not None

    def tell(self) -> None:
        """Tell what the processors have to say when all is done."""
        self.notes.tell(*(note for processor in self.processors for note in notes_of(processor)))

    def prepare(self, frame: Frame) -> Frame:
        """Run the user's step before, on a copy: it may change the array, but what was read must stay."""
        return frame if self.pre_processor is None else frame.with_image(self.pre_processor(frame.image.copy()))

    def edit(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Run the processors and the user's step after; faces are in pixels of what comes out."""
        return self.finish(self.process(batch))

    def process(self, batch: Sequence[FaceFrame], passes: Sequence[Pass] | None = None) -> list[FaceFrame]:
        """Run the processors.

        Args:
            batch: frames in order.
            passes: what is entered before each of the processors, and left behind it.
        """
        items = list(batch) if self.finding is None else self.finding.enriched(batch)
        for processor, entered in zip(self.processors, passes or [nullcontext] * len(self.processors), strict=True):
            with entered():
                items = run_processor(processor, items)
        return [item.settled() for item in items]

    def finish(self, items: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Run the user's step after."""
        if self.post_processor is None:
            return list(items)
        return [item.with_frame(item.frame.with_image(self.post_processor(item.frame.image.copy()))) for item in items]
