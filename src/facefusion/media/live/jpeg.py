"""Live frames that come one by one as JPEG pictures, from senders that are not trusted, and leave so."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Final

from PIL import Image as Pillow

from facefusion.errors import InputError, InputTypeError
from facefusion.media.frame import Image
from facefusion.media.isolation.pictures import IsolatedPictures
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions

MOST_PIXELS: Final = 1920 * 1088
"""Of one live frame."""
_START: Final = b"\xff\xd8\xff"
_NAME: Final = Path("frame.jpg")
_HALF_COLOUR: Final = 2
"""How Pillow calls 4:2:0."""


class JpegFrames:
    """Decodes frames; in a process that may do nothing else where `limits.isolate` asks for it.

    Args:
        limits: what is refused; no frame may have more than `MOST_PIXELS` in any case.
    """

    def __init__(self, limits: LimitOptions) -> None:
        most = min(limits.max_pixels, MOST_PIXELS)
        self._limits = limits.model_copy(update={"max_pixels": most})
        self._isolated = IsolatedPictures(self._limits) if limits.isolate else None

    def decode(self, content: bytes) -> Image:
        """Return a frame, RGB uint8 (height, width, 3), upright.

        Raises:
            InputTypeError: it is no JPEG.
            InputDamagedError: it cannot be decoded.
            InputLimitError: its header states more pixels than a frame may have.
            IsolationError: the system has no means for isolation.
        """
        if not content.startswith(_START):
            raise InputTypeError("A live frame is no JPEG picture", "Send each frame as a JPEG picture")
        with closing(_held(content)) as file:
            if self._isolated is None:
                return read_picture(_NAME, self._limits, file=file).image
            try:
                return self._isolated.read(_NAME, file).image
            except InputError:
                self._isolated.close()  # its process may have ended with this frame; the next one begins another
                raise

    def close(self) -> None:
        """Let go of the process."""
        if self._isolated is not None:
            self._isolated.close()


def jpeg_of(image: Image, quality: int) -> bytes:
    """Return a frame as JPEG.

    Args:
        image: RGB uint8 (height, width, 3).
        quality: from 1 to 100.
    """
    made = io.BytesIO()
    Pillow.fromarray(image).save(made, "JPEG", quality=quality, subsampling=_HALF_COLOUR)
    return made.getvalue()


def _held(content: bytes) -> FileIO:
    """Return bytes as an open file, which lies in memory where the system can do so."""
    if hasattr(os, "memfd_create"):
        file = FileIO(os.memfd_create(str(_NAME)), "r+b")
    else:
        with tempfile.TemporaryFile() as made:
            file = FileIO(os.dup(made.fileno()), "r+b")
    file.write(content)
    file.seek(0)
    return file
