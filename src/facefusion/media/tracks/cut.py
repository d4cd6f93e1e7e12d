"""Cutting to a range: which packets lie in it, and when they are due then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from av.packet import Packet
from av.stream import Stream

from facefusion.media.select import Trimmed

if TYPE_CHECKING:
    from av.container.core import Chapter

_OVERLAPPING = frozenset(("aac", "mp3", "mp3float", "mp2", "mp1", "opus", "vorbis", "ac3", "eac3"))


class PacketCutter:
    """Keeps the packets of one stream that are heard or shown within a range, and moves them to the range's clock.

    Packets are never divided: the first may begin before time 0, by which much it is then early, and the last may end
    after the range. Containers with edit lists hide both: the last packet's duration is then shortened to the end, of
    which libav makes the length of the edit. The times of the packets relative to the frames stay exact to half a tick
    of the stream's clock.

    Where each packet of sound is decoded with what is left of the one before it, one more is kept ahead of the first,
    if the container can hide it.

    Args:
        stream: of the source.
        cut: the range.
        has_edits: whether the container has edit lists.
    """

    def __init__(self, stream: Stream, cut: Trimmed, *, has_edits: bool) -> None:
        context = stream.codec_context
        overlaps = context is not None and context.name in _OVERLAPPING
        self._is_text = stream.type == "subtitle"
        self._cut = cut
        self._wants_one_ahead = overlaps and has_edits
        self._has_edits = has_edits
        self._ahead: Packet[Any] | None = None

    def cut(self, packet: Packet[Any]) -> list[Packet[Any]]:
        """Return what is to be written of a packet: itself, itself with the one before it, or nothing."""
        if packet.pts is None:
            return []
        begin = packet.pts * packet.time_base
        end = begin + (packet.duration or 0) * packet.time_base
        if self._cut.end is not None and begin >= self._cut.end:
            return []
        if begin < self._cut.start and end <= self._cut.start:
            self._ahead = packet if self._wants_one_ahead else None
            return []
        kept = [packet] if self._ahead is None else [self._ahead, packet]
        self._ahead, self._wants_one_ahead = None, False
        for item in kept:
            self._move(item)
        return kept

    def _move(self, packet: Packet[Any]) -> None:
        """Put a packet on the range's clock; texts begin and end within the range."""
        shift = round(self._cut.start / packet.time_base)
        packet.pts = (packet.pts or 0) - shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        if not self._is_text and not self._has_edits:
            return
        end = packet.pts + (packet.duration or 0)
        if self._cut.end is not None:
            end = min(end, round((self._cut.end - self._cut.start) / packet.time_base))
        if not self._is_text:
            packet.duration = max(end - packet.pts, 1 if packet.duration else 0)
            return
        packet.pts = packet.dts = max(packet.pts, 0)
        if packet.duration:
            packet.duration = max(end - packet.pts, 0)


def cut_chapters(chapters: Iterable[Chapter], cut: Trimmed | None) -> list[Chapter]:
    """Return those chapters of which something is left, on the range's clock, numbered as they were."""
    return [moved for chapter in chapters if (moved := _cut_chapter(chapter, cut)) is not None]


def _cut_chapter(chapter: Chapter, cut: Trimmed | None) -> Chapter | None:
    time_base = chapter["time_base"] or Fraction(1)
    if cut is None:
        return chapter
    shift = round(cut.start / time_base)
    start, end = max(0, chapter["start"] - shift), chapter["end"] - shift
    if cut.end is not None:
        end = min(end, round((cut.end - cut.start) / time_base))
    metadata: Mapping[str, str] = chapter["metadata"]
    if end <= start:
        return None
    return {"id": chapter["id"], "start": start, "end": end, "time_base": time_base, "metadata": dict(metadata)}
