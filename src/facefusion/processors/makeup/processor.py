"""The processor that makes faces up after a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from facefusion.errors import OptionsError
from facefusion.faces.masks.masker import FaceMasker
from facefusion.options.masks import MaskType
from facefusion.processors.base import FaceFrame, ProcessorContext, Role
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.prepare import source_model
from facefusion.processors.makeup.layers import Reference
from facefusion.processors.makeup.wearer import Wearer
from facefusion.state import State

_OF_NETWORKS: tuple[MaskType, ...] = ("occlusion", "region")


class Makeup:
    """Makes every face up that it is given.

    Args:
        wearers: by the number of a role.
    """

    def __init__(self, wearers: Mapping[int, Wearer]) -> None:
        self._wearers = dict(wearers)

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            OptionsError: there is no reference.
            ModelError: a network of the masks cannot be used.
        """
        return cls({number: _wearer(role, context) for number, role in enumerate(context.all_roles)})

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces made up; frames without any are given back as they came."""
        return [self._made_up(item) for item in batch]

    def state(self) -> State:
        """Return what is remembered of the faces that are followed."""
        return {"wearers": [wearer.state() for wearer in self._wearers.values()]}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        for wearer, remembered in zip(self._wearers.values(), state["wearers"], strict=True):
            wearer.restore(remembered)

    def _made_up(self, item: FaceFrame) -> FaceFrame:
        faces = [face for face in item.faces if face.role in self._wearers]
        if not faces:
            return item
        image = item.frame.image.copy()
        for face in faces:
            self._wearers[face.role].wear(image, face)
        return item.with_frame(item.frame.with_image(image))


def _wearer(role: Role, context: ProcessorContext) -> Wearer:
    """Return what makes the faces of one role up."""
    options, sessions = role.options, context.sessions
    reference = options.makeup.makeup_reference
    sources = role.sources if reference is None else role.worn[reference]
    if not sources:
        raise OptionsError(
            "No face is given whose make-up is taken",
            "Name a picture of it with --makeup-reference, or with --source (in Python source_paths)",
        )
    wanted = set(_OF_NETWORKS) & set(options.face_masks.face_mask_types)
    return Wearer(
        Reference.of(sessions.kept.get(("mesh", tuple(sources)), lambda: source_model(sources))),
        options.makeup,
        options.face_masks,
        finder=FrontFinder(sessions.open("front")),
        max_yaw=options.faces.face_max_yaw,
        masker=FaceMasker.create(options.face_masks, sessions, only=_OF_NETWORKS) if wanted else None,
    )
