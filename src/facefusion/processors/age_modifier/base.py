"""What age models have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import FaceCrop
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import CropJob

TASK = "age_modifier"

Floats = npt.NDArray[np.float32]


class AgeEditor(Protocol):
    """A network that makes faces younger or older."""

    def cut(self, image: Image, face: Face) -> FaceCrop:
        """Cut a face out as the network wants it."""
        ...

    def ages(self, jobs: Sequence[CropJob]) -> list[float]:
        """Return how old the faces seem, in years; nothing where the network need not know."""
        ...

    def edit(self, jobs: Sequence[CropJob], ages: Sequence[float], direction: int) -> list[Floats]:
        """Return faces, RGB float32 (S, S, 3), 0 to 255, of another age.

        Args:
            jobs: the faces, cut out by `cut`.
            ages: how old they seem; empty where `ages` says nothing.
            direction: from -100, much younger, to 100, much older.
        """
        ...
