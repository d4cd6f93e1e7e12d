"""What a processor is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from facefusion.faces.enrich import Need
from facefusion.faces.types import Face
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame, Image, resized
from facefusion.media.sound.speech import Speech
from facefusion.options import Options
from facefusion.options.base import OptionGroup
from facefusion.options.own import own_group
from facefusion.processors.held import Held
from facefusion.state import State

G = TypeVar("G", bound=OptionGroup)


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """A frame and those of its faces that are to be worked on.

    Attributes:
        frame: the frame.
        faces: the faces selected, as they were found in the input, in pixels of the frame; each says which role it
            plays and how much of an edit is to be seen of it.
        original: the frame before any processor; the frame itself when None.
        held: what faces have become and is not in the frame yet; given only to processors that can `hold`.
    """

    frame: Frame
    faces: tuple[Face, ...]
    original: Frame | None = None
    held: Held | None = None

    @property
    def before(self) -> Frame:
        """The frame before any processor, in the size that the frame has by now."""
        before = self.original or self.frame
        if before.image.shape == self.frame.image.shape:
            return before
        height, width = self.frame.image.shape[:2]
        return replace(before, image=resized(before.image, width, height), original=None, opacity=None)

    def with_faces(self, faces: Sequence[Face]) -> FaceFrame:
        """Return the same with more known of its faces."""
        return replace(self, faces=tuple(faces))

    def with_frame(self, frame: Frame) -> FaceFrame:
        """Return the same with the frame as a processor has edited it."""
        return FaceFrame(frame, self.faces, self.original or self.frame)

    def holding(self, held: Held) -> FaceFrame:
        """Return the same with other faces of it held."""
        return replace(self, held=held, original=self.original or self.frame)

    def settled(self) -> FaceFrame:
        """Return the same with all that is held of it in the frame, which takes one copy at most."""
        if self.held is None:
            return self
        if not self.held.composites:
            return replace(self, held=None)
        return self.with_frame(self.frame.with_image(self.held.laid_over(self.frame.image)))

    def enlarged(self, frame: Frame) -> FaceFrame:
        """Return the same with the frame at another scale, to which the faces are brought."""
        factor = frame.image.shape[1] / self.frame.image.shape[1]
        return FaceFrame(frame, tuple(face.enlarged(factor) for face in self.faces), self.original or self.frame)


@dataclass(frozen=True, slots=True, eq=False)
class SourceFace:
    """A source picture and the face in it that is meant.

    Attributes:
        image: RGB uint8 (H, W, 3).
        face: the face, checked to be usable.
        sharpness: how sharp it is, 0 to 1.
        path: the picture's or the clip's; None where there is none.
        time: of a frame of a clip, in seconds; None for a picture.
    """

    image: Image
    face: Face
    sharpness: float
    path: Path | None = None
    time: float | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.path}" if self.time is None else f"{self.path} at {self.time:.2f} s"


@dataclass(frozen=True, slots=True, eq=False)
class KeptFace:
    """A source face as a face file keeps it: what is made of the pictures, without the pictures.

    Attributes:
        name: the face's name.
        models: by the name of a swapper model, what it made of them; see `facefusion.state`.
        embeddings: identity vector of each picture, float32 (pictures, 128).
    """

    name: str
    models: Mapping[str, State]
    embeddings: npt.NDArray[np.float32]


Source = SourceFace | KeptFace
"""One of those things that tell what the source looks like."""


@dataclass(frozen=True, slots=True)
class Role:
    """What one person of the target becomes, or everybody who is not named.

    Attributes:
        sources: pictures of the source person in the order given, or what one face file keeps.
        options: all options as they hold for this role.
        worn: what the references show whose make-up it wears, by path; nothing where none is named beside the sources.
    """

    sources: tuple[Source, ...]
    options: Options
    worn: Mapping[Path, tuple[Source, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProcessorContext:
    """What a processor is made from.

    Attributes:
        options: all options of the job.
        sources: pictures of the person whose face everybody gets who is not named, in the order given, or what one face
            file keeps.
        sessions: opens models.
        roles: by the number that `Face.role` gives; where there is no map, `sources` and `options` are the only one.
        speech: what is to be heard beside the frames, where a processor needs it.
        resources: closed when the job has ended; what a processor opens for its whole life belongs there.
        is_first: whether no processor runs before this one.
    """

    options: Options
    sources: tuple[Source, ...]
    sessions: SessionFactory
    roles: tuple[Role, ...] = ()
    speech: Speech | None = None
    resources: ExitStack = field(default_factory=ExitStack)
    is_first: bool = False

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """The roles, or the only one."""
        return self.roles or (Role(self.sources, self.options),)

    def own_options(self, name: str, group: type[G]) -> G:
        """Return the options that a processor has of its own; see `ProcessorSpec.options`.

        Args:
            name: of the processor.
            group: its options.

        Raises:
            OptionsError: one is unknown, or its value impossible.
        """
        return own_group(group, name, self.options.processor_options)


class Processor(Protocol):
    """Edits frames. Frames and faces come in, frames go out; the pixels that came in are left as they were."""

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch edited, in the same order."""
        ...

    def state(self) -> State:
        """Return what is remembered over frames, as copies; an empty state where nothing is.

        With `restore` in another process, the frames that follow must come out as they would have here, bit for bit,
        however they are cut into batches.
        """
        ...

    def restore(self, state: State) -> None:
        """Go on from a state of a processor that was made with the same options and sources."""
        ...


def is_concurrent(processor: Processor) -> bool:
    """Whether several batches may be in a processor at one time, in any order.

    A processor that remembers nothing says so by an attribute `is_concurrent` that is true; the others get one batch
    after the other.
    """
    return getattr(processor, "is_concurrent", False) is True and not delay_of(processor)


