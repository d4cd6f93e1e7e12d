"""Crops that are held: what faces have become in their crops before it is laid over the frame.

Processors that cut faces out in the same way hand the crop on, so that a face is cut out once and pasted once, and what
the first of them made is not resampled twice on its way to the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, apply_affine, invert_affine
from facefusion.faces.crops import FaceCrop, Pixels, Share, paste
from facefusion.faces.masks.soften import resized
from facefusion.faces.types import Face

_LEAST = np.float32(1e-4)
"""Share below which the frame is seen, so that the colours laid over it may be anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """What a face has become.

    Attributes:
        crop: the face as it was cut out of the frame.
        pixels: what is laid over it, RGB, uint8 or float32, 0 to 255, (S, S, 3).
        mask: the share of that in the result, float32, of the crop's size.
    """

    crop: FaceCrop
    pixels: Pixels
    mask: Share

    def shown(self) -> FaceCrop:
        """Return the crop as it will look in the frame."""
        before = self.crop.image
        mixed = before + np.clip(self.mask, 0, 1)[:, :, None] * (_scaled(self.pixels, self.crop.size) - before)
        return replace(self.crop, image=np.clip(np.rint(mixed), 0, 255).astype(np.uint8))

    def under(self, pixels: Pixels, mask: Share) -> Composite:
        """Return this with an edit of what it shows laid over it.

        Laid over the frame at once, both are what they would be one after the other.

        Args:
            pixels: as of `Composite`.
            mask: likewise.
        """
        size = pixels.shape[0]
        above = resized(mask, size)[:, :, None]
        below = resized(self.mask, size)[:, :, None] * (1 - above)
        share = above + below
        mixed = (pixels * above + _scaled(self.pixels, size) * below) / np.maximum(share, _LEAST)
        seen = np.where(share < _LEAST, np.asarray(pixels, np.float32), mixed)
        return Composite(self.crop, np.asarray(seen, np.float32), 1 - (1 - self.mask) * (1 - mask))


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What is held of a frame.

    Attributes:
        composites: of its faces, in the order in which they are laid over it.
        is_own: whether the frame's picture is a copy that nobody else knows of, which may be changed in place.
    """

    composites: tuple[Composite, ...] = ()
    is_own: bool = False

    def of(self, face: Face) -> Composite | None:
        """Return what a face has become, if anything is held of it."""
        return next((each for each in self.composites if each.crop.face is face), None)

    def fits(self, cuts: Iterable[tuple[Face, Affine]], size: int) -> bool:
        """Return whether what is held can be taken for the crops that a processor wants.

        It can where it was cut in the same way, and no crop reaches into another: what its neighbour has become would
        be seen in it only once that is in the frame.

        Args:
            cuts: the faces, and the transforms from picture to crop.
            size: side of the crops in pixels.
        """
        boxes = [_box(each.crop.affine, each.crop.size) for each in self.composites]
        for face, affine in cuts:
            own = self.of(face)
            if own is None:
                boxes.append(_box(affine, size))
            elif own.crop.size != size or not np.array_equal(own.crop.affine, affine):
                return False
        return not any(_overlap(*pair) for pair in combinations(boxes, 2))

    def laid_over(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the frame's picture, RGB uint8 (H, W, 3), with everything that is held laid over it."""
        if not self.composites:
            return image
        image = image if self.is_own else image.copy()
        for each in self.composites:
            paste(image, each.pixels, each.crop.affine, each.mask)
        return image


def _scaled(pixels: Pixels, size: int) -> npt.NDArray[np.float32]:
    """Return square pixels in another size, float32."""
    values = np.asarray(pixels, np.float32)
    if values.shape[0] == size:
        return values
    method = cv2.INTER_AREA if size < values.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (size, size), interpolation=method), np.float32)


def _box(affine: Affine, size: int) -> npt.NDArray[np.float32]:
    """Return the smallest upright box around a crop in its picture: left and top, right and bottom."""
    corners = apply_affine(invert_affine(affine), [[0, 0], [size, 0], [size, size], [0, size]])
    return np.stack([corners.min(0) - 1, corners.max(0) + 1])


def _overlap(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> bool:
    return bool((np.maximum(one[0], other[0]) < np.minimum(one[1], other[1])).all())
