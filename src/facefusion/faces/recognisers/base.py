"""What a recogniser is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face, Points


class Recogniser(Protocol):
    """Computes identity vectors."""

    def embed_faces(self, image: npt.NDArray[np.uint8], faces: Sequence[Face]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each face as the network gives it, float32 (N, D).

        Args:
            image: RGB uint8 (H, W, 3).
            faces: in its pixels.
        """
        ...


@runtime_checkable
class CropRecogniser(Protocol):
    """A recogniser that sees aligned crops, as the models that require one use it."""

    def cut(self, image: npt.NDArray[np.uint8], landmarks5: Points) -> npt.NDArray[np.uint8]:
        """Return the crop that it wants of a face, RGB uint8 (S, S, 3).

        Args:
            image: RGB uint8 (H, W, 3).
            landmarks5: in pixels of the picture, float32 (5, 2).
        """
        ...

    def embed_crops(self, crops: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each crop of `cut` as the network gives it, float32 (N, D)."""
        ...
