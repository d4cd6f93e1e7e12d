"""Reading a sequence of pictures as a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facefusion.errors import InputTypeError
from facefusion.media.info import VideoInfo
from facefusion.media.load import PictureReader, picture_reader
from facefusion.media.picture import Picture
from facefusion.media.planes.layout import Layout
from facefusion.media.select import Selection, Start
from facefusion.media.sequence import Pattern, find_sequence
from facefusion.media.still.arrays import Pixels, format_of
from facefusion.media.still.deep import to_16_bits
from facefusion.media.still.reader import Schedule, StillsReader
from facefusion.options import LimitOptions

_WITH_FULL_CHROMA = ("PNG", "TIFF", "BMP")


def open_sequence(path: Path, *, limits: LimitOptions, selection: Selection, start: Start | None) -> StillsReader:
    """Open a sequence of numbered pictures.

    Each is shown for one period of `selection.sequence_rate`, in the order of the numbers. All are of the size, the
    depth and the transparency of the first.

    Args:
        path: a pattern such as `shot.%04d.png`, or a folder that holds the pictures of one sequence.
        limits: what is refused.
        selection: what is given out.
        start: the frame to begin with.

    Raises:
        InputMissingError: there is no such folder, or no picture.
        InputTypeError: the folder holds several sequences; a picture is not of a form that is read, or has more bits
            or transparency than the first.
        InputDamagedError: a number is missing; a picture is damaged or of another size than the first.
        InputLimitError: a picture has more pixels, or the sequence more frames or seconds than allowed.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """
    pattern, numbers = find_sequence(path)
    pictures = NumberedPictures(pattern, numbers, picture_reader(limits))
    rate = selection.sequence_rate
    info = replace(
        pictures.describe(),
        path=path,
        frame_rate=rate,
        time_base=1 / rate,
        frames=len(numbers),
        duration=len(numbers) / rate,
        first_number=numbers[0],
    )
    schedule = Schedule(1 / rate, range(len(numbers) + 1))
    return StillsReader(pictures, info, schedule, limits=limits, selection=selection, start=start)


class NumberedPictures:
    """The pictures of a sequence; see `facefusion.media.still.reader.Stills`.

    Args:
        pattern: how they are named.
        numbers: which there are.
        reader: reads them; closed with this.

    Attributes:
        notes: what is there but not carried on.
    """

    def __init__(self, pattern: Pattern, numbers: Sequence[int], reader: PictureReader) -> None:
        self._pattern = pattern
        self._numbers = numbers
        self._reader = reader
        try:
            self._first = reader.read(pattern.path(numbers[0]))
        except BaseException:
            reader.close()
            raise
        self.notes = ("The ICC profile of the pictures is left out",) if self._first.icc_profile else ()

    def describe(self) -> VideoInfo:
        """Tell what the first picture tells of all; times are left to others."""
        first = _samples(self._first, self._first)
        path = self._pattern.path(self._numbers[0])
        form = self._reader.info(path).form
        planar = Layout.of(format_of(first)).name
        return VideoInfo(
            path=path,
            container=f"{form} sequence",
            codec=form.lower(),
            width=first.shape[1],
            height=first.shape[0],
            frame_rate=Selection().sequence_rate,
            time_base=1 / Selection().sequence_rate,
            pixel_format=planar,
            stored_format=planar if form in _WITH_FULL_CHROMA else "",
            bit_depth=first.itemsize * 8,
            has_alpha=first.shape[2] == 4,
        )

    def fetch(self, number: int) -> Pixels:
        """Read a picture.

        Raises:
            InputError: it cannot be read, or has more than the first.
        """
        if number == 0:
            return _samples(self._first, self._first)
        path = self._pattern.path(self._numbers[number])
        picture = self._reader.read(path)
        for name, has, had in (
            ("transparency", picture.alpha is not None, self._first.alpha is not None),
            ("16 bits", picture.deep is not None, self._first.deep is not None),
        ):
            if has and not had:
                first = self._pattern.path(self._numbers[0]).name
                raise InputTypeError(f"The picture {path} has {name}, the first, {first}, has not", "Save all alike")
        return _samples(picture, self._first)

    def close(self) -> None:
        """Let go of what reading takes, as often as one likes."""
        self._reader.close()


def _samples(picture: Picture, first: Picture) -> Pixels:
    """Return what a picture holds, with the depth and the transparency of the first."""
    image: Pixels = picture.image
    alpha: Pixels | None = picture.alpha
    if first.deep is not None:
        image = to_16_bits(picture.image) if picture.deep is None else picture.deep
        if picture.alpha is not None:
            alpha = to_16_bits(picture.alpha) if picture.deep_alpha is None else picture.deep_alpha
    if first.alpha is None:
        return image
    if alpha is None:
        alpha = np.full(image.shape[:2], np.iinfo(image.dtype).max, image.dtype)
    return np.dstack([image, alpha])
