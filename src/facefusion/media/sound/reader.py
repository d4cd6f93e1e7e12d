"""Decoding sound, piece by piece, onto a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, Literal

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from facefusion.errors import InputDamagedError
from facefusion.media.sound.opening import OpenSound
from facefusion.media.source import explain

Samples = npt.NDArray[np.float32]
"""Sound from -1 to 1, float32 (samples, channels)."""
Layout = Literal["mono", "stereo"]

_GAP: Final = Fraction(1, 25)
"""Seconds by which the stated time of sound may be off before it is believed: containers round times."""
_AT_ONCE: Final = 1 << 16
"""Samples of silence that are made at once."""
_LONGEST_GAP: Final = 24 * 3600
"""Seconds without any sound that a file may have."""


class SoundReader:
    """Yields the sound of a file from a moment on, without gaps: where the file has none, there is silence.

    Memory holds one piece. Sound that does not decode cleanly is an error, but for what comes before the first piece
    that does (a recording that began in mid-stream) and for the end, which may be cut off where a file does not say how
    long it is.

    Args:
        sound: the file; closed with this.
        rate: samples a second to give out.
        layout: channels to give out.
        start: moment on the file's own clock that becomes sample 0; the first sample of the file where None.
        length: seconds to give out at most; everything where None.
    """

    def __init__(
        self,
        sound: OpenSound,
        *,
        rate: int,
        layout: Layout,
        start: Fraction | None = None,
        length: Fraction | None = None,
    ) -> None:
        self._sound = sound
        self._rate, self._layout, self._start = rate, layout, start
        self._channels = 1 if layout == "mono" else 2
        self._most = None if length is None else max(0, int(length * rate))
        self._given = 0
        self._resampler: AudioResampler | None = None
        self._kind: tuple[Any, ...] = ()

    def close(self) -> None:
        """Close the file, as often as one likes."""
        self._sound.close()

    def __iter__(self) -> Iterator[Samples]:
        """Yield the sound from sample 0 on; to be called once.

        Raises:
            InputDamagedError: the sound breaks; the message says at what time.
        """
        for place, piece in self._placed():
            for part in (*self._silence(place - self._given), piece[max(0, self._given - place) :]):
                kept = part if self._most is None else part[: self._most - self._given]
                self._given += len(kept)
                if len(kept):
                    yield kept
            if self._given == self._most:
                return

    def _placed(self) -> Iterator[tuple[int, Samples]]:
        """Yield pieces, each with the number of its first sample."""
        place: int | None = None
        for frame in self._frames():
            wanted = self._place(frame)
            if place is None or (wanted is not None and abs(wanted - place) > _GAP * self._rate):
                if place is not None and not self._sound.has_gaps:
                    raise self._damage(Fraction(place, self._rate) + (self._start or 0), "something is missing")
                for piece in self._resampled(None):
                    yield place or 0, piece
                place = wanted or 0
            for piece in self._resampled(frame):
                yield place, piece
                place += len(piece)
        for piece in self._resampled(None):
            yield place or 0, piece

    def _place(self, frame: AudioFrame) -> int | None:
        """Return which sample a frame begins with, as its time says."""
        if frame.pts is None or frame.time_base is None:
            return None
        time = frame.pts * frame.time_base
        if self._start is None:
            self._start = time
        return round((time - self._start) * self._rate)

    def _silence(self, samples: int) -> Iterator[Samples]:
        if samples > _LONGEST_GAP * self._rate:
            raise InputDamagedError(f"The sound of {self._sound.path} has impossible times", "Convert it to WAV first")
        for start in range(0, samples, _AT_ONCE):
            yield np.zeros((min(samples - start, _AT_ONCE), self._channels), np.float32)

    def _resampled(self, frame: AudioFrame | None) -> list[Samples]:
        """Return a frame as it is wanted; None returns what is still held back, and begins anew."""
        resampler = self._resampler
        if frame is not None:
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or kind != self._kind:
                resampler = AudioResampler("flt", self._layout, self._rate)
                self._resampler, self._kind = resampler, kind
            frame.pts = None  # places are ours to say
        else:
            self._resampler = None
        pieces = [] if resampler is None else [out.to_ndarray() for out in resampler.resample(frame)]
        return [np.nan_to_num(piece.reshape(-1, self._channels), posinf=0, neginf=0) for piece in pieces]

    def _frames(self) -> Iterator[AudioFrame]:
        """Yield the decoded frames; raise where one breaks between two that do not."""
        fault, time, is_begun = "", Fraction(0), False
        for outcome in self._outcomes():
            if isinstance(outcome, str):
                fault = fault or outcome
                continue
            if fault and is_begun:
                raise self._damage(time, fault)
            fault, is_begun = "", True
            if outcome.pts is not None and outcome.time_base is not None:
                time = outcome.pts * outcome.time_base
            yield outcome
        if fault and is_begun and self._sound.is_complete:
            raise self._damage(time, fault)
        if fault and not is_begun:
            raise InputDamagedError(f"The sound of {self._sound.path} cannot be decoded: {fault}", "Copy it again")

    def _damage(self, time: Fraction, fault: str) -> InputDamagedError:
        return InputDamagedError(
            f"The sound of {self._sound.path} is damaged at {float(time):.3f} s: {fault}",
            "Copy it again, or cut it before that time",
        )

    def _outcomes(self) -> Iterator[AudioFrame | str]:
        """Yield decoded frames, and in words what goes wrong."""
        packets = self._sound.container.demux(self._sound.stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                yield explain(error)
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.FFmpegError as error:
                yield explain(error)
