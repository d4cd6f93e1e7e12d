"""The speech that a job follows: which part of which file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from facefusion.errors import CancelledError
from facefusion.media import isolation
from facefusion.media.sniff import open_input
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.reader import Samples, SoundReader
from facefusion.options import LimitOptions

SPEECH_RATE: Final = 48000
"""Samples a second of `Speech.samples`."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech beside the frames of a job; nothing is read before it is asked for.

    Attributes:
        path: the file that holds it.
        start: moment on the file's own clock that belongs to the first frame; its first sound where None.
        begin: time of the first frame, in seconds as `Frame.time` counts.
        length: seconds for which there are frames; None where that is not known.
        limits: how far the file is trusted.
        cancel: asked between pieces whether to stop.
    """

    path: Path
    start: Fraction | None
    begin: Fraction
    length: Fraction | None
    limits: LimitOptions
    cancel: Callable[[], bool] = bool

    def samples(self) -> Iterator[Samples]:
        """Yield the sound from the first frame on, piece by piece, without gaps, float32 (samples, 2), 48 kHz.

        Raises:
            CancelledError: `cancel` said so.
            InputError: the file cannot be read, is damaged or holds no sound.
        """
        for piece in self._pieces():
            if self.cancel():
                raise CancelledError("The job was stopped", "Nothing was written")
            yield piece

    def _pieces(self) -> Iterator[Samples]:
        if self.limits.isolate:
            yield from isolation.read_apart(
                self.path,
                rate=SPEECH_RATE,
                layout="stereo",
                start=self.start,
                length=self.length,
                limits=self.limits,
                cancel=self.cancel,
            )
            return
        sound = open_sound(self.path, open_input(self.path))
        reader = SoundReader(sound, rate=SPEECH_RATE, layout="stereo", start=self.start, length=self.length)
        with closing(reader):
            yield from reader
