"""How many pictures a TIFF file holds."""

from __future__ import annotations

from typing import IO

from PIL.ExifTags import Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_BIG = 43
_MOST_DIRECTORIES = 64
_REDUCED_OR_MASK = 0b101  # bits of NewSubfileType


def has_several_pages(file: IO[bytes]) -> bool:
    """Whether a TIFF file holds more than one picture; previews and masks of the first do not count."""
    file.seek(0)
    head = file.read(8)
    directory = ImageFileDirectory_v2(head + file.read(8) if head[2] == _BIG or head[3] == _BIG else head)
    seen: set[int] = set()
    pages = 0
    while directory.next and directory.next not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(directory.next)
        file.seek(directory.next)
        directory.next = 0
        directory.load(file)
        pages += not int(directory.get(Base.NewSubfileType, 0)) & _REDUCED_OR_MASK
    return pages > 1
