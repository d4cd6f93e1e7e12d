"""Clips on their whole way: read, encoded in segments, joined with what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet
from media_clips import LIMITS

from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.segment import Segment, SegmentWriter
from facefusion.media.join import join
from facefusion.media.open import open_reader
from facefusion.media.select import Selection
from facefusion.options import OutputOptions

ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
MILLISECONDS = Fraction(1, 1000)
WHOLE = Selection()
TEXTS = ((80, 120, "Hello {\\i1}World{\\i0}"), (240, 80, "two\\Nlines ä"), (400, 60, "last"))


def encode(
    source: Path, target: Path, *, length: int = 5, selection: Selection = WHOLE, folder: Path | None = None
) -> tuple[Encoding, list[Segment], Any]:
    """Read a clip and encode it in segments of so many frames, for an output of this name."""
    folder = folder or target.parent
    with open_reader(source, limits=LIMITS, selection=selection) as reader:
        encoding = choose_encoding(target, reader.info, VideoWish.of(OutputOptions(output_video_preset="ultrafast")))
        segments: list[Segment] = []
        writer: SegmentWriter | None = None
        for frame in reader:
            if writer is None:
                writer = SegmentWriter(folder / f"{target.name}.{len(segments)}.segment", encoding)
            writer.write(frame)
            if (frame.index + 1) % length == 0:
                segments.append(writer.close())
                writer = None
        if writer is not None:
            segments.append(writer.close())
        return encoding, segments, reader.range


def through(source: Path, target: Path, *, length: int = 5, selection: Selection = WHOLE, **options: object) -> Path:
    """Send a clip the whole way, as the engine does when no processor changes anything."""
    encoding, segments, cut = encode(source, target, length=length, selection=selection)
    join(target, encoding=encoding, segments=segments, source=source, options=OutputOptions(**options), range=cut)
    return target


def decorated(
    source: Path,
    target: Path,
    *,
    subtitles: Sequence[str] = (),
    languages: Sequence[str] = (),
    texts: Sequence[tuple[int, int, str]] = TEXTS,
    chapters: Sequence[tuple[int, int, str]] = (),
    tags: dict[str, str] | None = None,
    picture_tags: dict[str, str] | None = None,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    dispositions: Sequence[Disposition] = (),
    sound_tags: Sequence[dict[str, str]] = (),
    cover: Path | None = None,
    muxer: dict[str, str] | None = None,
) -> Path:
    """Copy a clip into another container, with all kinds of things beside its picture and sound."""
    with av.open(str(source)) as clip, av.open(str(target), "w", container_options=muxer or {}) as output:
        copies = {stream.index: output.add_stream_from_template(stream, opaque=True) for stream in clip.streams}
        for stream, disposition in zip(copies.values(), dispositions, strict=False):
            stream.disposition = disposition
        for stream, extra in zip(output.streams.audio, sound_tags, strict=False):
            stream.metadata.update(extra)
        picture = output.streams.video[0]
        picture.codec_context.framerate = clip.streams.video[0].average_rate
        picture.metadata.update(picture_tags or {})
        art = None if cover is None else av.open(str(cover))
        if art is not None:
            copy = output.add_stream_from_template(art.streams.video[0], opaque=True)
            copy.disposition = Disposition.attached_pic
        written = [_subtitle_stream(output, codec) for codec in subtitles]
        for stream, language in zip(written, languages, strict=False):
            stream.metadata["language"] = language
        output.metadata.update(tags or {})
        numbered = enumerate(chapters, 1)
        output.set_chapters(
            [
                {"id": n, "start": start, "end": end, "time_base": MILLISECONDS, "metadata": {"title": title}}
                for n, (start, end, title) in numbered
            ]
        )
        for name, mime_type, data in attachments:
            output.add_attachment(name, mime_type, data)
        output.start_encoding()
        if art is not None:
            packet = next(art.demux(video=0))
            packet.stream = copy
            output.mux(packet)
        for stream in written:
            _write_texts(output, stream, texts)
        for packet in clip.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    return target


def _subtitle_stream(output: av.container.OutputContainer, codec: str) -> Any:
    stream = output.add_stream(codec)
    stream.codec_context.subtitle_header = ASS_HEADER
    stream.codec_context.time_base = stream.time_base = MILLISECONDS
    return stream


def _write_texts(output: av.container.OutputContainer, stream: Any, texts: Sequence[tuple[int, int, str]]) -> None:
    for number, (start, length, text) in enumerate(texts):
        line = SubtitleSet.create(f"{number},0,Default,,0,0,0,,{text}".encode(), 0, length, 0)
        packet = stream.codec_context.encode_subtitle(line)
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = length, MILLISECONDS, stream
        output.mux(packet)


def packet_times(path: Path, **which: int) -> list[tuple[Fraction, Fraction, bytes]]:
    """Presentation time and duration in seconds, and bytes, of each packet of a stream."""
    with av.open(str(path)) as clip:
        return [
            (p.pts * p.time_base, p.duration * p.time_base, bytes(p))
            for p in clip.demux(**which or {"video": 0})
            if p.size
        ]


def texts_of(path: Path, track: int = 0) -> list[tuple[int, int, str]]:
    """Start and length in milliseconds, and plain text, of each subtitle."""
    with av.open(str(path)) as clip:
        stream = clip.streams.subtitles[track]
        found = []
        for packet in clip.demux(stream):
            decoded = stream.codec_context.decode2(packet) if packet.size else None
            if decoded is not None and len(decoded):
                text = b"".join(line.ass.split(b",", 8)[8] for line in decoded).decode()
                start, length = (round(t * packet.time_base * 1000) for t in (packet.pts, packet.duration))
                found.append((start, length, text))
        return found


def cover_picture(path: Path) -> Path:
    """Write a small JPEG."""
    with av.open(str(path), "w", format="mjpeg") as output:
        stream = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), (200, 20, 20), np.uint8))
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path
