"""The visible label, made once for a size and drawn on every frame that shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from facefusion.media.frame import Frame, Image
from facefusion.media.region import Rectangle
from facefusion.trust.label.lettering import Alignment, Coverage, Lettering, check_characters
from facefusion.trust.label.settings import LabelSettings, Place
from facefusion.trust.label.wording import disclosure

_READABLE = 7  # rows of a capital letter; below that letters run into each other
_MOST_OF_HEIGHT = Fraction(2, 5)  # of a small picture, for text that is higher than it must be
_PLATE = 0.65  # of black under the text: white on it has a contrast of 7 to 1 whatever lies beneath
_FRAME = 0.25  # seconds; a frame that is shown for no longer than this never shortens the label at the end
_WHITE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """The visible label of one output.

    White text on a dark, translucent plate. A frame that shows it is copied, and the copy changed in the label's region
    alone; the others are given back as they are.

    Attributes:
        region: the part of the picture that it changes, in pixels.
        height: of the text's capital letters, in rows of pixels.
        settings: what it says, where and for how long.
    """

    region: Rectangle
    height: int
    settings: LabelSettings
    _kept: npt.NDArray[np.uint16]
    _added: npt.NDArray[np.uint16]
    _is_still: bool
    _length: float | None

    @classmethod
    def of(
        cls,
        settings: LabelSettings,
        size: tuple[int, int],
        *,
        pixel_aspect: Fraction = Fraction(1),
        is_still: bool = False,
        length: float | None = None,
    ) -> Self:
        """Make the label of an output.

        Args:
            settings: what it says, where and for how long.
            size: width and height of the output in pixels.
            pixel_aspect: width of a pixel over its height; letters come out undistorted where they are shown.
            is_still: whether the output is a picture or an animation that plays like one (GIF), which show it always.
            length: of the video in seconds, by which its end is known; where it is not, a label that the end shall
                show too is shown throughout.

        Raises:
            DisclosureError: the font lacks a character of the user's text.
        """
        check_characters(settings.text)
        texts = (*disclosure(settings.language), *((settings.text,) if settings.text.strip() else ()))
        height, coverage = _lettered(texts, size, pixel_aspect, settings)
        plate = _framed(coverage, height, size, pixel_aspect)
        ink = plate.astype(np.float32)[..., None] / _WHITE
        return cls(
            region=_placed(plate, size, _space(height), pixel_aspect, settings.place),
            height=height,
            settings=settings,
            _kept=np.rint((1 - _PLATE) * (1 - ink) * _WHITE).astype(np.uint16),
            _added=np.rint(ink * _WHITE * _WHITE).astype(np.uint16),
            _is_still=is_still,
            _length=length,
        )

    def is_shown(self, seconds: float) -> bool:
        """Whether a frame shows the label.

        Args:
            seconds: from the first frame of the output.
        """
        settings = self.settings
        if self._is_still or settings.timing == "throughout" or seconds < settings.seconds:
            return True
        end = 0.0 if self._length is None else self._length - settings.seconds - _FRAME
        return settings.timing == "ends" and seconds >= end

    def drawn(self, image: Image, seconds: float) -> Image:
        """Return a picture with the label where it is shown, else the same object.

        Args:
            image: RGB uint8 (height, width, 3) of the output's size; it is not changed.
            seconds: from the first frame of the output.
        """
        if not self.is_shown(seconds):
            return image
        labelled = image.copy()
        part = labelled[self.region.slices]
        part[:] = (part * self._kept + self._added + _WHITE // 2) // _WHITE
        return labelled

    def on(self, frame: Frame, seconds: float) -> Frame:
        """Return a frame with the label where it is shown, else the same one; transparent parts do not hide it.

        Args:
            frame: of the output's size.
            seconds: from the first frame of the output.
        """
        if not self.is_shown(seconds):
            return frame
        return replace(frame.with_image(self.drawn(frame.image, seconds)), opaque=self.region)


def _lettered(
    texts: tuple[str, ...], size: tuple[int, int], aspect: Fraction, settings: LabelSettings
) -> tuple[int, Coverage]:
    """Return the height of capitals, and the text as it is shown, on square pixels."""
    width, height = size
    share, place = Fraction(str(settings.height)), settings.place
    least = math.ceil(share * max(Fraction(min(width, height)), min(width * aspect, Fraction(height))))
    alignment: Alignment = "left" if place.endswith("left") else "right" if place.endswith("right") else "center"
    for rows in range(max(least, _READABLE), least, -1):
        drawn, is_whole = _lines(texts, rows, width * aspect, alignment)
        if is_whole and drawn.shape[0] + 2 * _space(rows) <= height * _MOST_OF_HEIGHT:
            return rows, drawn
    return least, _lines(texts, least, width * aspect, alignment)[0]


def _lines(texts: tuple[str, ...], rows: int, width: Fraction, alignment: Alignment) -> tuple[Coverage, bool]:
    """Return texts as pixels, each on as many lines as it needs, and whether the first has one."""
    lettering = Lettering(rows)
    lines = [list(lettering.broken(text, max(1, int(width) - 2 * _space(rows)))) for text in texts]
    return lettering.drawn([line for broken in lines for line in broken], alignment), len(lines[0]) == 1


def _space(height: int) -> int:
    """Return the space around text of a height, and around its plate."""
    return max(1, round(height * 0.5))


def _framed(coverage: Coverage, height: int, size: tuple[int, int], aspect: Fraction) -> Coverage:
    """Return the text on its plate, on pixels as they are stored, of even sides where the picture has room for them."""
    space = _space(height)
    if aspect != 1:
        stored = max(1, round(coverage.shape[1] / aspect))
        squeezed = Pillow.fromarray(coverage).resize((stored, coverage.shape[0]), Pillow.Resampling.BOX)
        coverage = np.asarray(squeezed, np.uint8)
    beside = max(1, round(space / aspect))
    tall, wide = coverage.shape[0] + 2 * space, coverage.shape[1] + 2 * beside
    framed = np.pad(coverage, ((space, space + tall % 2), (beside, beside + wide % 2)))
    return framed[: size[1], : size[0]]


def _placed(plate: Coverage, size: tuple[int, int], margin: int, aspect: Fraction, place: Place) -> Rectangle:
    """Return where a plate lies, on even rows and columns, on which colour is stored in video."""
    height, width = plate.shape
    spare_x, spare_y = size[0] - width, size[1] - height
    x = {"left": margin / aspect, "right": spare_x - margin / aspect}.get(place.rpartition("-")[2], spare_x / 2)
    y = margin if place.startswith("top") else spare_y - margin
    column, row = (max(0, min(spare, round(at))) // 2 * 2 for at, spare in ((x, spare_x), (y, spare_y)))
    return Rectangle(column, row, width, height)
