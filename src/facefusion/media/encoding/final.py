"""The packets of the finished video: those of the segments, or those of an encoder that wanted all frames first."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.errors import CancelledError
from facefusion.media import forms
from facefusion.media.encoding.encoders import X264, X265
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.segment import AHEAD, PacketFile, Segment
from facefusion.media.files import NAMED, Files

_PASSES = {1: Flags.pass1, 2: Flags.pass2}


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
def final_packets(
    encoding: Encoding, segments: Sequence[Segment], *, cancel: Callable[[], bool] = bool, files: Files = NAMED
) -> Iterator[FinalPackets]:
    """Give the packets that the output holds.

    Where the segments are lossless, their frames are encoded here, in two passes.

    Args:
        encoding: that the segments were made with.
        segments: all of them, in order.
        cancel: asked before each frame that is encoded whether to stop.
        files: opens segments that are not encoded here.

    Raises:
        CancelledError: `cancel` said so.
        OutputError: the disk is full, or refuses.
        ValueError: there are no segments, or they were encoded with different parameters.
        av.FFmpegError: a segment is damaged.
    """
    if not segments:
        raise ValueError("there are no segments")
    with ExitStack() as stack:
        segments = stack.enter_context(final_segments(encoding, segments, cancel=cancel))
        template = _opened(segments[0], stack, files).streams.video[0]
        yield FinalPackets(
            template=template,
            delay=max(segment.delay for segment in segments),
            packets=(packet for segment in segments for packet in _packets(segment, _parameters(template), files)),
        )


@contextmanager
def final_segments(
    encoding: Encoding, segments: Sequence[Segment], *, cancel: Callable[[], bool] = bool
) -> Iterator[Sequence[Segment]]:
    """Give segments that hold the packets of the output: those given, or one that is encoded here in two passes.

    Args:
        encoding: that the segments were made with.
        segments: all of them, in order; at least one.
        cancel: asked before each frame that is encoded whether to stop.

    Raises:
        CancelledError: `cancel` said so.
        OutputError: the disk is full, or refuses.
        av.FFmpegError: a segment is damaged.
    """
    if encoding.is_final:
        yield segments
        return
    with tempfile.TemporaryDirectory(dir=segments[0].path.parent, prefix="pass-") as folder:
        yield [_in_two_passes(encoding, segments, Path(folder), cancel)]


def kept_frames(
    encoding: Encoding, segments: Sequence[Segment], cancel: Callable[[], bool] = bool
) -> Iterator[av.VideoFrame]:
    """Yield the frames of lossless segments, with their own times.

    Raises:
        CancelledError: `cancel` said so before one of them.
        av.FFmpegError: a segment is damaged.
    """
    for segment in segments:
        with ExitStack() as stack:
            container = _opened(segment, stack, NAMED)
            ends = (*segment.times[1:], segment.end)
            decoded = container.decode(container.streams.video[0])
            for frame, start, end in zip(decoded, segment.times, ends, strict=True):
                if cancel():
                    raise CancelledError("The job was stopped")
                frame.pts, frame.duration, frame.time_base = start, end - start, encoding.time_base
                frame.pict_type = 0
                yield frame


def _in_two_passes(
    encoding: Encoding, segments: Sequence[Segment], folder: Path, cancel: Callable[[], bool]
) -> Segment:
    """Encode the frames of lossless segments: look at all of them, then divide the bits."""
    _pass(1, encoding, kept_frames(encoding, segments, cancel), folder)
    return _pass(2, encoding, kept_frames(encoding, segments, cancel), folder)


def _pass(number: int, encoding: Encoding, frames: Iterator[av.VideoFrame], folder: Path) -> Segment:
    """Encode all frames. The encoder is gone on return: only then what it noted down is complete."""
    flags = _PASSES[number] if encoding.encoder is X264 else None
    options = _with_pass(encoding, number, folder / "stats")
    file = PacketFile(folder / f"{number}", replace(encoding, codec_options=options), flags)
    try:
        for frame in frames:
            file.encode(frame)
    except BaseException:
        file.abort()
        raise
    return file.close()


def _with_pass(encoding: Encoding, number: int, stats: Path) -> dict[str, str]:
    """Return the encoder's options for one of two passes."""
    options = dict(encoding.codec_options)
    if encoding.encoder is X265:
        return options | {"x265-params": f"{options['x265-params']}:pass={number}:stats={_escaped(stats)}"}
    return options | {"stats": str(stats)}


def _escaped(path: Path) -> str:
    """Write a path as one of several parameters."""
    return re.sub(r"([\\:'])", r"\\\1", str(path))


def _packets(segment: Segment, parameters: bytes, files: Files) -> Iterator[Packet[Any]]:
    """Yield the packets of a segment, with the times of their frames.

    Raises:
        ValueError: it was encoded with other parameters, so that it cannot follow the others.
    """
    with ExitStack() as stack:
        container = _opened(segment, stack, files)
        stream = container.streams.video[0]
        if _parameters(stream) != parameters:
            raise ValueError(f"{segment.path} was encoded with other parameters than the first segment")
        for packet in container.demux(stream):
            if packet.size:
                packet.pts = segment.times[(packet.pts or 0) - AHEAD]
                packet.dts = None
                yield packet


def _parameters(stream: VideoStream) -> bytes:
    return bytes(stream.codec_context.extradata or b"")


def _opened(segment: Segment, stack: ExitStack, files: Files) -> av.container.InputContainer:
    """Open the file of a segment."""
    file = stack.enter_context(BufferedReader(files.open(segment.path, "rb")))
    return stack.enter_context(av.open(file, "r", format=forms.MATROSKA.reader))
