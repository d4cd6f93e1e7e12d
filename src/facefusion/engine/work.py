"""The work on frames, the same for pictures and videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction

from facefusion.engine.clock import StageClock
from facefusion.engine.notes import Notes
from facefusion.engine.targets import TargetSelector
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.enrich import FaceEnricher, Need
from facefusion.faces.landmarkers.base import FaceView
from facefusion.faces.types import Face
from facefusion.media.frame import Frame, Image
from facefusion.processors.base import (
    FaceFrame,
    Processor,
    delay_of,
    finish_processor,
    notes_of,
    run_processor,
)
from facefusion.processors.chained.links import ChainLink, edited_faces

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
        links: what the processors were made of.
    """

    finding: Finding | None
    processors: tuple[Processor, ...]
    pre_processor: Callable[[Image], Image] | None
    post_processor: Callable[[Image], Image] | None
    clock: StageClock
    notes: Notes
    links: tuple[ChainLink, ...] = ()

    @property
    def has_hooks(self) -> bool:
        """Whether there are steps of the user, of which nothing is known."""
        return self.pre_processor is not None or self.post_processor is not None

    def edited_faces(self, item: FaceFrame, since: Fraction) -> tuple[Face, ...]:
        """Return those faces of a frame that any processor works on.

        Args:
            item: the frame, and all faces that are to be worked on.
            since: when it is shown, in seconds from the first frame.
        """
        return edited_faces(self.links, item, since)

    def tell(self) -> None:
        """Tell what the processors have to say when all is done."""
        self.notes.tell(*self.told())

    def told(self) -> list[str]:
        """Return what the processors have to say of the frames that they were given."""
        return [note for processor in self.processors for note in notes_of(processor)]

    def prepare(self, frame: Frame) -> Frame:
        """Run the user's step before, on a copy: it may change the array, but what was read must stay."""
        return frame if self.pre_processor is None else frame.with_image(self.pre_processor(frame.image.copy()))

    @property
    def delay(self) -> int:
        """Most frames that the processors keep back together."""
        return sum(map(delay_of, self.processors))

    def edit(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Run processors and the user's step after on frames that none follow; faces are in pixels of what is given."""
        items = self._enriched(batch)
        for processor in self.processors:
            items = [*run_processor(processor, items), *finish_processor(processor)]
        return self.finish([item.settled() for item in items])

    def process(
        self, batch: Sequence[FaceFrame], passes: Sequence[Pass] | None = None, most: int | None = None
    ) -> list[FaceFrame]:
        """Run the processors, and return the frames that they do not keep back.

        Args:
            batch: frames in order.
            passes: what is entered before each of the processors, and left behind it.
            most: frames that a processor gets at once; as many as there are when None.
        """
        return self._through(0, self._enriched(batch), passes or [nullcontext] * len(self.processors), most)

    def rest(self, most: int | None = None) -> Iterator[list[FaceFrame]]:
        """Yield what the processors keep back, in order, when there are no more frames.

        Args:
            most: frames that a processor gets at once; as many as there are when None.
        """
        for place, processor in enumerate(self.processors, 1):
            passes = [nullcontext] * (len(self.processors) - place)
            for part in _parts(finish_processor(processor), most):
                yield self._through(place, part, passes, most)

    def finish(self, items: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Run the user's step after."""
        if self.post_processor is None:
            return list(items)
        return [item.with_frame(item.frame.with_image(self.post_processor(item.frame.image.copy()))) for item in items]

    def _enriched(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        return list(batch) if self.finding is None else self.finding.enriched(batch)

    def _through(self, first: int, items: list[FaceFrame], passes: Sequence[Pass], most: int | None) -> list[FaceFrame]:
        """Run the processors from one on."""
        for processor, entered in zip(self.processors[first:], passes, strict=True):
            with entered():
                items = [edited for part in _parts(items, most) for edited in run_processor(processor, part)]
        return [item.settled() for item in items]


def _parts(items: list[FaceFrame], most: int | None) -> list[list[FaceFrame]]:
    """Return frames in parts: who keeps frames back may give many at once, and networks are given few."""
    if most is None or len(items) <= most:
        return [items] if items else []
    return [items[start : start + most] for start in range(0, len(items), most)]
