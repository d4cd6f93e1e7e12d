"""The processor around the swapper models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self

from facefusion.errors import ModelUnknownError
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, Role, Source
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.prepare import source_model
from facefusion.processors.face_swapper.mesh.saved import model_state, restored_model
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import State, StateError


class Swapper(Protocol):
    """One way of replacing a face."""

    def swap(self, image: Image, face: Face) -> None:
        """Replace a face in place, RGB uint8 (H, W, 3); pixels away from it stay exactly as they are."""
        ...

    def state(self) -> State:
        """Return what is remembered of the faces that are followed; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state."""
        ...


def _create_mesh_swapper(sources: Sequence[Source], options: Options, sessions: SessionFactory) -> Swapper:
    finder = FrontFinder(sessions.open("front"))
    return MeshSwapper(source_model(sources), options.face_swapper, max_yaw=options.faces.face_max_yaw, finder=finder)


MODELS: dict[str, Callable[[Sequence[Source], Options, SessionFactory], Swapper]] = {"mesh": _create_mesh_swapper}
"""Swapper models by name."""


class FaceSwapper:
    """Swaps every face of every frame that it is given.

    Args:
        swappers: for each role the model, made for its source.
    """

    def __init__(self, swappers: Sequence[Swapper]) -> None:
        self._swappers = tuple(swappers)

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelUnknownError: there is no swapper of the name that the options give.
        """
        return cls([_create_swapper(role, context.sessions) for role in context.all_roles])

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces replaced."""
        return [self._process_frame(item) for item in batch]

    def state(self) -> State:
        """Return what the models remember; see `facefusion.state`."""
        return {"swappers": [swapper.state() for swapper in self._swappers]}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        for swapper, remembered in zip(self._swappers, state["swappers"], strict=True):
            swapper.restore(remembered)

    def _process_frame(self, item: FaceFrame) -> FaceFrame:
        if not item.faces:
            return item
        image = item.frame.image.copy()
        for face in item.faces:
            self._swappers[face.role].swap(image, face)
        return FaceFrame(item.frame.with_image(image), item.faces)


def _create_swapper(role: Role, sessions: SessionFactory) -> Swapper:
    model = role.options.face_swapper.face_swapper_model
    if model not in MODELS:
        raise ModelUnknownError(f"There is no face swapper model {model!r}", f"There is: {', '.join(MODELS)}")
    return MODELS[model](role.sources, role.options, sessions)


def keep(sources: Sequence[Source]) -> dict[str, State]:
    """Return what each swapper model makes of a person's pictures, as a face file keeps it.

    Args:
        sources: pictures of one person.
    """
    return {"mesh": model_state(source_model(sources))}


def check_kept(models: Mapping[str, State]) -> None:
    """Hold what a face file keeps for the swapper models against what can be.

    Raises:
        StateError: something in it cannot be.
    """
    if models.keys() != {"mesh"}:
        raise StateError("it is for other swapper models")
    restored_model(models["mesh"])
