"""Crops of faces: cut out by a template, put back where they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, apply_affine, crop, invert_affine
from facefusion.faces.templates import TemplateName, to_template
from facefusion.faces.types import Face, Points

Pixels = npt.NDArray[Any]
"""RGB, uint8 or float32 from 0 to 255, (H, W, 3)."""
Share = npt.NDArray[np.float32]
"""Shares from 0 to 1, float32 (H, W)."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A face, cut out of a picture.

    Attributes:
        image: RGB uint8 (size, size, 3).
        affine: from picture to crop.
        face: the face, in pixels of the picture.
    """

    image: npt.NDArray[np.uint8]
    affine: Affine
    face: Face

    @classmethod
    def cut(cls, image: npt.NDArray[np.uint8], face: Face, template: TemplateName, size: int) -> FaceCrop:
        """Cut a face out; beyond the picture its edge is repeated.

        Args:
            image: RGB uint8 (H, W, 3).
            face: in its pixels.
            template: where its landmarks are to lie.
            size: side of the crop in pixels.
        """
        affine = to_template(face.landmarks5, template, size)
        return cls(crop(image, affine, size, repeat_edge=True), affine, face)

    @property
    def size(self) -> int:
        """Side of the crop in pixels."""
        return int(self.image.shape[0])

    def inside(self, points: Points) -> Points:
        """Return where points of the picture (N, 2 or 3) lie in the crop, float32 (N, 2)."""
        return apply_affine(self.affine, points[:, :2])


def paste(image: npt.NDArray[np.uint8], edited: Pixels, affine: Affine, mask: Share) -> None:
    """Put a crop back into its picture, in place; where the mask is 0 nothing changes.

    Args:
        image: RGB uint8 (H, W, 3).
        edited: RGB, uint8 or float32 0 to 255, (S, S, 3).
        affine: from picture to a crop of the mask's size; the crop may be of another size.
        mask: share of the crop in the result, float32 (M, M), 0 to 1.
    """
    size = edited.shape[0]
    back = invert_affine(affine)
    side = mask.shape[0]
    corners = apply_affine(back, [[0, 0], [side, 0], [side, side], [0, side]])
    left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0).tolist()
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, image.shape[1::-1]).tolist()
    if right <= left or bottom <= top:
        return
    box = (right - left, bottom - top)
    share = cv2.warpAffine(mask, _shifted(back, 1.0, left, top), box, flags=cv2.INTER_LINEAR)[:, :, None]
    scale = side / size
    laid = cv2.warpAffine(
        np.asarray(edited, np.float32),
        _shifted(back, scale, left, top),
        box,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    region = image[top:bottom, left:right]
    # In place: what is within the box of a large face is the largest piece of work beside the networks.
    laid -= region
    laid *= np.clip(share, 0, 1)
    region[:] = cv2.add(laid, region, dtype=cv2.CV_8U)  # rounds, and keeps within 0 to 255


def _shifted(back: Affine, scale: float, left: int, top: int) -> Affine:
    """Return the transform from a crop, resized by 1 / `scale`, to a picture that begins at (left, top)."""
    # Pixel centres lie half a pixel off the corner, before and after resizing.
    offset = back[:, 2] + back[:, :2] @ np.full(2, (scale - 1) / 2) - np.array([left, top])
    return np.column_stack([back[:, :2] * scale, offset])
