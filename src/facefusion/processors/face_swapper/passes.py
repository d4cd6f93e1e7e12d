"""Swapping by networks: one pass over the frames for all roles that share one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from facefusion.errors import OptionsError
from facefusion.faces.masks.masker import FaceMasker
from facefusion.inference.session import SessionFactory
from facefusion.processors.base import FaceFrame, KeptFace, Role
from facefusion.processors.crop_editing import CropProcessor
from facefusion.processors.face_swapper.base import TASK, NetworkSwapper
from facefusion.processors.face_swapper.editing import Part, SwapEditor, SwapMasker
from facefusion.processors.face_swapper.mesh.prepare import source_model
from facefusion.processors.face_swapper.sources import portraits
from facefusion.processors.face_swapper.toning import ToneWish
from facefusion.state import State

_FURTHEST = 0.35
"""Share of the target's own identity at weight 0; as much is taken away from the source's at weight 1."""


class NetworkPass:
    """Swaps the faces of some roles.

    Args:
        editor: swaps their crops.
        parts: by the role's number.
    """

    def __init__(self, editor: SwapEditor, parts: Mapping[int, Part]) -> None:
        self._processor = CropProcessor(editor, SwapMasker(parts))
        self._roles = frozenset(parts)
        self._toner = editor.toner

    @property
    def remembers(self) -> bool:
        """Whether anything is remembered of faces that are followed, so that frames must come in their order."""
        return self._toner.remembers

    def hold(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with the faces of these roles replaced and held."""
        own = [replace(item, faces=tuple(face for face in item.faces if face.role in self._roles)) for item in batch]
        edited = self._processor.hold(own)
        return [done.with_faces(item.faces) for item, done in zip(batch, edited, strict=True)]

    def state(self) -> State:
        """Return what is remembered of the faces that are followed; see `facefusion.state`."""
        return self._toner.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._toner.restore(state)


def network_passes(roles: Mapping[int, Role], sessions: SessionFactory) -> list[NetworkPass]:
    """Return the passes that some roles need: one for those that share a network and the size of their crops.

    Args:
        roles: by their numbers; all want a model that the catalogue holds.
        sessions: opens models.

    Raises:
        OptionsError: an option does not suit the model.
        ModelError: a model cannot be used.
    """
    groups: dict[tuple[str, int | None], dict[int, Role]] = {}
    for number, role in roles.items():
        options = role.options.face_swapper
        key = (options.face_swapper_model, options.face_swapper_pixel_boost)
        groups.setdefault(key, {})[number] = role
    return [_pass(model, boost, own, sessions) for (model, boost), own in groups.items()]


def lean_of(weight: float) -> float:
    """Return the share of the target's own identity that `face_swapper_weight`, 0 to 1, asks for."""
    return float(np.interp(weight, [0, 1], [_FURTHEST, -_FURTHEST]))


def _pass(model: str, boost: int | None, roles: Mapping[int, Role], sessions: SessionFactory) -> NetworkPass:
    swapper: NetworkSwapper = sessions.load(model, TASK)
    factor = _factor(model, swapper.size, boost)
    parts = {number: _part(role, swapper, sessions) for number, role in roles.items()}
    return NetworkPass(SwapEditor(swapper, parts, factor), parts)


def _part(role: Role, swapper: NetworkSwapper, sessions: SessionFactory) -> Part:
    options = role.options.face_swapper
    kept = [source.name for source in role.sources if isinstance(source, KeptFace)]
    if kept and swapper.wants_pictures:
        raise OptionsError(
            f"The face file of {kept[0]} holds no picture, and model {options.face_swapper_model} needs one",
            "Give the pictures that it was built from, or choose a model that takes an identity, or mesh",
        )
    return Part(
        sessions.kept.get((options.face_swapper_model, role.sources), lambda: swapper.observe(portraits(role.sources))),
        lean_of(options.face_swapper_weight),
        options.blend_ratio,
        FaceMasker.create(role.options.face_masks, sessions),
        _tone(role, sessions),
    )


def _tone(role: Role, sessions: SessionFactory) -> ToneWish | None:
    """Return the tone that a role wants; None for the one that the network gives."""
    match = role.options.face_swapper.skin_tone_match
    if match is None:
        return None
    model = sessions.kept.get(("mesh", tuple(role.sources)), lambda: source_model(role.sources))
    return ToneWish(model.light.mean, match)


def _factor(model: str, size: int, boost: int | None) -> int:
    if boost is None:
        return 1
    if boost % size:
        raise OptionsError(
            f"Option face-swapper-pixel-boost: {boost} is no multiple of {size}, which is the side of {model}",
            f"Choose {size}, {size * 2} or {size * 4}",
        )
    return boost // size
