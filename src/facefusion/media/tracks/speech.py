"""Speech of another file as the sound of an output: encoded anew, cut to the length of the pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import Any, Final

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from facefusion.media.forms import Form
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.reader import Layout, Samples, SoundReader

_AAC_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_BIT_RATE: Final = 96_000
"""Bits a second for each channel."""
_SETTINGS: Final = {"aac": {"aac_coder": "fast"}, "libopus": {}}
"""Of libav's ways to AAC the usual one errs by a tenth of the range here and there; this one is nearer by 15 dB."""


class SpeechTrack:
    """Reads a file of sound, and encodes it while pictures are written: AAC, in WebM Opus.

    Sound is encoded anew, whatever it was, so that the first sample lies exactly at the first picture and the last one
    within the last.

    Args:
        path: the file.
        file: the same, open; closed with this.
        form: of the output.
        begin: when the first picture is shown, in seconds.
        length: seconds for which there are pictures.

    Attributes:
        rate: samples a second.

    Raises:
        InputTypeError: the file holds no sound.
        InputDamagedError: it is damaged.
    """

    def __init__(self, path: Path, file: FileIO, form: Form, *, begin: Fraction, length: Fraction) -> None:
        self._codec = "libopus" if form.writer == "webm" else "aac"
        sound = open_sound(path, file)
        has_own_rate = self._codec == "aac" and sound.rate in _AAC_RATES
        self.rate = sound.rate if has_own_rate else 48000
        self._layout: Layout = "mono" if sound.channels == 1 else "stereo"
        self._reader = SoundReader(sound, rate=self.rate, layout=self._layout, length=length)
        self._begin = begin
        self._stream: AudioStream | None = None
        self._waiting: deque[Packet[Any]] = deque()
        self._packets = self._encoded()

    def add_to(self, output: OutputContainer) -> None:
        """Add the stream to an output that is not started yet."""
        stream = output.add_stream(self._codec, rate=self.rate, layout=self._layout)
        assert isinstance(stream, AudioStream)
        stream.codec_context.bit_rate = _BIT_RATE * (1 if self._layout == "mono" else 2)
        stream.options = dict(_SETTINGS[self._codec])
        stream.time_base = Fraction(1, self.rate)
        self._stream = stream

    def until(self, time: Fraction | None) -> Iterator[Packet[Any]]:
        """Yield the packets to be decoded at or before `time` in seconds; all that are left where it is None.

        Raises:
            InputDamagedError: the file breaks.
        """
        while True:
            packet = self._waiting.popleft() if self._waiting else next(self._packets, None)
            if packet is None:
                return
            if time is not None and (packet.dts or 0) * packet.time_base > time:
                self._waiting.append(packet)
                return
            yield packet

    def close(self) -> None:
        """Close the file, as often as one likes."""
        self._reader.close()

    def _encoded(self) -> Iterator[Packet[Any]]:
        stream = self._stream
        if stream is None:
            return
        place = round(self._begin * self.rate)
        for piece in self._reader:
            yield from stream.encode(self._frame(piece, place))
            place += len(piece)
        yield from stream.encode(None)

    def _frame(self, piece: Samples, place: int) -> AudioFrame:
        frame = AudioFrame.from_ndarray(piece.reshape(1, -1), format="flt", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, place, Fraction(1, self.rate)
        return frame
