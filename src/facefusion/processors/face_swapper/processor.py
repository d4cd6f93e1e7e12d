"""The processor around the swapper models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, Self

import numpy as np

from facefusion.errors import ModelUnknownError
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, SourceFace
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
        swapper: the model, made for the source.
    """

    def __init__(self, swapper: Swapper) -> None:
        self._swapper = swapper

    @classmethod
    def create(cls, context: ProcessorContext) -> Self:
        """Make the processor for a job.

        Raises:
            ModelUnknownError: there is no swapper of the name that the options give.
        """
        model = context.options.face_swapper.face_swapper_model
        if model not in MODELS:
            raise ModelUnknownError(f"There is no face swapper model {model!r}", f"There is: {', '.join(MODELS)}")
        return cls(MODELS[model](best_source(context.sources), context.options))

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces replaced."""
        return [self._process_frame(item) for item in batch]

    def state(self) -> State:
        """Return what the model remembers; see `facefusion.state`."""
        return self._swapper.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._swapper.restore(state)

    def _process_frame(self, item: FaceFrame) -> FaceFrame:
        if not item.faces:
            return item
        image = item.frame.image.copy()
        for face in item.faces:
            self._swapper.swap(image, face)
        return FaceFrame(item.frame.with_image(image), item.faces)


def best_source(sources: Sequence[SourceFace]) -> SourceFace:
    """Return the picture that serves best: looking into the camera, large and sharp."""

    def merit(source: SourceFace) -> float:
        frontal = np.cos(np.radians(source.face.pose.yaw)) * np.cos(np.radians(source.face.pose.pitch))
        return float(frontal**2 * min(source.face.width / 256, 1.0) * source.sharpness)

    return max(sources, key=merit)
