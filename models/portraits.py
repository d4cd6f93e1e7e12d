"""Reading portraits and finding the face in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from facefusion.media.frame import Image
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions


def picture_paths(places: Sequence[Path]) -> list[Path]:
    """Return the files given, and the JPEG pictures of the folders given, sorted within each."""
    return [path for place in places for path in ([place] if place.is_file() else sorted(place.glob("*.jpg")))]


def read_pictures(places: Sequence[Path]) -> Iterator[Image]:
    """Yield the pictures as upright RGB, uint8 (H, W, 3)."""
    for path in picture_paths(places):
        yield read_picture(path, LimitOptions()).image
