"""The processor that makes faces clearer without weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.crops import FaceCrop
from facefusion.faces.masks.masker import FaceMasker
from facefusion.faces.mesh import bounding_box
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.processors.base import FaceFrame
from facefusion.processors.crop_editing import CropJob, pasted
from facefusion.processors.face_enhancer.clarity import clarified
from facefusion.state import State

_MARGIN = 0.08
"""What is cut out around a face beyond its box, in parts of its longer side."""


class FaceClearer:
    """Makes the faces of each frame clearer, pixel by pixel where they are: nothing is resampled.

    Args:
        masker: which part of a face is seen.
        blend: share of the clearer faces in the result, 0 to 1.
    """

    is_concurrent = True

    def __init__(self, masker: FaceMasker, blend: float) -> None:
        self._masker = masker
        self._blend = blend

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces made clearer."""
        if self._blend == 0:
            return list(batch)
        return [self._cleared(item) if item.faces else item for item in batch]

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _cleared(self, item: FaceFrame) -> FaceFrame:
        jobs = [CropJob(cut(item.frame.image, face), item) for face in item.faces]
        crops = [job.crop for job in jobs]
        masks = self._masker.masks(crops, [crop.image for crop in crops])
        edited = [clarified(crop, mask) for crop, mask in zip(crops, masks, strict=True)]
        [done] = pasted([item], jobs, edited, masks, self._blend)
        return done


def cut(image: Image, face: Face) -> FaceCrop:
    """Return the square around a face, pixel by pixel as it is in the picture; beyond that its edge is repeated.

    Args:
        image: RGB uint8 (H, W, 3).
        face: in its pixels.
    """
    left, top, right, bottom = bounding_box(face.mesh).tolist()
    side = int(np.ceil(max(right - left, bottom - top) * (1 + 2 * _MARGIN))) + 2
    x, y = (int(np.floor((low + high - side) / 2)) for low, high in ((left, right), (top, bottom)))
    rows = np.clip(np.arange(y, y + side), 0, len(image) - 1)
    columns = np.clip(np.arange(x, x + side), 0, image.shape[1] - 1)
    affine = np.array([[1, 0, -x], [0, 1, -y]], np.float64)
    return FaceCrop(np.ascontiguousarray(image[rows[:, None], columns]), affine, face)
