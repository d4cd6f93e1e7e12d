"""Reading animated GIF, PNG and WebP: one picture at a time, with its transparency and its own duration."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Protocol

import av
import numpy as np
from PIL import Image as Pillow

from facefusion.errors import InputDamagedError, InputError, InputTypeError
from facefusion.media import forms
from facefusion.media.info import VideoInfo, check_pixels
from facefusion.media.planes.layout import Layout
from facefusion.media.select import Selection, Start
from facefusion.media.shown import reason
from facefusion.media.sniff import sniff
from facefusion.media.source import explain
from facefusion.media.still.animated import Timing, timing
from facefusion.media.still.arrays import Pixels, format_of
from facefusion.media.still.decoders import Decoder, LibavDecoder, WebpDecoder
from facefusion.media.still.header import HEADER_BYTES, stated_size
from facefusion.media.still.reader import Schedule, Stills, StillsReader
from facefusion.options import LimitOptions

_DAMAGE = (av.FFmpegError, OSError, SyntaxError, ValueError, EOFError, IndexError, RuntimeError, struct.error)
_CODECS = {forms.ANIMATED_GIF: "gif", forms.ANIMATED_PNG: "apng", forms.ANIMATED_WEBP: "webp"}


def open_animation(
    path: Path,
    *,
    limits: LimitOptions,
    selection: Selection,
    start: Start | None,
    file: FileIO,
    decoder: AnimationDecoder,
) -> StillsReader:
    """Open an animated GIF, PNG or WebP.

    Pictures are given out as players show them: put together from their parts, with whatever transparency is left, and
    each with its own duration (see `timing`). Interlaced storage, disposal and blending are the form's own matter.

    Args:
        path: the file.
        limits: what is refused.
        selection: what is given out.
        start: the frame to begin with.
        file: the file; closed with the reader.
        decoder: what decodes it, such as `Animation`.

    Raises:
        InputTypeError: it is no animation of these forms.
        InputDamagedError: it is truncated or cannot be decoded; on opening or while iterating.
        InputLimitError: it has more pixels, frames or seconds than allowed.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """
    try:
        animation = decoder(path, file, limits)
    except BaseException:
        file.close()
        raise
    return StillsReader(animation, animation.info, animation.schedule, limits=limits, selection=selection, start=start)


class MovingPictures(Stills, Protocol):
    """The pictures of an animation, and when they are shown."""

    @property
    def info(self) -> VideoInfo:
        """What is known of them."""
        ...

    @property
    def schedule(self) -> Schedule:
        """When they are shown."""
        ...


AnimationDecoder = Callable[[Path, FileIO, LimitOptions], MovingPictures]
"""Opens the pictures of an animation; see `Animation`."""


class Animation:
    """The pictures of an animation, by number; see `facefusion.media.still.reader.Stills`.

    Args:
        path: the file.
        file: the same, open; closed with this.
        limits: what is refused.

    Attributes:
        schedule: when they are shown.
        info: what is known of them.
        notes: what is there but not carried on.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, file: FileIO, limits: LimitOptions) -> None:
        self._path = path
        self._file = file
        self._form = sniff(file, path, "video")
        if self._form not in forms.ANIMATIONS:
            raise InputTypeError(f"The file {path} is not animated", "Open it as a video")
        self._buffered: IO[bytes] = io.BufferedReader(file)
        self._check_size(limits)
        self._timing = self._walk()
        self.schedule = Schedule(self._timing.time_base, self._timing.times)
        with self._explained(0):
            if self._form is forms.ANIMATED_WEBP:
                self._decoder: Decoder = WebpDecoder(self._buffered)
            else:
                self._decoder = LibavDecoder(self._buffered, self._form, limits.max_pixels)
            self._next = 0
            self._held = next(self._decoder)
        self.info, self._has_alpha = self._describe(self._held)

    def fetch(self, number: int) -> Pixels:
        """Decode a picture; its number is never below that of the one before.

        Raises:
            InputDamagedError: it cannot be decoded.
        """
        while self._next < number:
            with self._explained(self._next + 1):
                self._held = next(self._decoder)
            self._next += 1
        return self._held if self._has_alpha else np.ascontiguousarray(self._held[..., :3])

    def close(self) -> None:
        """Let go of the file."""
        self._decoder.close()
        self._buffered.close()

    def _check_size(self, limits: LimitOptions) -> None:
        """Hold the limit against the header."""
        self._buffered.seek(0)
        size = stated_size(self._buffered.read(HEADER_BYTES), self._form)
        if size is None:
            raise self._damage(0, "the header is damaged")
        check_pixels(self._path, *size, limits)

    def _walk(self) -> Timing:
        """Walk through the file."""
        found = timing(self._buffered, self._form)
        if not found.is_whole:
            raise InputDamagedError(
                f"The {self._form.name} {self._path} breaks off after {found.frames} pictures", "Copy it again"
            )
        self._buffered.seek(0)
        return found

    def _describe(self, first: Pixels) -> tuple[VideoInfo, bool]:
        """Gather what is known, and whether the pictures are transparent in parts."""
        has_alpha = first.shape[2] == 4
        if self._form is forms.ANIMATED_GIF:
            # Every GIF has a transparent colour, most often for "as in the picture before". Parts of what is shown are
            # transparent only if they are so at first, or are cleared later.
            has_alpha = self._timing.clears or bool((first[..., 3] < 255).any())
        shown = self._timing
        info = VideoInfo(
            path=self._path,
            container=self._form.name,
            codec=_CODECS[self._form],
            width=first.shape[1],
            height=first.shape[0],
            frame_rate=shown.frames / shown.duration,
            time_base=shown.time_base,
            frames=shown.frames,
            duration=shown.duration,
            pixel_format=Layout.of(format_of(first if has_alpha else first[..., :3])).name,
            bit_depth=first.itemsize * 8,
            has_alpha=has_alpha,
        )
        return info, has_alpha

    @contextmanager
    def _explained(self, number: int) -> Iterator[None]:
        """Turn what decoders raise into an error that people understand."""
        try:
            yield
        except InputError:
            raise
        except StopIteration as error:
            raise self._damage(number, "it is not there") from error
        except Pillow.DecompressionBombError as error:
            raise self._damage(number, reason(error)) from error
        except av.error.PatchWelcomeError as error:
            raise InputTypeError(
                f"Picture {number} of the {self._form.name} {self._path} is stored in a way that is not read",
                "Save it with 8 bits",
            ) from error
        except _DAMAGE as error:
            raise self._damage(number, explain(error)) from error

    def _damage(self, number: int, reason: str) -> InputDamagedError:
        return InputDamagedError(
            f"Picture {number} of the {self._form.name} {self._path}, counted from 0, cannot be decoded: {reason}",
            "Copy it again or save it anew",
        )
