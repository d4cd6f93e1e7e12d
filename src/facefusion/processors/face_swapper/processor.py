"""The processor around the swapper models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

import numpy as np

from facefusion.errors import ModelUnknownError
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, Role, SourceFace
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.state import State


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


def _create_mesh_swapper(source: SourceFace, options: Options) -> Swapper:
    model = SourceModel.build(source.image, source.face)
    return MeshSwapper(model, options.face_swapper, max_yaw=options.faces.face_max_yaw)


MODELS: dict[str, Callable[[SourceFace, Options], Swapper]] = {"mesh": _create_mesh_swapper}
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
        return cls([_create_swapper(role) for role in context.all_roles])

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


def _create_swapper(role: Role) -> Swapper:
    model = role.options.face_swapper.face_swapper_model
    if model not in MODELS:
        raise ModelUnknownError(f"There is no face swapper model {model!r}", f"There is: {', '.join(MODELS)}")
    return MODELS[model](best_source(role.sources), role.options)


def best_source(sources: Sequence[SourceFace]) -> SourceFace:
    """Return the picture that serves best: looking into the camera, large and sharp."""

    def merit(source: SourceFace) -> float:
        frontal = np.cos(np.radians(source.face.pose.yaw)) * np.cos(np.radians(source.face.pose.pitch))
        return float(frontal**2 * min(source.face.width / 256, 1.0) * source.sharpness)

    return max(sources, key=merit)
