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

_KEPT_PER_SECOND: Final = 4 * (2 * SPEECH_RATE + 16000)
"""Bytes of all that may be kept of a second: what is read, and what networks hear."""
_USUAL_LENGTH: Final = 3600.0
"""Seconds for which there is room, where the length is not known."""


def _anywhere(room: int) -> Path | None:
    del room
    return None


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
        work: returns the folder for what is kept of it while the job runs, given how many bytes that takes; None: the
            system's.
    """

    path: Path
    start: Fraction | None
    begin: Fraction
    length: Fraction | None
    limits: LimitOptions
    cancel: Callable[[], bool] = bool
    work: Callable[[int], Path | None] = _anywhere

    def folder(self) -> Path | None:
        """Return the folder for what is kept of the speech while the job runs; None: the system's.

        Raises:
            OutputError, TrustError: there is none that may be used.
        """
        seconds = _USUAL_LENGTH if self.length is None else float(self.length)
        return self.work(round(seconds * _KEPT_PER_SECOND))

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
                folder=self.folder(),
            )
            return
        sound = open_sound(self.path, open_input(self.path))
        reader = SoundReader(sound, rate=SPEECH_RATE, layout="stereo", start=self.start, length=self.length)
        with closing(reader):
            yield from reader
