"""What the swapper makes of one face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.region import FaceRegion


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """A new face, ready to be laid over the frame.

    Attributes:
        region: where it lies.
        base: the target with its features where the new face has them, RGB uint8 (H, W, 3).
        new: the new face all over the region, RGB uint8 (H, W, 3).
        mask: its share at each pixel, float32 (H, W), 0 to 1.
        strength: share of all of it in the result, 0 to 1.
    """

    region: FaceRegion
    base: npt.NDArray[np.uint8]
    new: npt.NDArray[np.uint8]
    mask: Field
    strength: float

    def lay_over(self, image: npt.NDArray[np.uint8]) -> None:
        """Lay it over the frame, RGB uint8 (H, W, 3), in place."""
        view = self.region.view(image)
        # Where the new face has no share, eyes and mouth move as they are; all else stays exactly as it is.
        laid = cv2.blendLinear(self.new, self.base, self.mask, 1 - self.mask)
        view[:] = laid if self.strength == 1 else cv2.addWeighted(laid, self.strength, view, 1 - self.strength, 0)
