"""Moving pictures: animated GIF, PNG and WebP, made from all frames of a job at its end."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.final import kept_frames
from facefusion.media.encoding.segment import Segment
from facefusion.media.faults import writing
from facefusion.media.guard import GuardedFile
from facefusion.media.muxing import muxing

_FINEST_RATE = 100_000
_RIFF_HEADER, _DELAY_IN_FRAME = 12, 12
_PACKED = "bgra"  # what the palette filters take


@dataclass(frozen=True, slots=True)
class _Kind:
    """How libav writes one form.

    Attributes:
        codec: the encoder.
        plain: pixel format without alpha.
        alpha: pixel format with alpha.
        container: options of the muxer.
        clock: seconds per tick in which the form counts; None for the clock of the frames.
        least: seconds that a picture must be shown: browsers take less for a mistake, and show it for 1/10 s.
    """

    codec: str
    plain: str
    alpha: str
    container: Mapping[str, str]
    clock: Fraction | None
    least: Fraction


_KINDS = {
    forms.ANIMATED_GIF: _Kind("gif", "pal8", "pal8", {"loop": "0"}, Fraction(1, 100), Fraction(2, 100)),
    forms.ANIMATED_PNG: _Kind("apng", "rgb24", "rgba", {"plays": "0"}, None, Fraction(11, 1000)),
    forms.ANIMATED_WEBP: _Kind(
        "libwebp_anim", "yuv420p", "yuva420p", {"loop": "0"}, Fraction(1, 1000), Fraction(11, 1000)
    ),
}


def write_animation(
    path: Path, encoding: Encoding, segments: Sequence[Segment], *, cancel: Callable[[], bool] = bool
) -> None:
    """Write an animated picture that plays without end.

    GIF has one palette for the whole animation, of the colours that are used most; its times are rounded to 1/100 s,
    those of WebP to 1/1000 s. Frames that follow each other faster than browsers show them are left out: more than 50 a
    second in GIF, more than 90 elsewhere. No more than a few frames are held at a time; WebP holds all of them, encoded.

    Args:
        path: file to write; an unfinished one is left there on failure (see `atomic_output`).
        encoding: that the segments were made with.
        segments: all of them, in order; they are lossless.
        cancel: asked before each frame whether to stop.

    Raises:
        CancelledError: `cancel` said so.
        OutputUnwritableError: the file cannot be made.
        DiskFullError: no space is left.
    """
    with writing(path):
        file = GuardedFile(path.open("wb"))
    try:
        with muxing(path, file):
            last = _encode(file, encoding, _KINDS[encoding.form], _Frames(encoding, segments, cancel))
            file.close()
    finally:
        with suppress(OSError):
            file.close()
    if encoding.form is forms.ANIMATED_WEBP:
        with writing(path):
            _set_last_delay(path, last)


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of a job, as often as they are wanted."""

    encoding: Encoding
    segments: Sequence[Segment]
    cancel: Callable[[], bool]

    def __iter__(self) -> Iterator[av.VideoFrame]:
        """Yield them in order.

        Raises:
            CancelledError: someone asked to stop.
        """
        return kept_frames(self.encoding, self.segments, self.cancel)


def _encode(file: GuardedFile, encoding: Encoding, kind: _Kind, frames: _Frames) -> int:
    """Encode and mux all frames; return how many ticks the last is shown."""
    pixels = encoding.pixels
    form = kind.alpha if pixels.pixel_format == _PACKED else kind.plain
    clock = kind.clock or encoding.time_base
    pictures = _timed(iter(frames), clock, kind.least)
    if encoding.form is forms.ANIMATED_GIF:
        pictures = _mapped(pictures, _palette(iter(frames)))
    settings = {"fflags": "+bitexact", **kind.container}
    with closing(av.open(file, "w", format=encoding.form.writer, container_options=settings)) as output:
        rate = encoding.frame_rate.limit_denominator(_FINEST_RATE)
        stream = cast(VideoStream, output.add_stream(kind.codec, rate=rate, options=_options(encoding)))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = pixels.width, pixels.height, form
        context.time_base = clock
        duration = 0
        for frame in pictures:
            picture = frame if frame.format.name == form else _converted(frame, form)
            duration = frame.duration
            output.mux(list(stream.encode_lazy(picture)))
        output.mux(list(stream.encode_lazy(None)))
    return duration


def _options(encoding: Encoding) -> dict[str, str]:
    """Return the encoder's options."""
    own = {
        forms.ANIMATED_PNG: {"pred": "mixed"},
        forms.ANIMATED_WEBP: {"quality": encoding.codec_options.get("quality", "")},
    }
    return own.get(encoding.form, {})


def _timed(frames: Iterator[av.VideoFrame], clock: Fraction, least: Fraction) -> Iterator[av.VideoFrame]:
    """Yield frames with times from 0 on in ticks of a clock, each until the next; the ones too short for it left out."""
    held: av.VideoFrame | None = None
    first = begin = end = 0
    shortest = math.ceil(least / clock)
    for frame in frames:
        start, length, time_base = frame.pts or 0, frame.duration, frame.time_base or clock
        first = start if held is None else first
        now, end = (round((time - first) * time_base / clock) for time in (start, start + length))
        if held is not None:
            if now - begin < shortest:
                continue
            held.duration = now - begin
            yield held
        held, begin = frame, now
        held.pts, held.time_base = now, clock
    if held is not None:
        held.duration = max(shortest, end - begin)
        yield held


def _set_last_delay(path: Path, ticks: int) -> None:
    """Set the time for which the last picture of an animated WebP is shown; libav leaves it to a guess (RFC 9649)."""
    with path.open("r+b") as file:
        file.seek(_RIFF_HEADER)
        place = None
        while len(head := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", head)
            place = file.tell() + _DELAY_IN_FRAME if name == b"ANMF" else place
            file.seek(length + length % 2, os.SEEK_CUR)
        if place is not None:
            file.seek(place)
            file.write(ticks.to_bytes(3, "little"))


def _converted(frame: av.VideoFrame, form: str) -> av.VideoFrame:
    result = frame.reformat(format=form)
    result.pts, result.duration, result.time_base = frame.pts, frame.duration, frame.time_base
    return result


def _palette(frames: Iterator[av.VideoFrame]) -> av.VideoFrame:
    """Return the 255 colours that serve all frames best, and a transparent one."""
    graph = Graph()
    source = None
    for frame in frames:
        picture = _converted(frame, _PACKED)
        if source is None:
            source = _source(graph, picture)
            graph.link_nodes(source, graph.add("palettegen", "reserve_transparent=1"), graph.add("buffersink"))
            graph.configure()
        source.push(picture)
    graph.push(None)
    return cast(av.VideoFrame, graph.pull())


def _mapped(frames: Iterator[av.VideoFrame], palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """Yield the frames in the colours of a palette; dither moves only where the picture does."""
    graph = Graph()
    source = None
    for frame in frames:
        picture = _converted(frame, _PACKED)
        if source is None:
            source, colours = _source(graph, picture), _source(graph, palette)
            use = graph.add("paletteuse", "dither=sierra2_4a:diff_mode=rectangle")
            sink = graph.add("buffersink")
            source.link_to(use, 0, 0)
            colours.link_to(use, 0, 1)
            use.link_to(sink)
            graph.configure()
            palette.pts = 0
            colours.push(palette)
            colours.push(None)
        duration = frame.duration
        source.push(picture)
        mapped = cast(av.VideoFrame, sink.pull())
        mapped.pts, mapped.duration = frame.pts, duration
        yield mapped


def _source(graph: Graph, frame: av.VideoFrame) -> FilterContext:
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
