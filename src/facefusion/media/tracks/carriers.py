"""How one stream goes from the source to the output: copied, or as text written in another way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from typing import Any, Protocol, cast

from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from facefusion.media.shown import shown

_MILLISECONDS = Fraction(1, 1000)


class Carrier(Protocol):
    """Carries one stream over.

    Attributes:
        stream: of the source.
        is_first: whether its packets belong at the start of the file, whatever their time.
    """

    stream: Stream
    is_first: bool

    def add_to(self, output: OutputContainer, metadata: Mapping[str, str]) -> None:
        """Add the stream to an output that is not started yet.

        Raises:
            ValueError: the output's form does not know the codec.
        """
        ...

    def carry(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return a packet for the output; None where there is nothing to write."""
        ...


class Copy:
    """Copies packets as they are: bytes, times, durations.

    Where sound does not say which channel stands where, as raw samples in Matroska and AVI do not, the copy is tagged
    with the usual layout for so many channels, which is how players take it. MP4 holds no raw samples without.

    Args:
        stream: of the source.
        is_first: see `Carrier`.
    """

    def __init__(self, stream: Stream, *, is_first: bool = False) -> None:
        self.stream = stream
        self.is_first = is_first
        self._target: Stream | None = None

    def add_to(self, output: OutputContainer, metadata: Mapping[str, str]) -> None:
        """Add a stream like the source's.

        Raises:
            ValueError: the output's form does not know the codec.
        """
        target = output.add_stream_from_template(self.stream, opaque=True)
        if isinstance(target, AudioStream):
            _name_channels(target)
        _describe(target, self.stream, metadata)
        self._target = target

    def carry(self, packet: Packet[Any]) -> Packet[Any]:
        """Return the packet itself, now of the output."""
        packet.stream = self._target
        return packet


class TextConversion:
    """Writes subtitles of text in another way of writing them; what the other has no signs for is lost.

    Args:
        stream: of the source.
        codec: libav's name of the other way, such as `mov_text`.
    """

    is_first = False

    def __init__(self, stream: SubtitleStream, codec: str) -> None:
        self.stream: Stream = stream
        self.codec = codec
        self._decoder = stream.codec_context
        self._target: Stream | None = None

    def add_to(self, output: OutputContainer, metadata: Mapping[str, str]) -> None:
        """Add a stream of the other codec, with the styles of the source.

        Raises:
            ValueError: the output's form does not know the codec.
        """
        self._decoder.open(strict=False)
        target = output.add_stream(self.codec)
        encoder = cast("SubtitleCodecContext", target.codec_context)
        encoder.subtitle_header = self._decoder.subtitle_header
        encoder.time_base = target.time_base = _MILLISECONDS
        _describe(target, self.stream, metadata)
        self._target = target

    def carry(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Return the text written anew; None where there is none, as in the pauses between texts.

        Raises:
            av.FFmpegError: the text is damaged.
        """
        text = self._decoder.decode2(packet)
        if self._target is None or text is None or not len(text):
            return None
        written = cast("SubtitleCodecContext", self._target.codec_context).encode_subtitle(text)
        written.pts = written.dts = packet.pts
        written.duration, written.time_base = packet.duration, packet.time_base
        written.stream = self._target
        return written


def copied(packet: Packet[Any]) -> Packet[Any]:
    """Return a packet of the same bytes and times; muxing one changes it."""
    again: Packet[Any] = Packet(bytes(packet))
    again.pts, again.dts, again.duration = packet.pts, packet.dts, packet.duration
    again.time_base, again.is_keyframe = packet.time_base, packet.is_keyframe
    return again


def _describe(target: Stream, stream: Stream, metadata: Mapping[str, str]) -> None:
    """Give a stream of the output its tags, and the source's dispositions."""
    target.metadata.update(metadata)
    target.disposition = Disposition(stream.disposition)


def _name_channels(target: AudioStream) -> None:
    """Name the usual layout of channels where a stream only says how many there are."""
    context = target.codec_context
    count = context.layout.nb_channels
    if context.layout.name == f"{count} channels":
        with suppress(ValueError):  # there is no usual layout for so many
            context.layout = AudioLayout(f"{count}c")


def codec_name(stream: Stream) -> str:
    """Return the name of a stream's codec as people know it."""
    context = stream.codec_context
    if context is None:
        return shown(getattr(stream, "name", None) or "an unknown codec")
    return context.codec.canonical_name


def is_text(stream: Stream) -> bool:
    """Whether a stream is subtitles of text that can be written in another way."""
    context = stream.codec_context
    return isinstance(context, SubtitleCodecContext) and context.codec.text_sub
