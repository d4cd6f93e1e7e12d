"""What a stream says of the screen that it was graded on and of its brightest light (SMPTE ST 2086, CTA-861.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self, cast

import av
from av.sidedata.sidedata import SideData, Type

Point = tuple[Fraction, Fraction]

_RATIONALS = 10
_CHROMATICITY_STEP = 50_000  # of ST 2086, per unit
_LUMINANCE_STEP = 10_000  # per cd/m²


@dataclass(frozen=True, slots=True)
class Mastering:
    """The screen that a picture was graded on.

    Attributes:
        red: chromaticity (x, y).
        green: likewise.
        blue: likewise.
        white: likewise.
        darkest: black in cd/m².
        brightest: white in cd/m².
    """

    red: Point
    green: Point
    blue: Point
    white: Point
    darkest: Fraction
    brightest: Fraction

    @classmethod
    def of_bytes(cls, data: bytes) -> Self | None:
        """Read libav's AVMasteringDisplayMetadata; None where it is not complete."""
        numbers = struct.unpack_from(f"={2 * _RATIONALS + 2}i", data)
        if not all(numbers[-2:]) or not all(numbers[1 : 2 * _RATIONALS : 2]):
            return None
        values = [Fraction(numbers[2 * n], numbers[2 * n + 1]) for n in range(_RATIONALS)]
        red, green, blue, white = ((values[n], values[n + 1]) for n in range(0, 8, 2))
        return cls(red, green, blue, white, darkest=values[8], brightest=values[9])

    def x265(self) -> str:
        """Return it as x265 wants it: in steps of 0.00002 and of 0.0001 cd/m²."""
        points = "".join(
            f"{name}({round(x * _CHROMATICITY_STEP)},{round(y * _CHROMATICITY_STEP)})"
            for name, (x, y) in self._points()
        )
        return f"{points}L({round(self.brightest * _LUMINANCE_STEP)},{round(self.darkest * _LUMINANCE_STEP)})"

    def svt(self) -> str:
        """Return it as SVT-AV1 wants it: in plain numbers."""
        points = "".join(f"{name}({float(x):.5f},{float(y):.5f})" for name, (x, y) in self._points())
        return f"{points}L({float(self.brightest):.4f},{float(self.darkest):.4f})"

    def _points(self) -> tuple[tuple[str, Point], ...]:
        return ("G", self.green), ("B", self.blue), ("R", self.red), ("WP", self.white)


@dataclass(frozen=True, slots=True)
class ContentLight:
    """The brightest light in a stream.

    Attributes:
        most: of any pixel (MaxCLL) in cd/m².
        average: of any frame on average (MaxFALL) in cd/m².
    """

    most: int
    average: int

    @classmethod
    def of_bytes(cls, data: bytes) -> Self:
        """Read libav's AVContentLightMetadata."""
        return cls(*struct.unpack_from("=2I", data))

    def __str__(self) -> str:
        """Show it as x265's `max-cll` and SVT-AV1's `content-light` want it."""
        return f"{self.most},{self.average}"


@dataclass(frozen=True, slots=True)
class HdrMetadata:
    """Both, as far as a stream says them.

    Attributes:
        mastering: the screen.
        light: the brightest light.
    """

    mastering: Mastering | None = None
    light: ContentLight | None = None

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Self | None:
        """Read what came with a decoded frame; None where there is neither."""
        found = {entry.type: bytes(entry) for entry in cast("Iterable[SideData]", frame.side_data)}
        mastering, light = found.get(Type.MASTERING_DISPLAY_METADATA), found.get(Type.CONTENT_LIGHT_LEVEL)
        result = cls(
            Mastering.of_bytes(mastering) if mastering else None, ContentLight.of_bytes(light) if light else None
        )
        return result if result.mastering or result.light else None

    def x265(self) -> str:
        """Return x265 parameters, such as `hdr10=1:master-display=…:max-cll=1000,400`."""
        return ":".join(
            [
                "hdr10=1",
                *([f"master-display={self.mastering.x265()}"] if self.mastering else []),
                *([f"max-cll={self.light}"] if self.light else []),
            ]
        )

    def svt(self) -> str:
        """Return SVT-AV1 parameters, such as `mastering-display=…:content-light=1000,400`."""
        return ":".join(
            [
                *([f"mastering-display={self.mastering.svt()}"] if self.mastering else []),
                *([f"content-light={self.light}"] if self.light else []),
            ]
        )
