"""Times of packets that the file does not give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from av.packet import Packet


def timed(packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Yield packets; one without a time, as the last of Vorbis in Ogg is, follows the one before and lasts as long.

    Args:
        packets: of any number of streams, in the order of each.
    """
    places: dict[int, tuple[int, int]] = {}  # kept apart from the packets, which libav changes when they are written
    for packet in packets:
        before = places.get(packet.stream_index)
        if before is not None and packet.pts is None and packet.dts is None:
            packet.pts = packet.dts = sum(before)
            packet.duration = packet.duration or before[1]
        if packet.pts is not None:
            places[packet.stream_index] = packet.pts, packet.duration or 0
        yield packet
