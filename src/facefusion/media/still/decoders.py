"""Decoding the pictures of an animation one after the other."""

from __future__ import annotations

import warnings
from typing import IO, NoReturn, Protocol

import av
import numpy as np
from PIL.WebPImagePlugin import WebPImageFile

from facefusion.errors import InputTypeError
from facefusion.media.forms import Form
from facefusion.media.still.arrays import Pixels, array_of


class Decoder(Protocol):
    """Gives the pictures of an animation in order, put together as they are shown."""

    def __next__(self) -> Pixels:
        """Decode the next picture."""
        ...

    def close(self) -> None:
        """Let go of what decoding takes; the file stays open."""
        ...


class LibavDecoder:
    """Decodes GIF and PNG."""

    def __init__(self, file: IO[bytes], form: Form, max_pixels: int) -> None:
        self._container = av.open(
            file,
            "r",
            format=form.reader,
            options={"max_pixels": str(max_pixels)},
            container_options={"protocol_whitelist": "none", "format_whitelist": form.reader},
            metadata_errors="replace",
            io_open=_refuse_to_open,
        )
        stream = self._container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode", "max_pixels": str(max_pixels)}
        stream.codec_context.thread_count = 1
        self._frames = self._container.decode(stream)

    def __next__(self) -> Pixels:
        return array_of(next(self._frames))

    def close(self) -> None:
        """Let go of what decoding takes."""
        self._container.close()


class WebpDecoder:
    """Decodes WebP, of which libav reads the first picture alone."""

    def __init__(self, file: IO[bytes]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._image = WebPImageFile(file)
        self._number = -1

    def __next__(self) -> Pixels:
        self._number += 1
        self._image.seek(self._number)
        self._image.load()
        return np.array(self._image)

    def close(self) -> None:
        """Let go of what decoding takes."""
        self._image.close()


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Stand in for libav's opener of further files."""
    raise InputTypeError(f"The animation refers to another file ({url!r}), which is never opened", "Give another")
