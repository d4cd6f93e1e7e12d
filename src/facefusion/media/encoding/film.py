"""Animated WebP, by Pillow: libav's own encoder loses transparency, and the time of the last picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Protocol, cast

import av
from PIL import Image as Pillow

from facefusion.media.encoding.palette import PACKED
from facefusion.media.encoding.schedule import Showing


class Frames(Protocol):
    """Frames of packed RGB, and when they are shown."""

    @property
    def showings(self) -> Sequence[Showing]:
        """When each is shown, in milliseconds."""
        ...

    def __iter__(self) -> Iterator[av.VideoFrame]:
        """Yield them in order."""
        ...


class Film(Pillow.Image):
    """Frames that Pillow goes through once, from the first to the last, holding one at a time.

    Args:
        frames: at least one.
    """

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self._pictures = iter(frames)
        self._place = -1
        self.delays = [showing.length for showing in frames.showings]
        self.n_frames = len(self.delays)
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go to the next picture; a film stays where it is when it is asked to run back, as Pillow does at the end.

        Raises:
            EOFError: it is further on.
        """
        if frame <= self._place:
            return
        if frame != self._place + 1:
            raise EOFError("a film runs picture by picture")
        planes = next(self._pictures)
        picture = Pillow.fromarray(planes.to_ndarray(format="rgba" if planes.format.name == PACKED else "rgb24"))
        self.im, self._mode, self._size = picture.im, picture.mode, picture.size
        self._place = frame

    def tell(self) -> int:
        """Return the place of the present picture."""
        return self._place


def webp(file: object, film: Film, *, quality: int) -> None:
    """Write a film that plays without end.

    Args:
        file: open for writing; has `write` and `flush`.
        film: at its beginning.
        quality: 0 to 100.
    """
    film.save(cast("IO[bytes]", file), "WEBP", save_all=True, duration=film.delays, loop=0, quality=quality, method=4)
