"""What a video consists of, read anew with libav alone: the times of its frames and its packets of sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av


def frame_times(path: Path) -> list[Fraction | None]:
    """Return when each frame is shown, in seconds."""
    with av.open(str(path)) as clip:
        return [_seconds(frame.pts, frame.time_base) for frame in clip.decode(video=0)]


def sound_packets(path: Path) -> list[tuple[int, bytes, Fraction | None, Fraction | None]]:
    """Return stream, bytes, presentation and decoding time in seconds of every packet of sound."""
    with av.open(str(path)) as clip:
        numbers = {stream.index: number for number, stream in enumerate(clip.streams.audio)}
        return [
            (
                numbers[packet.stream_index],
                bytes(packet),
                _seconds(packet.pts, packet.time_base),
                _seconds(packet.dts, packet.time_base),
            )
            for packet in (clip.demux(audio=list(range(len(numbers)))) if numbers else ())
            if packet.size
        ]


def _seconds(ticks: int | None, time_base: Fraction | None) -> Fraction | None:
    return None if ticks is None or time_base is None else ticks * time_base
