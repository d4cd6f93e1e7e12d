"""What a file holds, as libav (by PyAV), Pillow and OpenCV alone tell it; nothing of the product is used."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer
from av.stream import Disposition
from av.subtitles.codeccontext import SubtitleCodecContext

from benchmarks.matrix.held import Held, Shown, Texts, Track
from benchmarks.matrix.pages import animation, sequence
from benchmarks.matrix.samples import alpha_of, planes_of
from benchmarks.matrix.signals import chroma_place, signals
from benchmarks.matrix.tags import UNKNOWN, Tags

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_ANIMATIONS = (".gif", ".webp", ".png", ".apng")


def held(path: Path) -> Held:
    """Read a file."""
    if "%" in path.name:
        return sequence(path)
    if path.suffix in _ANIMATIONS:
        return animation(path)
    found = Held()
    with av.open(str(path)) as clip:
        _read_streams(clip, found)
    with av.open(str(path)) as clip:
        found.frames = list(_frames(clip, found))
    with av.open(str(path)) as clip:
        _read_packets(clip, found)
    return found


def _read_streams(clip: InputContainer, found: Held) -> None:
    picture = _picture(clip)
    found.codec = picture.codec_context.codec.canonical_name
    found.aspect = picture.sample_aspect_ratio or Fraction(1)
    found.chapters = [_chapter(chapter) for chapter in clip.chapters()]
    for source in (picture.metadata, clip.metadata):
        found.tags.update({name.lower(): value for name, value in source.items()})
    for stream in (*clip.streams, clip):
        for name, value in stream.metadata.items():
            if name.lower() == "timecode":
                found.timecode = found.timecode or value
    for attached in clip.streams.attachments:
        found.fonts.append((attached.name or "", _digest(attached.data)))


def _frames(clip: InputContainer, found: Held) -> Iterator[Shown]:
    stream = _picture(clip)
    name = _WITH_ALPHA.get(stream.codec_context.codec.canonical_name)
    decoder = stream.codec_context
    if name is not None and "1" in (stream.metadata.get("alpha_mode"), stream.metadata.get("ALPHA_MODE")):
        decoder = cast("Any", av.CodecContext.create(name, "r"))
        decoder.extradata = stream.codec_context.extradata
    base = stream.time_base or Fraction(1)
    place = None
    for packet in clip.demux(stream):
        for frame in decoder.decode(packet):
            if "DISPLAYMATRIX" in {data.type.name for data in frame.side_data}:
                found.is_turned = True
            found.hdr = found.hdr or _hdr(frame)
            fields = ("top" if _is_top_first(stream) else "bottom") if frame.interlaced_frame else ""
            tags = _tags(frame, stream)
            place = place or chroma_place(frame)
            picture = signals(frame, tags, place)
            time = (frame.pts or 0) * base
            yield Shown(time, picture, alpha_of(frame), frame.format.name, planes_of(frame), tags, fields)


def _tags(frame: av.VideoFrame, stream: av.VideoStream) -> Tags:
    """Return what a frame says of its colours, else what its container says."""
    tags, context = Tags.of(frame), stream.codec_context
    return replace(
        tags,
        primaries=int(context.color_primaries) if tags.primaries == UNKNOWN else tags.primaries,
        transfer=int(context.color_trc) if tags.transfer == UNKNOWN else tags.transfer,
    )


def _is_top_first(stream: av.VideoStream) -> bool:
    return int(stream.codec_context.field_order) in (2, 4, 0)


def _read_packets(clip: InputContainer, found: Held) -> None:
    """Read sound and subtitles, and when the pictures end."""
    sounds: dict[int, list[tuple[Fraction, bytes]]] = {stream.index: [] for stream in clip.streams.audio}
    ends: dict[int, int] = {}
    lines: dict[int, list[tuple[int, int, str]]] = {stream.index: [] for stream in clip.streams.subtitles}
    picture = _picture(clip)
    for packet in clip.demux():
        if not packet.size:
            continue
        stream = packet.stream
        if stream.index in sounds:
            time = ends.get(stream.index, 0) if packet.pts is None else packet.pts  # as of the last of Vorbis in Ogg
            ends[stream.index] = time + (packet.duration or 0)
            sounds[stream.index].append((time * packet.time_base, _payload(packet)))
        elif stream.index in lines:
            lines[stream.index] += _lines(packet)
        elif stream.disposition & Disposition.attached_pic:
            found.cover = _digest(bytes(packet))
        elif stream.index == picture.index and packet.duration:
            end = ((packet.pts or 0) + packet.duration) * packet.time_base
            found.end = max(found.end or end, end)
    for sound in clip.streams.audio:
        codec = sound.codec_context.codec.canonical_name
        tags = (sound.language or "", sound.metadata.get("title", ""), int(sound.disposition))
        times, data = zip(*sounds[sound.index], strict=True) if sounds[sound.index] else ((), ())
        glue = b"" if codec.startswith("pcm") else b"|"
        digests = tuple(map(_digest, data))
        found.sounds.append(Track(codec, *tags, tuple(times), _digest(glue.join(data)), digests))
    for text in clip.streams.subtitles:
        codec = text.codec_context.codec.canonical_name
        found.subtitles.append(Texts(codec, text.language or "", tuple(lines[text.index])))
    if picture.start_time is not None and picture.duration and clip.format.name.startswith("mov"):
        found.end = (picture.start_time + picture.duration) * (picture.time_base or Fraction(1))
    if not found.cover:  # Matroska has it as an attached file, which libav shows as a stream without packets
        for stream in clip.streams.video:
            if stream.disposition & Disposition.attached_pic:
                found.cover = "there"


def _payload(packet: Any) -> bytes:
    data = bytes(packet)
    if packet.stream.codec_context.codec.canonical_name == "aac" and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data


def _lines(packet: Any) -> Iterator[tuple[int, int, str]]:
    context = cast("SubtitleCodecContext", packet.stream.codec_context)
    decoded = context.decode2(packet)
    if decoded is None or not len(decoded):
        return
    text = b"".join(line.ass.split(b",", 8)[8] for line in decoded).decode()
    start, length = (round(ticks * packet.time_base * 1000) for ticks in (packet.pts, packet.duration))
    yield start, length, text


def _picture(clip: InputContainer) -> av.VideoStream:
    return next(stream for stream in clip.streams.video if not stream.disposition & Disposition.attached_pic)


def _chapter(chapter: Any) -> tuple[int, int, str]:
    start, end = (round(chapter[name] * chapter["time_base"] * 1000) for name in ("start", "end"))
    return start, end, chapter["metadata"].get("title", "")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _hdr(frame: av.VideoFrame) -> tuple[float, ...]:
    """Read libav's structures of ten fractions and of two numbers; empty where there are none."""
    numbers: list[float] = []
    for data in frame.side_data:
        raw = bytes(data)
        if data.type.name == "MASTERING_DISPLAY_METADATA":
            pairs = struct.iter_unpack("<ii", raw[:80])
            numbers += [round(top / bottom, 5) if bottom else 0.0 for top, bottom in pairs]
        elif data.type.name == "CONTENT_LIGHT_LEVEL":
            numbers += struct.unpack("<II", raw[:8])
    return tuple(numbers)