def begin_processor(processor: Processor, time: Fraction) -> None:
    """Tell a processor when the target begins, in seconds, where it wants to know: it may be given a later part alone.

    A processor that goes by the time since the first frame has a method `begin(time)`; where that is not called, the
    target begins with the first frame that comes.
    """
    begin = getattr(processor, "begin", None)
    if begin is not None:
        begin(time)


class HoldingProcessor(Processor, Protocol):
    """A processor that takes faces as those before it hold them, and holds what it makes of them."""

    def hold(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch edited, perhaps without having it in the frames; `FaceFrame.settled` puts it there."""
        ...


class DelayingProcessor(Processor, Protocol):
    """A processor that gives a frame only when it has seen some that follow it.

    Every frame that came in comes out exactly once, in the order in which they came. What becomes of a frame depends on
    the frames around it alone, not on how they are cut into batches. `state` holds also the frames that are kept back
    (`facefusion.processors.kept` writes them), and nobody gets two batches at one time.

    Attributes:
        delay: most frames that it keeps back at one time; the same for its whole life. They count in the job's memory.
            `ProcessorSpec.delay` says it before there is a processor.
    """

    delay: int

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the next frames edited, in order: perhaps fewer than came, perhaps more, perhaps none."""
        ...

    def finish(self) -> list[FaceFrame]:
        """Return the frames that are kept back, in order: none follow them.

        A picture, a frame of a preview and a live frame are `process([frame])` and then `finish()`. Frames that come
        afterwards are edited by what is remembered of those before.
        """
        ...


def delay_of(processor: Processor) -> int:
    """Return how many frames a processor keeps back at most; 0 where it gives each batch back at once."""
    return int(getattr(processor, "delay", 0))


def finish_processor(processor: Processor) -> list[FaceFrame]:
    """Return what a processor keeps back, where there are no more frames."""
    finish = getattr(processor, "finish", None)
    return [] if finish is None else list(finish())


def notes_of(processor: Processor) -> list[str]:
    """Return what a processor has to say when all is done, a sentence each; most have nothing."""
    notes = getattr(processor, "notes", None)
    return [] if notes is None else list(notes())


def run_processor(processor: Processor, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
    """Run one of several processors; what it gives back may be held."""
    hold = getattr(processor, "hold", None)
    return list(hold(batch) if hold else processor.process([item.settled() for item in batch]))


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """What frames are like, as far as processors may change it.

    Attributes:
        width: in pixels.
        height: in pixels.
        has_alpha: whether they may be transparent in parts.
        has_colour: whether they may be other than grey.
    """

    width: int
    height: int
    has_alpha: bool = False
    has_colour: bool = True


@dataclass(frozen=True, slots=True)
class ProcessorSpec:
    """How a processor is announced through the entry-point group `facefusion.processors`.

    Attributes:
        name: the name people give.
        summary: what it does, in one line.
        needs_source: whether it needs source faces.
        create: makes one for a job.
        needs_faces: whether it works on faces; where no processor does, none are looked for.
        wants_faces: tells whether a processor of whole frames is given faces nevertheless, as the options are; never
            when None.
        format: tells before any work what frames will be like, from what they are like before this processor; where
            they stay as they are it is None. It raises an error of the tree where the options or the model do not fit.
        needs: what it needs to know of the faces that it is given beyond what every face has.
        needs_speech: whether it needs the sound of the target, or the speech that takes its place.
        model_option: name of the option that says which model it takes; empty where it takes none.
        task: of that model; the processor's own name when empty.
        without_weights: values of that option for which no weights are needed.
        automatic: models that its value `auto` stands for: the first that can run now, else the last, which needs no
            weights; empty where the option knows no `auto`.
        options: what options it has of its own, given by `processor_options`; None where it has none. Those of the
            package's own processors are in the tree.
        takes_every_face: whether it gets all faces that are found and that the user has not deselected: also those that
            are too small, or turned too far, to be worked on otherwise, and at once.
        delay: tells from the options, before any work, how many frames it keeps back at most; None where it keeps none.
            See `DelayingProcessor`.
        remembers: tells from the options how many frames it remembers the pixels of, at most, beside those that it
            keeps back; they count in the job's memory, too. None where it remembers none.
    """

    name: str
    summary: str
    needs_source: bool
    create: Callable[[ProcessorContext], Processor]
    needs_faces: bool = True
    wants_faces: Callable[[Options], bool] | None = None
    format: Callable[[FrameFormat, Options, Catalogue], FrameFormat] | None = None
    needs: frozenset[Need] = frozenset()
    needs_speech: bool = False
    model_option: str = ""
    task: str = ""
    without_weights: frozenset[str] = frozenset()
    automatic: tuple[str, ...] = ()
    options: type[OptionGroup] | None = None
    takes_every_face: bool = False
    delay: Callable[[Options], int] | None = None
    remembers: Callable[[Options], int] | None = None

    def is_given_faces(self, options: Options) -> bool:
        """Whether faces are looked for on its account, as the options are."""
        return self.needs_faces or (self.wants_faces is not None and self.wants_faces(options))


def spec_delay(spec: ProcessorSpec, options: Options) -> int:
    """Return how many frames a processor keeps back at most, as is known before any work."""
    return 0 if spec.delay is None else spec.delay(options)


def spec_held(spec: ProcessorSpec, options: Options) -> int:
    """Return how many frames a processor holds at most between two batches: kept back, and remembered."""
    return spec_delay(spec, options) + (0 if spec.remembers is None else spec.remembers(options))
