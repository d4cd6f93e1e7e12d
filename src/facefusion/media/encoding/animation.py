"""Moving pictures: animated GIF, PNG and WebP, made from all frames of a job at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.stream import VideoStream

from facefusion.errors import CancelledError
from facefusion.media import forms
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.final import kept_frames
from facefusion.media.encoding.segment import Segment
from facefusion.media.faults import writing
from facefusion.media.guard import GuardedFile
from facefusion.media.muxing import muxing

_FINEST_RATE = 100_000
_PACKED = "bgra"  # what the palette filters take


@dataclass(frozen=True, slots=True)
class _Kind:
    """How libav writes one form: encoder, pixel formats without and with alpha, options, and those of the muxer."""

    codec: str
    plain: str
    alpha: str
    options: dict[str, str]
    container: dict[str, str]


_KINDS = {
    forms.ANIMATED_GIF: _Kind("gif", "pal8", "pal8", {}, {"loop": "0"}),
    forms.ANIMATED_PNG: _Kind("apng", "rgb24", "rgba", {"pred": "mixed"}, {"plays": "0"}),
    forms.ANIMATED_WEBP: _Kind("libwebp_anim", "yuv420p", "bgra", {}, {"loop": "0"}),
}


def write_animation(
    path: Path, encoding: Encoding, segments: Sequence[Segment], *, cancel: Callable[[], bool] = bool
) -> None:
    """Write an animated picture that plays without end.

    GIF has one palette for the whole animation, of the colours that are used most; its times are rounded to 1/100 s,
    those of WebP to 1/1000 s. No more than a few frames are held at a time; WebP holds all of them, encoded.

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
    frames = _Frames(encoding, segments, cancel)
    kind = _KINDS[encoding.form]
    palette = _palette(iter(frames)) if encoding.form is forms.ANIMATED_GIF else None
    with writing(path):
        file = GuardedFile(path.open("wb"))
    try:
        with muxing(path, file):
            _encode(file, encoding, kind, frames if palette is None else _mapped(iter(frames), palette))
            file.close()
    finally:
        with suppress(OSError):
            file.close()


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of a job, as often as they are wanted."""

    encoding: Encoding
    segments: Sequence[Segment]
    cancel: Callable[[], bool]

    def __iter__(self) -> Iterator[av.VideoFrame]:
        for frame in kept_frames(self.encoding, self.segments):
            if self.cancel():
                raise CancelledError("The job was stopped")
            yield frame


def _encode(file: GuardedFile, encoding: Encoding, kind: _Kind, frames: Iterator[av.VideoFrame] | _Frames) -> None:
    """Encode and mux all frames."""
    pixels = encoding.pixels
    form = kind.alpha if pixels.pixel_format == _PACKED else kind.plain
    options = dict(kind.options)
    if encoding.form is forms.ANIMATED_WEBP:
        options["quality"] = encoding.codec_options["quality"]
    with closing(
        av.open(file, "w", format=encoding.form.writer, container_options={"fflags": "+bitexact", **kind.container})
    ) as output:
        rate = encoding.frame_rate.limit_denominator(_FINEST_RATE)
        stream = cast(VideoStream, output.add_stream(kind.codec, rate=rate, options=options))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = pixels.width, pixels.height, form
        context.time_base = _clock(encoding)
        context.sample_aspect_ratio = encoding.sample_aspect.limit_denominator(_FINEST_RATE)
        scale = encoding.time_base / context.time_base
        for frame in frames:
            picture = frame if frame.format.name == form else _converted(frame, form)
            start, length = frame.pts or 0, frame.duration
            begin, end = (round(time * scale) for time in (start, start + length))
            picture.pts, picture.duration, picture.time_base = begin, max(1, end - begin), context.time_base
            output.mux(list(stream.encode_lazy(picture)))
        output.mux(list(stream.encode_lazy(None)))


def _clock(encoding: Encoding) -> Fraction:
    """Return the ticks in which the form counts."""
    coarse = {forms.ANIMATED_GIF: Fraction(1, 100), forms.ANIMATED_WEBP: Fraction(1, 1000)}
    return coarse.get(encoding.form, encoding.time_base)


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
