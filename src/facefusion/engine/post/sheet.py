"""Contact sheet: frames from the whole video with their times, in one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from facefusion.engine.post.shrink import shrunk
from facefusion.engine.post.spread import Spread
from facefusion.media.frame import Frame, Image
from facefusion.state import State

FRAMES = 20
"""Frames on the sheet, about; fewer where the video has no more."""
TILE = 320
"""Longer side of a frame on the sheet, in pixels."""
_GAP, _BAR = 8, 22
_ASPECT = 1.6
"""Width of the sheet by its height, about."""
_BACK, _TEXT = 24, (225, 225, 225)


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    time: float
    image: Image


class ContactSheet:
    """Collects evenly spaced frames; show it every frame in order.

    Args:
        pixel_aspect: width of the frames' pixels over their height; those of the sheet are square.
    """

    def __init__(self, pixel_aspect: Fraction = Fraction(1)) -> None:
        self._pixel_aspect = pixel_aspect
        self._tiles: Spread[_Tile] = Spread(FRAMES, merge=lambda first, _: first)

    def see(self, frame: Frame) -> None:
        """Look at the next frame."""
        if self._tiles.begins:
            self._tiles.add(_Tile(float(frame.time), shrunk(frame.image, TILE, self._pixel_aspect)))
        else:
            self._tiles.skip()

    def picture(self) -> Image | None:
        """Return the sheet as it is now, RGB uint8; None before the first frame."""
        if not self._tiles.items:
            return None
        height, width = (max(tile.image.shape[axis] for tile in self._tiles.items) for axis in (0, 1))
        columns = max(1, min(len(self._tiles.items), round(math.sqrt(FRAMES * _ASPECT * height / width))))
        wanted = columns * max(1, round(FRAMES / columns))
        tiles = _chosen(self._tiles.items, wanted)
        rows = -(-len(tiles) // columns)
        sheet = np.full((_GAP + rows * (height + _BAR + _GAP), _GAP + columns * (width + _GAP), 3), _BACK, np.uint8)
        for number, tile in enumerate(tiles):
            row, column = divmod(number, columns)
            _draw(sheet, tile, _GAP + row * (height + _BAR + _GAP), _GAP + column * (width + _GAP))
        return sheet

    def begin_at(self, index: int, frames: int) -> None:
        """Take the frames that are shown for a part of a longer video, from a frame of it on."""
        self._tiles.begin_at(index, frames)

    def take_behind(self, state: State) -> None:
        """Take over what another kept of the part of the video that comes next, by its state."""
        kept = zip(state["times"], state["images"], strict=True)
        tiles = [_Tile(time, image.copy()) for time, image in kept]
        self._tiles.take_behind(state["stride"], state["count"], tiles, completes=False)

    def state(self) -> State:
        """Return the frames kept so far; see `facefusion.state`."""
        return {
            "stride": self._tiles.stride,
            "count": self._tiles.count,
            "times": [tile.time for tile in self._tiles.items],
            "images": [tile.image.copy() for tile in self._tiles.items],
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._tiles.stride, self._tiles.count = state["stride"], state["count"]
        kept = zip(state["times"], state["images"], strict=True)
        self._tiles.items = [_Tile(time, image.copy()) for time, image in kept]


def _chosen(tiles: list[_Tile], wanted: int) -> list[_Tile]:
    """Return so many of the tiles, from the first to the last, evenly."""
    places = np.linspace(0, len(tiles) - 1, min(wanted, len(tiles)))
    return [tiles[round(float(place))] for place in places]


def _draw(sheet: Image, tile: _Tile, top: int, left: int) -> None:
    height, width = tile.image.shape[:2]
    sheet[top : top + height, left : left + width] = tile.image
    place = (left + 2, top + height + _BAR - 6)
    cv2.putText(sheet, clock(tile.time), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _TEXT, 1, cv2.LINE_AA)


def clock(seconds: float) -> str:
    """Return a time as people read it: 1:02.5, or 2:01:02.5."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(max(tenths, 0), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
