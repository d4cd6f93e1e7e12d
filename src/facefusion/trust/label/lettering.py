"""Text as pixels: how high its capitals come out, and how its lines are broken."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from io import BytesIO
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from facefusion.errors import DisclosureError

Coverage = npt.NDArray[np.uint8]
"""How much of each pixel the text covers, 0 to 255; uint8, shape (height, width)."""
Alignment = Literal["left", "center", "right"]
"""To which side shorter lines go."""

_FONT = "NotoSansCJKsc-Bold-part.otf"
_CAPITAL, _MISSING = "H", "\ufffe"
_COVERED = 128
_CAPITAL_SHARE = 0.733  # of the size of this font
_PITCH = 1.2  # from line to line, in sizes of the font
_WIDE = ("W", "F")


class Lettering:
    """The bundled font at the size at which its capitals have a height.

    Args:
        height: least height of capital letters in pixels, at least 1. Chinese characters come out a quarter higher.
    """

    def __init__(self, height: int) -> None:
        size = max(1, int(height / _CAPITAL_SHARE))
        self._font = _font(size)
        while _rows(_ink(self._font, _CAPITAL)) < height:
            size += 1
            self._font = self._font.font_variant(size=size)
        self._size = size

    def width(self, text: str) -> int:
        """Return how wide a line is, in pixels."""
        return int(np.ceil(self._font.getlength(text)))

    def broken(self, text: str, width: int) -> Iterator[str]:
        """Yield the lines of a text that are no wider than so many pixels; a character alone always fits."""
        line = ""
        for piece in _pieces(text):
            if self.width((line + piece).rstrip()) <= width:
                line += piece
                continue
            if line.strip():
                yield line.strip()
            *full, line = self._characters(piece.lstrip(), width)
            yield from full
        if line.strip():
            yield line.strip()

    def drawn(self, lines: Sequence[str], alignment: Alignment) -> Coverage:
        """Return lines as pixels, cut to what is covered; uint8 (height, width)."""
        widest = max(self.width(line) for line in lines)
        pitch = round(self._size * _PITCH)
        room = 2 * self._size
        canvas = Pillow.new("L", (widest + 2 * room, pitch * len(lines) + 2 * room))
        draw = ImageDraw.Draw(canvas)
        for number, line in enumerate(lines):
            spare = widest - self.width(line)
            start = {"left": 0, "center": spare // 2, "right": spare}[alignment]
            draw.text((room + start, room + pitch * number), line, fill=255, font=self._font, anchor="ls")
        return np.asarray(canvas.crop(canvas.getbbox()), np.uint8)

    def _characters(self, piece: str, width: int) -> list[str]:
        """Return a piece, which may be too wide, as lines."""
        lines = [""]
        for character in piece:
            if lines[-1] and self.width(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
        return lines


def check_characters(text: str) -> None:
    """Make sure that the font has every character of a text.

    Raises:
        DisclosureError: it has not.
    """
    font = _font(16)
    unknown = _ink(font, _MISSING).tobytes()
    missing = "".join(
        dict.fromkeys(letter for letter in text if letter != " " and _ink(font, letter).tobytes() == unknown)
    )
    if missing:
        raise DisclosureError(
            f"The label's font has no {missing}", "Write the label's text with Latin or common Chinese characters"
        )


def _font(size: int) -> ImageFont.FreeTypeFont:
    """Open the font; the basic layout engine draws the same everywhere."""
    content = BytesIO((files("facefusion.trust.label") / "data" / _FONT).read_bytes())
    return ImageFont.truetype(content, size, layout_engine=ImageFont.Layout.BASIC)


def _ink(font: ImageFont.FreeTypeFont, text: str) -> Coverage:
    mask = font.getmask(text)
    return np.asarray(mask, np.uint8).reshape(mask.size[::-1])


def _rows(ink: Coverage) -> int:
    """Return over how many rows letters stand, counting those that they cover by half."""
    return int(np.count_nonzero(ink.max(axis=1, initial=0) >= _COVERED))


def _pieces(text: str) -> Iterator[str]:
    """Yield what must not be broken: words with the space before them, and single Chinese characters."""
    word = ""
    for character in text:
        if character.isspace() or unicodedata.east_asian_width(character) in _WIDE:
            if word:
                yield word
            word = ""
            if not character.isspace():
                yield character
                continue
        word += character
    if word:
        yield word
