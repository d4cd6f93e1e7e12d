"""Swappers that take an identity vector of the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from facefusion.errors import CatalogueError
from facefusion.faces.recognisers.base import CropRecogniser
from facefusion.faces.recognisers.crossface import DIMENSIONS, CrossFace
from facefusion.faces.types import Points
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Model
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_swapper.base import Portrait, Source
from facefusion.processors.face_swapper.network import run_on_crops
from facefusion.processors.face_swapper.settings import EmbeddingSettings


class EmbeddingSwapper:
    """Swaps faces by the identity vector of the source.

    What is known of a person is a vector as the recogniser's network gives it. Of several pictures its direction is
    that of the mean of their vectors at unit length, so that none outweighs the others, and its length the mean of
    their lengths, which converters expect. Another identity is mixed in before the vector is made what the network
    takes, so that both are of one kind; the mixture keeps the source's length.

    Args:
        model: the network, and the recogniser and the converter that it requires.

    Raises:
        CatalogueError: the entry does not require what it needs.
    """

    def __init__(self, model: Model[EmbeddingSettings]) -> None:
        self._model = model
        self._settings = model.settings
        needed = model.needed.values()
        self._recogniser = next((each for each in needed if isinstance(each, CropRecogniser)), None) or _lacks(
            model, "face_recogniser"
        )
        self._converter: CrossFace | None = None
        if self._settings.identity == "converted":
            converters = (each for each in needed if isinstance(each, CrossFace))
            self._converter = next(converters, None) or _lacks(model, "face_embedding_converter")
        self.template = self._settings.template
        self.size = self._settings.size
        self.wants_pictures = False

    def observe(self, portraits: Sequence[Portrait]) -> Source:
        """Return the person's vector as of the recogniser, float32 (512,)."""
        vectors = self._embedded([(each.image, each.landmarks5) for each in portraits])
        lengths = np.linalg.norm(vectors, axis=1)
        return np.asarray(unit(unit(vectors).mean(0)) * lengths.mean(), np.float32)

    def sources(self, known: Sequence[Source], jobs: Sequence[CropJob], leans: Sequence[float]) -> Source:
        """Return what the network takes as the source of each crop, float32 (N, 512)."""
        vectors = np.stack(known)
        if any(leans):
            # Whose face it is, is seen best before any edit.
            targets = self._embedded([(job.item.before.image, job.crop.face.landmarks5) for job in jobs])
            vectors = leaning(vectors, targets, np.array(leans, np.float32))
        return self._projected(vectors)

    def swap(self, crops: npt.NDArray[np.uint8], sources: Source) -> npt.NDArray[np.float32]:
        """Return the crops with another face, float32 (N, S, S, 3), RGB, 0 to 255."""
        return run_on_crops(self._model.session, self._settings, crops, sources)

    def _embedded(self, faces: Sequence[tuple[Image, Points]]) -> npt.NDArray[np.float32]:
        """Return the recogniser's vectors of faces, each a picture and five landmarks, float32 (N, 512)."""
        return self._recogniser.embed_crops([self._recogniser.cut(*face) for face in faces])

    def _projected(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return what the network takes of the recogniser's vectors, float32 (N, 512)."""
        if self._converter is not None:
            converted = self._converter.convert(vectors)
            return unit(converted) if self._settings.has_unit_length else converted
        if self._settings.identity == "matrix":
            return unit(vectors) @ self._model.session.constants["matrix"]
        return unit(vectors)


def unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return vectors (..., D) at length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6), np.float32)


def leaning(
    sources: npt.NDArray[np.float32], targets: npt.NDArray[np.float32], shares: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return source vectors with a share of the target's identity, of the same lengths, float32 (N, D).

    Args:
        sources: float32 (N, D).
        targets: likewise.
        shares: float32 (N,); less than 0 leads away from the target.
    """
    share = shares[:, None]
    mixed = unit(unit(sources) * (1 - share) + unit(targets) * share)
    return np.asarray(mixed * np.linalg.norm(sources, axis=1, keepdims=True), np.float32)


def contract(settings: EmbeddingSettings) -> Contract:
    """Return what such a network takes and gives."""
    size = settings.size
    crops = ("batch", 3, size, size)
    matrix = (TensorSpec("matrix", (DIMENSIONS, DIMENSIONS)),) if settings.identity == "matrix" else ()
    return Contract(
        inputs=(TensorSpec("target", crops), TensorSpec("source", ("batch", DIMENSIONS))),
        outputs=(TensorSpec("output", crops),),
        constants=matrix,
    )


def _lacks(model: Model[EmbeddingSettings], task: str) -> NoReturn:
    raise CatalogueError(f"Model {model.card.name}: requires: there is no {task}", "Name one there")
