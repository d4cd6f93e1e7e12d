"""Swappers that take a picture of the source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import crop
from facefusion.faces.templates import to_template
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Model
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_swapper.base import Portrait, Source
from facefusion.processors.face_swapper.network import run_on_crops
from facefusion.processors.face_swapper.settings import PortraitSettings


class PortraitSwapper:
    """Swaps faces by a picture of the source; of several, the one that serves best.

    Args:
        model: the network.
    """

    def __init__(self, model: Model[PortraitSettings]) -> None:
        self._model = model
        self._settings = model.settings
        self.template = self._settings.template
        self.size = self._settings.size
        self.wants_pictures = True

    def observe(self, portraits: Sequence[Portrait]) -> Source:
        """Return the picture as the network takes it, float32 (3, S, S): RGB, 0 to 1."""
        best = max(portraits, key=lambda portrait: portrait.merit)
        size = self._settings.source_size
        affine = to_template(best.landmarks5, self._settings.source_template, size)
        pixels = crop(best.image, affine, size, repeat_edge=True).astype(np.float32) / np.float32(255)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def sources(self, known: Sequence[Source], jobs: Sequence[CropJob], leans: Sequence[float]) -> Source:
        """Return the picture for each crop, float32 (N, 3, S, S); no identity can be mixed into it."""
        return np.stack(known)

    def swap(self, crops: npt.NDArray[np.uint8], sources: Source) -> npt.NDArray[np.float32]:
        """Return the crops with another face, float32 (N, S, S, 3), RGB, 0 to 255."""
        return run_on_crops(self._model.session, self._settings, crops, sources)


def contract(settings: PortraitSettings) -> Contract:
    """Return what such a network takes and gives."""
    size, source = settings.size, settings.source_size
    crops = ("batch", 3, size, size)
    return Contract(
        inputs=(TensorSpec("target", crops), TensorSpec("source", ("batch", 3, source, source))),
        outputs=(TensorSpec("output", crops),),
    )
