"""What a recogniser is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face


class Recogniser(Protocol):
    """Computes identity vectors."""

    def embed_faces(self, image: npt.NDArray[np.uint8], faces: Sequence[Face]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each face as the network gives it, float32 (N, D).

        Args:
            image: RGB uint8 (H, W, 3).
            faces: in its pixels.
        """
        ...
