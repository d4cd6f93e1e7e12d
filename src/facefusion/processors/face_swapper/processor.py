"""The processor around the swapper models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self

from facefusion.errors import ModelUnknownError
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.options.masks import MaskType
from facefusion.processors.base import FaceFrame, ProcessorContext, Role, Source
from facefusion.processors.face_swapper.base import TASK
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.prepare import source_model
from facefusion.processors.face_swapper.mesh.saved import model_state, restored_model
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.processors.face_swapper.passes import NetworkPass, network_passes
from facefusion.state import State, StateError


class Swapper(Protocol):
    """A way of replacing faces that needs no weights, one by one."""

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
    wanted = set(_OF_NETWORKS) & set(options.face_masks.face_mask_types)
    masker = FaceMasker.create(options.face_masks, sessions, only=_OF_NETWORKS) if wanted else None
    return MeshSwapper(
        sessions.kept.get(("mesh", tuple(sources)), lambda: source_model(sources)),
        options.face_swapper,
        options.face_masks,
        max_yaw=options.faces.face_max_yaw,
        masker=masker,
        finder=FrontFinder(sessions.open("front")),
    )


_OF_NETWORKS: tuple[MaskType, ...] = ("occlusion", "region")
MODELS: dict[str, Callable[[Sequence[Source], Options, SessionFactory], Swapper]] = {"mesh": _create_mesh_swapper}
"""Swapper models that need no weights, by name."""


class FaceSwapper:
    """Swaps every face of every frame that it is given.

    Args:
        swappers: of roles whose model needs no weights, by the role's number.
        passes: of the other roles.
    """

    def __init__(self, swappers: Mapping[int, Swapper], passes: Sequence[NetworkPass] = ()) -> None:
        self._swappers = dict(swappers)
        self._passes = tuple(passes)

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelUnknownError: there is no swapper of the name that the options give.
            ModelError: the model cannot be used.
            OptionsError: an option does not suit the model.
        """
        roles = dict(enumerate(context.all_roles))
        models = {number: _model_of(role, context.sessions) for number, role in roles.items()}
        own = {number: role for number, role in roles.items() if models[number] in MODELS}
        return cls(
            {n: MODELS[models[n]](role.sources, role.options, context.sessions) for n, role in own.items()},
            network_passes({n: role for n, role in roles.items() if n not in own}, context.sessions),
        )

    @property
    def is_concurrent(self) -> bool:
        """Whether several batches may be at work at one time: networks remember nothing of them but tones of skin."""
        return not self._swappers and not any(each.remembers for each in self._passes)

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces replaced."""
        return [item.settled() for item in self.hold(batch)]

    def hold(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces replaced, those by networks held."""
        items = [self._process_frame(item) for item in batch] if self._swappers else list(batch)
        for each in self._passes:
            items = each.hold(items)
        return items

    def state(self) -> State:
        """Return what the models remember; see `facefusion.state`."""
        state: State = {"swappers": [swapper.state() for swapper in self._swappers.values()]}
        tones = [each.state() for each in self._remembering]
        return state | {"tones": tones} if tones else state

    def restore(self, state: State) -> None:
        """Go on from a state."""
        for swapper, remembered in zip(self._swappers.values(), state["swappers"], strict=True):
            swapper.restore(remembered)
        for each, remembered in zip(self._remembering, state.get("tones", []), strict=True):
            each.restore(remembered)

    @property
    def _remembering(self) -> list[NetworkPass]:
        return [each for each in self._passes if each.remembers]

    def _process_frame(self, item: FaceFrame) -> FaceFrame:
        faces = [face for face in item.faces if face.role in self._swappers]
        if not faces:
            return item
        item = item.settled()
        image = item.frame.image.copy()
        for face in faces:
            self._swappers[face.role].swap(image, face)
        return item.with_frame(item.frame.with_image(image))


def _model_of(role: Role, sessions: SessionFactory) -> str:
    """Return the name of a role's model, which there is."""
    model = role.options.face_swapper.face_swapper_model
    names = [*MODELS, *(card.name for card in sessions.catalogue.of_task(TASK))]
    if model not in names:
        raise ModelUnknownError(f"There is no face swapper model {model!r}", f"There is: {', '.join(names)}")
    return model


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
