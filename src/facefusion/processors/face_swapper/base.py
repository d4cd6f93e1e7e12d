"""What a swapper with weights is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.templates import TemplateName
from facefusion.faces.types import Points
from facefusion.media.frame import Image
from facefusion.processors.crop_editing import CropJob

TASK = "face_swapper"
Source = npt.NDArray[np.float32]
"""What a network takes of a person: an identity vector, or a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture of the source.

    Attributes:
        image: RGB uint8 (H, W, 3).
        landmarks5: of the face that is meant, in its pixels, float32 (5, 2).
        merit: how well it serves beside others of the person, 0 to 1.
    """

    image: Image
    landmarks5: Points
    merit: float


class NetworkSwapper(Protocol):
    """A network that puts one face in place of another. Task `face_swapper`.

    Attributes:
        template: how its crops are cut out.
        size: their side in pixels.
        wants_pictures: whether a source must be real pictures; what a face file keeps of the face's skin is not enough.
    """

    template: TemplateName
    size: int
    wants_pictures: bool

    def observe(self, portraits: Sequence[Portrait]) -> Source:
        """Return what is known of one person, without a batch.

        Args:
            portraits: pictures of the person.
        """
        ...

    def sources(self, known: Sequence[Source], jobs: Sequence[CropJob], leans: Sequence[float]) -> Source:
        """Return what the network takes as the source of each crop, the batch first.

        Args:
            known: of each crop the person who is to be seen, as `observe` gives it.
            jobs: the crops.
            leans: share of the target's own identity in each, -0.35 to 0.35; less than 0 leads away from it.
        """
        ...

    def swap(self, crops: npt.NDArray[np.uint8], sources: Source) -> npt.NDArray[np.float32]:
        """Return the crops with another face, float32 (N, S, S, 3), RGB, 0 to 255.

        Args:
            crops: RGB uint8 (N, S, S, 3).
            sources: as `sources` gives them, one for each crop.
        """
        ...
