"""The packets of the finished video: those of the segments, or those of an encoder that wanted all frames first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.encoding.choose import Encoding
from facefusion.media.encoding.segment import AHEAD, PacketFile, Segment


@dataclass(frozen=True, slots=True)
class FinalPackets:
    """Packets in the order in which they are decoded.

    Attributes:
        template: a stream with the encoder's parameters.
        delay: the most places by which a packet comes later than its frame's turn to be shown.
        packets: the packets; `pts` in ticks of the encoding, all other times without meaning.
    """

    template: VideoStream
    delay: int
    packets: Iterator[Packet[Any]]

    def __iter__(self) -> Iterator[Packet[Any]]:
        """Yield the packets, once."""
        return self.packets


@contextmanager
def final_packets(encoding: Encoding, segments: Sequence[Segment]) -> Iterator[FinalPackets]:
    """Give the packets that the output holds.

    Where the segments are lossless, their frames are encoded here, in two passes if so asked.

    Args:
        encoding: that the segments were made with.
        segments: all of them, in order.

    Raises:
        ValueError: there are no segments.
        av.FFmpegError: a segment is damaged.
    """
    if not segments:
        raise ValueError("there are no segments")
    with ExitStack() as stack:
        if not encoding.is_final:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=segments[0].path.parent, prefix="pass-"))
            segments = [_in_two_passes(encoding, segments, Path(folder))]
        yield FinalPackets(
            template=_opened(segments[0], stack).streams.video[0],
            delay=max(segment.delay for segment in segments),
            packets=(packet for segment in segments for packet in _packets(segment)),
        )


def kept_frames(encoding: Encoding, segments: Sequence[Segment]) -> Iterator[av.VideoFrame]:
    """Yield the frames of lossless segments, with their own times."""
    for segment in segments:
        with ExitStack() as stack:
            container = _opened(segment, stack)
            ends = (*segment.times[1:], segment.end)
            decoded = container.decode(container.streams.video[0])
            for frame, start, end in zip(decoded, segment.times, ends, strict=True):
                frame.pts, frame.duration, frame.time_base = start, end - start, encoding.time_base
                frame.pict_type = 0
                yield frame


def _in_two_passes(encoding: Encoding, segments: Sequence[Segment], folder: Path) -> Segment:
    """Encode the frames of lossless segments: look at all of them, then divide the bits."""
    for number in (1, 2):
        flags = (Flags.pass1, Flags.pass2)[number - 1] if encoding.encoder.name == "libx264" else None
        options = _with_pass(encoding, number, folder / "stats")
        file = PacketFile(folder / f"{number}", replace(encoding, codec_options=options), flags)
        try:
            for frame in kept_frames(encoding, segments):
                file.encode(frame)
        except BaseException:
            file.abort()
            raise
        result = file.close()
    return result


def _with_pass(encoding: Encoding, number: int, stats: Path) -> dict[str, str]:
    """Return the encoder's options for one of two passes."""
    options = dict(encoding.codec_options)
    if encoding.encoder.name == "libx265":
        words = [options.get("x265-params", ""), f"pass={number}", f"stats={_escaped(stats)}"]
        return options | {"x265-params": ":".join(filter(None, words))}
    return options | {"stats": str(stats)}


def _escaped(path: Path) -> str:
    """Write a path as one of several parameters."""
    return str(path).replace("\\", "\\\\").replace(":", "\\:")


def _packets(segment: Segment) -> Iterator[Packet[Any]]:
    """Yield the packets of a segment, with the times of their frames."""
    with ExitStack() as stack:
        container = _opened(segment, stack)
        for packet in container.demux(container.streams.video[0]):
            if packet.size:
                packet.pts = segment.times[(packet.pts or 0) - AHEAD]
                packet.dts = None
                yield packet


def _opened(segment: Segment, stack: ExitStack) -> av.container.InputContainer:
    """Open the file of a segment."""
    file = stack.enter_context(segment.path.open("rb"))
    return stack.enter_context(av.open(file, "r", format=forms.MATROSKA.reader))
