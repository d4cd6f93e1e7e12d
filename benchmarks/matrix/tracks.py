"""Sound, subtitles and cover art of a made clip."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.subtitle import SubtitleSet
from PIL import Image as Pillow

from benchmarks.matrix.clip import Sound

LINES = ((80, 120, "one {\\i1}two{\\i0}"), (240, 80, "three\\Nfour ä"), (400, 60, "last"))
"""Subtitles: start and length in milliseconds, and text in the signs of ASS."""
_MILLISECONDS = Fraction(1, 1000)
_BLOCK = 1024
_RED = (200, 20, 20)
_ASS_HEAD = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def add_sound(output: OutputContainer, sound: Sound) -> av.AudioStream:
    """Add a track of sound to a container that is not started yet."""
    options = {"strict": "experimental"} if sound.codec == "vorbis" else {}
    added = output.add_stream(sound.codec, rate=sound.rate, options=options, layout=sound.layout)
    stream = cast("av.AudioStream", added)
    if not sound.codec.startswith(("pcm", "flac")):
        stream.bit_rate = 96_000
    stream.disposition = sound.disposition
    stream.metadata.update({"language": sound.language} if sound.language else {})
    stream.metadata.update({"title": sound.title} if sound.title else {})
    return stream


def sound_packets(stream: av.AudioStream, sound: Sound, until: float, seed: int) -> Iterator[Packet[Any]]:
    """Encode noise, so that no two packets are alike."""
    chance = np.random.default_rng(seed)
    resampler = av.AudioResampler(stream.format.name, stream.layout, sound.rate)
    count = int((until - sound.start) * sound.rate) // _BLOCK + 1
    for block in range(count):
        noise = (chance.standard_normal((stream.channels, _BLOCK)) * 0.1).clip(-1, 1).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout=sound.layout)
        frame.sample_rate, frame.time_base = sound.rate, Fraction(1, sound.rate)
        frame.pts = block * _BLOCK + round(sound.start * sound.rate)
        for part in resampler.resample(frame):
            yield from stream.encode(part)
    yield from stream.encode(None)


def add_subtitles(output: OutputContainer, codec: str, language: str) -> Any:
    """Add a track of subtitles to a container that is not started yet."""
    stream = output.add_stream(codec)
    context = cast("SubtitleCodecContext", stream.codec_context)
    context.subtitle_header = _ASS_HEAD
    context.time_base = stream.time_base = _MILLISECONDS
    stream.metadata["language"] = language
    return stream


def write_lines(output: OutputContainer, stream: Any) -> None:
    """Write all lines of a track of subtitles."""
    for number, (start, length, text) in enumerate(LINES):
        line = SubtitleSet.create(f"{number},0,Default,,0,0,0,,{text}".encode(), 0, length, 0)
        packet = stream.codec_context.encode_subtitle(line)
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = length, _MILLISECONDS, stream
        output.mux(packet)


def add_cover(output: OutputContainer) -> Packet[Any] | None:
    """Add a picture that stands for the whole file: attached in Matroska, else a stream, whose packet is returned."""
    if output.format.name == "matroska":
        output.add_attachment("cover.jpg", "image/jpeg", _cover())
        return None
    stream = output.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), _RED, np.uint8)).reformat(format="yuvj420p")
    frame.pts, frame.time_base = 0, Fraction(1)
    return [*stream.encode(frame), *stream.encode(None)][0]


def _cover() -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((32, 32, 3), _RED, np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()
