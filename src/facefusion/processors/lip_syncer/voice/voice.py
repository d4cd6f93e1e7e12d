"""The speech of a job as 16 kHz mono: read once, then at hand at any moment."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from facefusion.errors import DiskFullError
from facefusion.media.sound.speech import Speech
from facefusion.processors.lip_syncer.voice.decimator import Decimator
from facefusion.processors.lip_syncer.voice.extraction import VoiceExtractor, extracted
from facefusion.processors.lip_syncer.voice.mel import HOP, LENGTH, PER_SECOND, WINDOW, Mel, emphasised, levels

_STRETCH = LENGTH + HOP * (WINDOW - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What is heard, mono at 16 kHz.

    Attributes:
        samples: float32 (N,); of a recording they lie in a file, of which memory holds what is used.
        peak: the loudest of them.
        begin: time of the first sample, in seconds as `Frame.time` counts.
    """

    samples: npt.NDArray[np.float32]
    peak: float
    begin: Fraction = Fraction(0)

    @classmethod
    def record(cls, speech: Speech, extractor: VoiceExtractor | None = None, *, folder: Path | None = None) -> Self:
        """Read speech into a file without a name, which is gone with the last who uses it.

        Args:
            speech: what to read.
            extractor: parts the voice from other sound; all of it counts as voice where None.
            folder: where the file lies; the system's when None.

        Raises:
            CancelledError: the job is to stop.
            InputError: the speech cannot be read.
            DiskFullError: no space is left.
        """
        peak, count = 0.0, 0
        with tempfile.TemporaryFile(dir=folder) as file:
            for piece in _at_16_khz(speech, extractor):
                peak = max(peak, float(np.abs(piece).max()))
                count += len(piece)
                _keep(piece, file, folder)
            return cls(_mapped(file, count), peak, speech.begin)

    def mel(self, time: Fraction) -> Mel:
        """Return what is heard from a moment on for a fifth of a second, float32 (80, 16).

        Before and after the speech there is silence.

        Args:
            time: in seconds, as `Frame.time` counts.
        """
        first = math.floor((time - self.begin) * PER_SECOND) * HOP - LENGTH // 2
        return levels(self._emphasised(first, first + _STRETCH))

    def _emphasised(self, first: int, end: int) -> npt.NDArray[np.float32]:
        """Return the samples from one to before another, the loudest at 1, with what is high in them raised."""
        begin, stop = (min(max(place, 0), len(self.samples)) for place in (first, end))
        result = np.zeros(end - first, np.float32)
        if begin < stop and self.peak > 0:
            before = self.samples[begin - 1] if begin else 0.0
            result[begin - first : stop - first] = emphasised(self.samples[begin:stop], float(before)) / self.peak
        return result


def _at_16_khz(speech: Speech, extractor: VoiceExtractor | None) -> Iterator[npt.NDArray[np.float32]]:
    """Yield speech as mono at 16 kHz."""
    pieces = speech.samples()
    decimator = Decimator()
    for piece in pieces if extractor is None else extracted(pieces, extractor):
        made = decimator.push(piece.mean(axis=1))
        if len(made):
            yield made
    yield decimator.finish()


def _keep(piece: npt.NDArray[np.float32], file: IO[bytes], folder: Path | None) -> None:
    try:
        file.write(piece.tobytes())
        file.flush()
    except OSError as error:
        raise DiskFullError(
            f"The speech cannot be kept in {folder or tempfile.gettempdir()}: {error.strerror or error}",
            "Free some space there, or choose another folder with --work-dir",
        ) from error


def _mapped(file: IO[bytes], count: int) -> npt.NDArray[np.float32]:
    """Return what a file holds, which stays there; it goes with the last who uses it."""
    if not count:
        return np.zeros(0, np.float32)
    return np.memmap(file, np.float32, "r", shape=(count,))
