"""The checksum of a PNG chunk, which changes with what is written into it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from facefusion.trust.provenance.pieces import pieces

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = 8  # length and type of a chunk


@dataclass(frozen=True, slots=True)
class Checksum:
    """Where the checksum of a chunk stands, and over what it is made.

    Attributes:
        start: of the chunk's type.
        place: of the checksum, behind its data.
    """

    start: int
    place: int
    LENGTH: ClassVar[int] = 4

    def computed(self, file: BinaryIO) -> bytes:
        """Return what the checksum should be.

        Raises:
            OSError: the file cannot be read.
        """
        checksum = 0
        for piece in pieces(file, self.start, self.place):
            checksum = zlib.crc32(piece, checksum)
        return checksum.to_bytes(self.LENGTH)

    def is_right(self, file: BinaryIO) -> bool:
        """Return whether it is what it should be.

        Raises:
            OSError: the file cannot be read.
        """
        computed = self.computed(file)
        file.seek(self.place)
        return file.read(self.LENGTH) == computed


def checksum_over(file: BinaryIO, place: int) -> Checksum | None:
    """Return the checksum of the chunk that covers a place in a file; None in forms other than PNG.

    Raises:
        OSError: the file cannot be read.
    """
    file.seek(0)
    if file.read(len(_PNG)) != _PNG:
        return None
    start = len(_PNG)
    while len(head := file.read(_HEAD)) == _HEAD:
        end = start + _HEAD + int.from_bytes(head[:4])
        if place < end:
            return Checksum(start + 4, end)
        start = end + Checksum.LENGTH
        file.seek(start)
    return None
