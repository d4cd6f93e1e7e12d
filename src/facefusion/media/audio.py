"""Sound, carried from one file to the other packet for packet."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition

from facefusion.errors import InputDamagedError, OutputTypeError
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.source import VideoSource, explain

_KEPT = ("language", "title", "handler_name")
_MOST_AHEAD = 256  # packets among which the first of each stream is looked for


class AudioCopier:
    """Copies all streams of sound of a video, unchanged: bytes, times, durations, language.

    The input is read a second time, beside the reader of the frames, so that sound never waits in memory: each call
    of `until` hands over just what belongs before a moment.

    Where a stream does not say which channel stands where, as raw samples in Matroska and AVI do not, the copy is
    tagged with the usual layout for so many channels, which is how players take it. MP4 holds no raw samples without.

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
        self._ahead: deque[Packet[AudioStream]] = deque()

    @property
    def clock_rates(self) -> tuple[int, ...]:
        """Ticks per second of each stream's timestamps."""
        return tuple(s.time_base.denominator for s in self._streams if s.time_base is not None)

    def add_to(self, output: OutputContainer, form: Form) -> None:
        """Add one stream to `output` for each that is copied, after a trial in memory of whether it will be held.

        Raises:
            OutputTypeError: the form does not hold this sound.
            InputDamagedError: the file breaks.
        """
        firsts = self._first_packets()
        for stream in self._streams:
            if not _holds(form, stream, firsts.get(stream.index)):
                context = stream.codec_context
                name = context.name if context is not None else "an unknown codec"
                raise OutputTypeError(
                    f"{form.name} files do not hold the sound of {self._source.path} ({name})",
                    self._other_choice(firsts),
                )
        for stream in self._streams:
            target = _add_copy(output, stream)
            target.metadata.update({name: stream.metadata[name] for name in _KEPT if name in stream.metadata})
            target.disposition = Disposition(stream.disposition)
            self._targets[stream.index] = target

    def until(self, time: Fraction | None) -> Iterator[Packet[AudioStream]]:
        """Yield the packets to be decoded at or before `time` in seconds; all that are left where it is None.

        Raises:
            InputDamagedError: the file breaks.
        """
        while True:
            packet = self._ahead.popleft() if self._ahead else next(self._packets, None)
            if packet is None:
                return
            if time is not None and packet.dts is not None and packet.dts * packet.time_base > time:
                self._ahead.appendleft(packet)
                return
            packet.stream = self._targets[packet.stream_index]
            yield packet

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _first_packets(self) -> dict[int, Packet[AudioStream]]:
        """Return the first packet of each stream by its index; a stream that starts very late has none here."""
        firsts: dict[int, Packet[AudioStream]] = {}
        while len(firsts) < len(self._streams) and len(self._ahead) < _MOST_AHEAD:
            packet = next(self._packets, None)
            if packet is None:
                break
            self._ahead.append(packet)
            firsts.setdefault(packet.stream_index, packet)
        return firsts

    def _other_choice(self, firsts: dict[int, Packet[AudioStream]]) -> str:
        """Say which other form would hold all the sound, if one does."""
        for form in (forms.MP4, forms.MOV, forms.MATROSKA):
            if all(_holds(form, stream, firsts.get(stream.index)) for stream in self._streams):
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


def _holds(form: Form, stream: AudioStream, first: Packet[AudioStream] | None) -> bool:
    """Try in memory whether a form holds a stream: libav refuses some with the header, some only with the index.

    The index tells of a stream only where it has a packet, so the first is written.
    """
    try:
        with av.open(io.BytesIO(), "w", format=form.writer) as trial:
            target = _add_copy(trial, stream)
            trial.start_encoding()
            if first is not None:
                with suppress(av.FFmpegError):  # that would be damage to the packet, found out when it is copied
                    trial.mux_one(_copy(first, target))
    except (av.FFmpegError, ValueError):
        return False
    return True


def _add_copy(output: OutputContainer, stream: AudioStream) -> AudioStream:
    """Add a stream like the given one, with the usual layout of channels where that one says only how many there are.

    Raises:
        ValueError: the output's form does not know the codec.
    """
    target = output.add_stream_from_template(stream)
    context = target.codec_context
    count = context.layout.nb_channels
    if context.layout.name == f"{count} channels":
        with suppress(ValueError):  # there is no usual layout for so many
            context.layout = AudioLayout(f"{count}c")
    return target


def _copy(packet: Packet[AudioStream], target: AudioStream) -> Packet[AudioStream]:
    """Return a packet of the same bytes and times for another stream; muxing one changes it."""
    copied = cast("Packet[AudioStream]", Packet(bytes(packet)))
    copied.pts, copied.dts, copied.duration = packet.pts, packet.dts, packet.duration
    copied.time_base = packet.time_base
    copied.stream = target
    return copied
