"""What a frame is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.region import Rectangle

if TYPE_CHECKING:
    from facefusion.media.planes.original import Original

Image = npt.NDArray[np.uint8]
"""RGB picture, uint8, shape (height, width, 3)."""
Opacity = npt.NDArray[np.uint8]
"""From 0, transparent, to 255, opaque; uint8, shape (height, width)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a stream, upright, with its place in time.

    Attributes:
        index: position in presentation order, from 0.
        pts: presentation time in ticks of `time_base`.
        duration: ticks until the next frame; 0 where unknown.
        time_base: seconds per tick.
        image: RGB uint8 (height, width, 3). Not to be changed in place: `original` tells an edit by comparing.
        original: what was decoded, for writing back only what was edited; None where there is nothing to go back to.
        copies: how often the frame is shown, at equal distances within `duration`; the writer repeats it.
        opacity: what an edit leaves of the frame's own opacity, uint8 (height, width); None for all of it.
        opaque: a part of the picture that is shown whatever its opacity, as what has to be seen is.
    """

    index: int
    pts: int
    duration: int
    time_base: Fraction
    image: Image
    original: Original | None = None
    copies: int = 1
    opacity: Opacity | None = None
    opaque: Rectangle | None = None

    def __post_init__(self) -> None:
        """Refuse arrays that are not RGB pictures.

        Raises:
            ValueError: wrong type or shape, or no copy at all.
        """
        if self.copies < 1:
            raise ValueError(f"a frame is shown at least once, not {self.copies} times")
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(f"a frame is uint8 (height, width, 3), not {self.image.dtype} {self.image.shape}")

    def __repr__(self) -> str:
        """Show size and time, not pixels."""
        height, width = self.image.shape[:2]
        return f"Frame(index={self.index}, time={float(self.time):.3f} s, {width}x{height})"

    @property
    def time(self) -> Fraction:
        """Presentation time in seconds."""
        return self.pts * self.time_base

    def with_image(self, image: Image) -> Frame:
        """Return this moment with other pixels; those of another size have nothing to do with what was decoded."""
        original = self.original if image.shape == self.image.shape else None
        return replace(self, image=image, original=original)

    def coloured(self, image: Image) -> Frame:
        """Return this moment with other pixels, whose colours count even where what was decoded has none."""
        is_grey = self.original is not None and self.original.layout.kind == "grey"
        return replace(self, image=image, original=None) if is_grey else self.with_image(image)

    def enlarged(self, image: Image) -> Frame:
        """Return this moment at another scale.

        Where what was decoded is more than a picture of 8 bits, it is scaled along, so that opacity, fine gradation and
        high dynamic range are kept.

        Args:
            image: the whole frame, RGB uint8, of any size.
        """
        size = image.shape[1::-1]
        return replace(
            self,
            image=image,
            original=None if self.original is None else self.original.enlarged(*size),
            opacity=None if self.opacity is None else resized(self.opacity, *size),
        )

    def with_opacity(self, opacity: Opacity) -> Frame:
        """Return this moment with an opacity, uint8 (height, width), on top of what is there already."""
        if self.opacity is not None:
            opacity = cv2.multiply(self.opacity, opacity, scale=1 / 255).astype(np.uint8)
        return replace(self, opacity=opacity)


def resized(values: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    """Return a picture or an opacity, uint8 (h, w, …), in another size, smoothly."""
    if values.shape[1::-1] == (width, height):
        return values
    is_smaller = width * height < values.shape[0] * values.shape[1]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, (width, height), interpolation=method), np.uint8)
