"""The tracks of a source on their way to an output."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from facefusion.errors import InputDamagedError
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.muxing import is_iso
from facefusion.media.select import Trimmed
from facefusion.media.sniff import sniff
from facefusion.media.source import VideoSource, explain
from facefusion.media.tracks.carriers import Carrier
from facefusion.media.tracks.choose import choose, wanted_streams
from facefusion.media.tracks.cut import PacketCutter, cut_chapters
from facefusion.media.tracks.tags import find_timecode, stream_tags, timecode_from
from facefusion.media.tracks.times import timed
from facefusion.options import OutputOptions

_MOST_AHEAD = 256  # packets among which the first of each stream is looked for


class SourceTracks:
    """Everything that goes from a source to an output beside the moving picture, unchanged where that can be.

    The source is read a second time, beside the reader of the frames, so that sound never waits in memory: each call
    of `until` hands over just what belongs before a moment.

    Args:
        path: the source; its pictures are passed over.
        file: the same, open; closed with this.
        form: of the output.
        options: what is wanted.
        cut: the range to be kept; all of it where None.

    Attributes:
        chosen: what goes over, and what cannot.

    Raises:
        InputError: the file cannot be read.
        OutputTypeError: the form does not hold this sound.
    """

    def __init__(
        self, path: Path, file: FileIO, form: Form, options: OutputOptions, cut: Trimmed | None = None
    ) -> None:
        self._source = VideoSource(path, file=file)
        try:
            self._form, self._options, self._cut = form, options, cut
            streams = wanted_streams(self._source, options)
            self._source.keep_only(*streams)
            self._packets = self._read(streams)
            self._ahead: deque[Packet[Any]] = deque()
            firsts = self._first_packets({s.index for s in streams if s.type in ("audio", "video")})
            self.chosen = choose(self._source, firsts, form, options)
        except BaseException:
            self._source.close()
            raise
        self._carriers = {carrier.stream.index: carrier for carrier in self.chosen.carriers}
        self._cutters = {index: self._cutter(carrier) for index, carrier in self._carriers.items() if cut is not None}

    @property
    def clock_rates(self) -> tuple[int, ...]:
        """Ticks per second of each stream's timestamps."""
        bases = (carrier.stream.time_base for carrier in self.chosen.carriers)
        return tuple(base.denominator for base in bases if base is not None)

    def add_to(self, output: OutputContainer) -> None:
        """Add the streams, chapters, tags and attachments to an output that is not started yet."""
        keep_all = self._options.keep_metadata
        for carrier in self.chosen.carriers:
            carrier.add_to(output, stream_tags(carrier.stream, self._form, keep_all=keep_all))
        for attachment in self.chosen.attachments:
            output.add_attachment(attachment.name, attachment.mime_type, attachment.data)
        output.metadata.update(self.chosen.tags.container)
        if keep_all:
            output.set_chapters(cut_chapters(self._source.container.chapters(), self._cut))

    def describe_picture(self, target: Stream, *, frame_rate: Fraction) -> None:
        """Give the moving picture of an output the tags of the source's, and its timecode.

        Args:
            target: stream of the output.
            frame_rate: of the output.
        """
        stream = self._source.picture_stream()
        tags = stream_tags(stream, self._form, keep_all=self._options.keep_metadata)
        target.disposition = stream.disposition
        target.metadata.update(tags)
        if self._options.keep_metadata:
            start = Fraction(0) if stream.start_time is None else stream.start_time * (stream.time_base or Fraction(0))
            timecode = timecode_from(
                find_timecode(self._source.container),
                stream.average_rate,
                start=start,
                cut=self._cut,
                new=frame_rate,
            )
            target.metadata.update({"timecode": timecode} if timecode else {})

    def until(self, time: Fraction | None) -> Iterator[Packet[Any]]:
        """Yield the packets to be decoded at or before `time` in seconds; all that are left where it is None.

        Raises:
            InputDamagedError: the file breaks.
        """
        while True:
            packet = self._ahead.popleft() if self._ahead else next(self._packets, None)
            if packet is None:
                return
            carrier = self._carriers.get(packet.stream_index)
            if carrier is None:
                continue
            if time is not None and not carrier.is_first and self._due(packet) > time:
                self._ahead.appendleft(packet)
                return
            yield from self._carried(carrier, packet)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _carried(self, carrier: Carrier, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Cut a packet to the range and carry it over."""
        cutter = None if carrier.is_first else self._cutters.get(packet.stream_index)
        for item in [packet] if cutter is None else cutter.cut(packet):
            try:
                carried = carrier.carry(item)
            except av.FFmpegError as error:
                raise _damage("subtitles", self._source.path, error) from error
            if carried is not None:
                yield carried

    def _due(self, packet: Packet[Any]) -> Fraction:
        """Return when a packet is to be decoded, in seconds on the output's clock."""
        ticks = packet.pts if packet.dts is None else packet.dts
        start = Fraction(0) if self._cut is None else self._cut.start
        return (ticks or 0) * packet.time_base - start

    def _cutter(self, carrier: Carrier) -> PacketCutter:
        cut = self._cut or Trimmed(Fraction(0))
        return PacketCutter(carrier.stream, cut, has_edits=is_iso(self._form))

    def _first_packets(self, wanted: set[int]) -> dict[int, Packet[Any]]:
        """Return the first packet of each stream by its index; a stream that starts very late has none here."""
        firsts: dict[int, Packet[Any]] = {}
        while not wanted <= firsts.keys() and len(self._ahead) < _MOST_AHEAD:
            packet = next(self._packets, None)
            if packet is None:
                break
            self._ahead.append(packet)
            firsts.setdefault(packet.stream_index, packet)
        return firsts

    def _read(self, streams: tuple[Stream, ...]) -> Iterator[Packet[Any]]:
        """Yield the packets of streams as they lie in the file."""
        if not streams:
            return
        try:
            yield from timed(packet for packet in self._source.packets(*streams) if packet.size)
        except (av.FFmpegError, OSError) as error:
            raise _damage("sound", self._source.path, error) from error


def has_tracks(path: Path, file: FileIO) -> bool:
    """Whether a file may hold more than pictures: not an animated picture.

    Args:
        path: its name, for messages.
        file: the file; closed in the end.

    Raises:
        InputError: it cannot be read.
    """
    with file:
        form = sniff(file, path)
    return form.kind == "video" and form not in forms.ANIMATIONS


def _damage(what: str, path: Path, error: BaseException) -> InputDamagedError:
    option = "audio" if what == "sound" else what
    return InputDamagedError(
        f"The {what} of {path} cannot be read: {explain(error)}",
        f"Copy the file again, or leave the {what} out with --no-keep-{option}",
    )
