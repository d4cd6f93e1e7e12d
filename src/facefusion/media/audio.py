"""Sound, carried from one file to the other packet for packet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition

from facefusion.errors import InputDamagedError, OutputTypeError
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.source import VideoSource, explain

_KEPT = ("language", "title", "handler_name")


class AudioCopier:
    """Copies all streams of sound of a video, unchanged: bytes, times, durations, language.

    The input is read a second time, beside the reader of the frames, so that sound never waits in memory: each call
    of `until` hands over just what belongs before a moment.

    Args:
        path: the video; its pictures are passed over.

    Raises:
        InputError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._source = VideoSource(path)
        self._streams = self._source.container.streams.audio
        self._source.keep_only(*self._streams)
        self._targets: dict[int, AudioStream] = {}
        self._packets = self._read()
        self._ahead: Packet[AudioStream] | None = None

    @property
    def clock_rates(self) -> tuple[int, ...]:
        """Ticks per second of each stream's timestamps."""
        return tuple(s.time_base.denominator for s in self._streams if s.time_base is not None)

    def add_to(self, output: OutputContainer, form: Form) -> None:
        """Add one stream to `output` for each that is copied.

        Raises:
            OutputTypeError: the form does not hold sound of such a codec.
        """
        for stream in self._streams:
            context = stream.codec_context
            name = context.name if context is not None else "an unknown codec"
            try:
                target = output.add_stream_from_template(stream)
            except ValueError as error:
                raise OutputTypeError(
                    f"{form.name} files do not hold the sound of {self._source.path} ({name})", self._other_choice()
                ) from error
            target.metadata.update({name: stream.metadata[name] for name in _KEPT if name in stream.metadata})
            target.disposition = Disposition(stream.disposition)
            self._targets[stream.index] = target

    def until(self, time: Fraction | None) -> Iterator[Packet[AudioStream]]:
        """Yield the packets to be decoded at or before `time` in seconds; all that are left where it is None.

        Raises:
            InputDamagedError: the file breaks.
        """
        while True:
            packet = self._ahead or next(self._packets, None)
            self._ahead = None
            if packet is None:
                return
            if time is not None and packet.dts is not None and packet.dts * packet.time_base > time:
                self._ahead = packet
                return
            packet.stream = self._targets[packet.stream_index]
            yield packet

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _other_choice(self) -> str:
        """Say which other form would hold all the sound, if one does."""
        for form in forms.FORMS:
            if form.kind == "video" and form.writer:
                with suppress(ValueError), av.open(io.BytesIO(), "w", format=form.writer) as trial:
                    for stream in self._streams:
                        trial.add_stream_from_template(stream)
                    return f"Write {form.suffixes[0]}, or leave the sound out with --no-keep-audio"
        return "Leave the sound out with --no-keep-audio"

    def _read(self) -> Iterator[Packet[AudioStream]]:
        """Yield the packets of all streams of sound as they lie in the file."""
        if not self._streams:
            return
        try:
            for packet in self._source.container.demux(self._streams):
                if packet.size:
                    yield packet
        except (av.FFmpegError, OSError) as error:
            raise InputDamagedError(
                f"The sound of {self._source.path} cannot be read: {explain(error)}",
                "Copy the file again, or leave the sound out with --no-keep-audio",
            ) from error
