"""What a processor is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame, Image
from facefusion.options import Options
from facefusion.state import State


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """A frame and those of its faces that are to be worked on.

    Attributes:
        frame: the frame.
        faces: the faces selected, as they were found in the input; each says which role it plays and how much of an
            edit is to be seen of it.
    """

    frame: Frame
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SourceFace:
    """A source picture and the face in it that is meant.

    Attributes:
        image: RGB uint8 (H, W, 3).
        face: the face, checked to be usable.
        sharpness: how sharp it is, 0 to 1.
    """

    image: Image
    face: Face
    sharpness: float


@dataclass(frozen=True, slots=True)
class Role:
    """What one person of the target becomes, or everybody who is not named.

    Attributes:
        sources: the source faces, in the order given.
        options: all options as they hold for this role.
    """

    sources: tuple[SourceFace, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class ProcessorContext:
    """What a processor is made from.

    Attributes:
        options: all options of the job.
        sources: the source faces of everybody who is not named, in the order given.
        sessions: opens models.
        roles: by the number that `Face.role` gives; where there is no map, `sources` and `options` are the only one.
    """

    options: Options
    sources: tuple[SourceFace, ...]
    sessions: SessionFactory
    roles: tuple[Role, ...] = ()

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """The roles, or the only one."""
        return self.roles or (Role(self.sources, self.options),)


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


@dataclass(frozen=True, slots=True)
class ProcessorSpec:
    """How a processor is announced through the entry-point group `facefusion.processors`.

    Attributes:
        name: the name people give.
        summary: what it does, in one line.
        needs_source: whether it needs source faces.
        create: makes one for a job.
    """

    name: str
    summary: str
    needs_source: bool
    create: Callable[[ProcessorContext], Processor]
