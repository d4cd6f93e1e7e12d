"""Makes clips with PyAV alone: pictures, sound, subtitles, chapters, tags and whatever else a container can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet

from benchmarks.matrix.clip import TURNS, Clip, Pictures, as_stored
from benchmarks.matrix.drawing import Signals
from benchmarks.matrix.signals import stored
from benchmarks.matrix.tracks import add_cover, add_sound, add_subtitles, sound_packets, write_lines
from facefusion.media.encoding.priority import kept_priority

_MILLISECONDS = Fraction(1, 1000)
_FIELDS = {"top": 2, "bottom": 3}


def make_clip(path: Path, clip: Clip) -> None:
    """Write a clip."""
    with av.open(str(path), "w", format=clip.format, container_options=dict(clip.muxer)) as output:
        picture = _add_picture(output, clip)
        tracks = [add_sound(output, sound) for sound in clip.sounds]
        texts = [add_subtitles(output, *subtitle) for subtitle in clip.subtitles]
        cover = add_cover(output) if clip.cover else None
        output.metadata.update(clip.tags)
        if clip.chapters:
            output.set_chapters([_chapter(number, *chapter) for number, chapter in enumerate(clip.chapters, 1)])
        if clip.fonts:
            output.add_attachment("plain.ttf", "application/x-truetype-font", bytes(range(256)))
        with kept_priority():
            output.start_encoding()
        if cover is not None:
            output.mux(cover)
        for text in texts:
            write_lines(output, text)
        sounds = [
            sound_packets(track, sound, float(clip.times[-1]) + 0.04, seed)
            for seed, (track, sound) in enumerate(zip(tracks, clip.sounds, strict=True))
        ]
        _interleave(output, [_picture_packets(picture, clip.pictures), *sounds])


def frames_of(pictures: Pictures) -> Iterator[av.VideoFrame]:
    """Yield the frames of a clip as they are stored, with their times."""
    for number, time in enumerate(pictures.times):
        picture, alpha = (None if part is None else as_stored(part, pictures.turn) for part in pictures.upright(number))
        frame = stored(cast("Signals", picture), alpha, pictures.form, pictures.tags)
        frame.pts, frame.time_base = time, pictures.clock
        yield frame


def _add_picture(output: OutputContainer, clip: Clip) -> av.VideoStream:
    pictures = clip.pictures
    rate = pictures.rate or (1 / pictures.clock if pictures.clock > Fraction(1, 500) else Fraction(25))
    stream = cast("av.VideoStream", output.add_stream(pictures.codec, rate=rate, options=dict(pictures.options)))
    context = stream.codec_context
    context.width, context.height = pictures.size
    context.pix_fmt = pictures.form
    context.time_base = pictures.clock
    context.sample_aspect_ratio = pictures.aspect
    tags = pictures.tags
    context.colorspace, context.color_primaries, context.color_trc = tags.matrix, tags.primaries, tags.transfer
    context.color_range = {None: 0, False: 1, True: 2}[tags.is_full]
    if pictures.fields:
        context.field_order = _FIELDS[pictures.fields]
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    if pictures.turn != "0":
        a, b, c, d = (value << 16 for value in TURNS[pictures.turn])
        stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
    stream.metadata.update(clip.picture_tags)
    return stream


def _picture_packets(stream: av.VideoStream, pictures: Pictures) -> Iterator[Packet[Any]]:
    for frame in frames_of(pictures):
        yield from stream.encode(_flagged(frame, pictures.fields) if pictures.fields else frame)
    yield from stream.encode(None)


def _flagged(frame: av.VideoFrame, fields: str) -> av.VideoFrame:
    """Say of a frame which field comes first; PyAV can do so by a filter alone."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
    setter = graph.add("setfield", {"top": "tff", "bottom": "bff"}[fields])
    sink = graph.add("buffersink")
    source.link_to(setter)
    setter.link_to(sink)
    graph.configure()
    graph.push(frame)
    return cast("av.VideoFrame", graph.pull())


def _interleave(output: OutputContainer, sources: Sequence[Iterator[Packet[Any]]]) -> None:
    """Mux packets of all streams in the order of their times."""
    waiting = [next(source, None) for source in sources]
    while any(waiting):
        due = [(_due(packet), index) for index, packet in enumerate(waiting) if packet is not None]
        _, index = min(due)
        output.mux_one(cast("Packet[Any]", waiting[index]))
        waiting[index] = next(sources[index], None)


def _due(packet: Packet[Any]) -> Fraction:
    ticks = packet.pts if packet.dts is None else packet.dts
    return (ticks or 0) * packet.time_base


def _chapter(number: int, start: int, end: int, title: str) -> dict[str, Any]:
    return {"id": number, "start": start, "end": end, "time_base": _MILLISECONDS, "metadata": {"title": title}}
