"""The ArcFace and CosFace family: vectors whose angle says whose face it is.

Source: Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", 2019. Two pictures of one person
usually have a cosine above 0.4, two people about 0. Not a security gate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.align import crop
from facefusion.faces.templates import TemplateName, to_template
from facefusion.faces.tensors import Channels, PixelSettings
from facefusion.faces.types import Face, Points
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

_GREY: Channels = (127.5, 127.5, 127.5)


class ArcFaceSettings(PixelSettings):
    """What sets the networks of the family apart.

    Attributes:
        dimensions: length of the vector.
        size: side of the crop in pixels.
        template: where the landmarks lie in it.
    """

    dimensions: int = Field(default=512, ge=1)
    size: int = Field(default=112, ge=16)
    template: TemplateName = "arcface_112_v2"
    mean: Channels = _GREY
    std: Channels = _GREY


class ArcFace:
    """Computes identity vectors from aligned crops.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[ArcFaceSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._settings.dimensions

    def embed(self, image: npt.NDArray[np.uint8], landmarks5: Sequence[Points]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each face as the network gives it, float32 (N, D).

        Args:
            image: RGB uint8 (H, W, 3).
            landmarks5: of each face, in pixels of the picture, float32 (5, 2).
        """
        return self.embed_crops([self.cut(image, points) for points in landmarks5])

    def embed_faces(self, image: npt.NDArray[np.uint8], faces: Sequence[Face]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each face as the network gives it, float32 (N, D); see `Recogniser`."""
        return self.embed(image, [face.landmarks5 for face in faces])

    def cut(self, image: npt.NDArray[np.uint8], landmarks5: Points) -> npt.NDArray[np.uint8]:
        """Return the crop that the network wants of a face, RGB uint8 (size, size, 3)."""
        settings = self._settings
        affine = to_template(landmarks5, settings.template, settings.size)
        return crop(image, affine, settings.size, repeat_edge=True)

    def embed_crops(self, crops: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each crop of `cut`, which may be of several pictures, float32 (N, D)."""
        if not crops:
            return np.zeros((0, self.dimensions), np.float32)
        vectors: npt.NDArray[np.float32] = self._session.run(self._settings.tensor(crops))["embedding"]
        return vectors


def normalised(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return identity vectors (N, D) at length 1; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.float32(1e-12)), np.float32)


def _contract(settings: ArcFaceSettings) -> Contract:
    size = settings.size
    return Contract(
        (TensorSpec("input", ("batch", 3, size, size), aliases=("input.1", "data")),),
        (TensorSpec("embedding", ("batch", settings.dimensions), aliases=("output", "683", "fc1")),),
    )


FAMILY = Family("arcface", "face_recogniser", ArcFaceSettings, _contract, ArcFace)
"""Recognisers that map an aligned crop to one vector."""
