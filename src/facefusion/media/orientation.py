"""The eight ways in which a stored picture may have to be turned or mirrored to stand upright."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import Enum
from typing import cast

import av
import cv2
from av.sidedata.sidedata import SideData, Type

from facefusion.media.frame import Image


class Orientation(Enum):
    """What brings a stored picture upright.

    The values are (transpose first, then mirror left-right, then mirror top-bottom).
    """

    UPRIGHT = (False, False, False)
    MIRRORED = (False, True, False)
    ROTATED_180 = (False, True, True)
    FLIPPED = (False, False, True)
    TRANSPOSED = (True, False, False)
    CLOCKWISE_90 = (True, True, False)
    TRANSVERSED = (True, True, True)
    COUNTER_CLOCKWISE_90 = (True, False, True)

    @classmethod
    def _missing_(cls, value: object) -> Orientation | None:
        """Find the value that came as a list, as JSON has it."""
        return cls(tuple(value)) if isinstance(value, list) else None

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Orientation:
        """Read the display matrix that a container attached to `frame`.

        Matrices that turn by other than quarters are taken as the nearest of the eight.
        """
        for entry in cast("Iterable[SideData]", frame.side_data):  # the stub takes it for a mapping of names
            if entry.type is Type.DISPLAYMATRIX:
                return cls.of_matrix(bytes(entry))
        return cls.UPRIGHT

    @classmethod
    def of_matrix(cls, matrix: bytes) -> Orientation:
        """Read a display matrix: nine 32-bit integers in the machine's byte order, [a b u c d v x y w].

        A point (x, y) of the stored picture is shown at (a·x + c·y, b·x + d·y); y points down.
        """
        a, b, _, c, d = struct.unpack("=5i", matrix[:20])
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls((False, a < 0, d < 0))
        return cls((True, c < 0, b < 0))

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.value[0]

    @property
    def is_upside_down(self) -> bool:
        """Whether the first line that is shown is the last that is stored; of pictures that keep their sides."""
        return self.value[2] and not self.swaps_sides

    @property
    def rotation(self) -> int:
        """Clockwise turn in degrees (0, 90, 180 or 270) of the part that is not a mirror image."""
        return {
            Orientation.ROTATED_180: 180,
            Orientation.FLIPPED: 180,
            Orientation.CLOCKWISE_90: 90,
            Orientation.TRANSPOSED: 90,
            Orientation.COUNTER_CLOCKWISE_90: 270,
            Orientation.TRANSVERSED: 270,
        }.get(self, 0)

    def upright(self, image: Image) -> Image:
        """Return `image` brought upright; the array itself where nothing needs doing."""
        transpose, left_right, top_bottom = self.value
        if transpose:
            image = cv2.transpose(image)  # type: ignore[assignment]
        if left_right or top_bottom:
            image = cv2.flip(image, -1 if left_right and top_bottom else int(left_right))  # type: ignore[assignment]
        return image
