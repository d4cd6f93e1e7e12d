"""Tiny clips in every container and many codecs, with everything beside the pictures that a file can hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet

from benchmarks.fuzzing.recipes import Recipe, recipes
from facefusion.media.encoding.priority import kept_priority

_MILLISECONDS = Fraction(1, 1000)
_SAMPLES, _BLOCKS = 1024, 5
_STYLES = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour
Style: Default,Arial,16,&Hffffff

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_TURNED = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)


def clips(folder: Path) -> Iterator[Path]:
    """Make all of them in a folder."""
    for clip in recipes():
        path = folder / clip.name
        _write(path, clip)
        yield path


def _write(path: Path, clip: Recipe) -> None:
    muxer = {"fflags": "+bitexact", **clip.muxer}
    with av.open(str(path), "w", format=clip.form, container_options=muxer) as output:
        picture = _picture_stream(output, clip)
        sounds = [_sound_stream(output, codec, clip) for codec in clip.sounds]
        texts = [_text_stream(output, codec) for codec in clip.texts]
        cover = _cover_stream(output) if clip.has_cover else None
        output.metadata.update(clip.tags)
        if clip.has_chapters:
            output.set_chapters([_chapter(1, 0, 100), _chapter(2, 100, 320)])
        if clip.has_font:
            output.add_attachment("plain.ttf", "application/x-truetype-font", bytes(range(256)))
        with kept_priority():
            output.start_encoding()
        packets = [*([cover] if cover else []), *(packet for text in texts for packet in _text_packets(text))]
        packets += _picture_packets(picture, clip)
        packets += [packet for sound in sounds for packet in _sound_packets(sound)]
        for packet in sorted(packets, key=_due):
            output.mux_one(packet)


def _picture_stream(output: OutputContainer, clip: Recipe) -> av.VideoStream:
    options = {"strict": "-2", **clip.options}
    stream = cast("av.VideoStream", output.add_stream(clip.codec, rate=25, options=options))
    context = stream.codec_context
    context.width, context.height = clip.size
    context.pix_fmt = clip.pixels
    context.time_base = Fraction(1, 25)
    context.thread_count = 1
    if clip.is_turned:
        stream.set_display_matrix(_TURNED)
    return stream


def drawn(number: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Return a smooth picture with a coarse pattern that moves with its number: RGB, uint8."""
    y, x = np.mgrid[0:height, 0:width]
    spots = np.random.default_rng(7).integers(0, 90, (height // 8 + 1, width // 8 + 3))
    pattern = spots[y // 8, (x + 2 * number) // 8 % spots.shape[1]]
    return np.stack([pattern + x % 160, pattern + y % 160, np.full_like(x, 40 + 9 * number) % 160], -1).astype(np.uint8)


def _picture_packets(stream: av.VideoStream, clip: Recipe) -> list[Packet[Any]]:
    packets: list[Packet[Any]] = []
    for number in range(clip.frames):
        values = drawn(number, *clip.size)
        if clip.pixels == "pal8":
            frame = _with_palette(values)
        else:
            frame = av.VideoFrame.from_ndarray(values).reformat(format=clip.pixels)
        frame.pts, frame.time_base = number, Fraction(1, 25)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def _with_palette(values: npt.NDArray[np.uint8]) -> av.VideoFrame:
    """Return a frame of grey palette colours."""
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    palette[:, 0] = 255
    return av.VideoFrame.from_ndarray(cast("Any", (values[..., 0] // 16 * 16, palette)), format="pal8")


def _sound_stream(output: OutputContainer, codec: str, clip: Recipe) -> av.AudioStream:
    stream = cast("av.AudioStream", output.add_stream(codec, rate=clip.rate, options={"strict": "-2"}))
    stream.codec_context.layout = "stereo"
    if codec.startswith("wma"):
        stream.codec_context.bit_rate = 64_000
    stream.metadata["language"] = "eng"
    return stream


def _sound_packets(stream: av.AudioStream) -> list[Packet[Any]]:
    """Encode noise."""
    random = np.random.default_rng(3)
    packets: list[Packet[Any]] = []
    for block in range(_BLOCKS):
        noise = (random.standard_normal((2, _SAMPLES)) * 3000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(noise.T).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = stream.rate, block * _SAMPLES
        frame.time_base = Fraction(1, stream.rate)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def _text_stream(output: OutputContainer, codec: str) -> Any:
    stream: Any = output.add_stream(codec)
    stream.codec_context.subtitle_header = _STYLES
    stream.codec_context.time_base = stream.time_base = _MILLISECONDS
    stream.metadata["language"] = "ger"
    return stream


def _text_packets(stream: Any) -> Iterator[Packet[Any]]:
    for number, text in enumerate(("one {\\i1}two{\\i0}", "three\\Nfour ä", "{\\b1\\fs20}last")):
        line = SubtitleSet.create(f"{number},0,Default,,0,0,0,,{text}".encode(), 0, 80, 0)
        packet = stream.codec_context.encode_subtitle(line)
        packet.pts = packet.dts = number * 100
        packet.duration, packet.time_base, packet.stream = 80, _MILLISECONDS, stream
        yield packet


def _cover_stream(output: OutputContainer) -> Packet[Any]:
    """Add cover art; return its packet."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 32, 32, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    stream: Any = output.add_stream("mjpeg", rate=1)
    stream.codec_context.width, stream.codec_context.height = 32, 32
    stream.codec_context.pix_fmt = "yuvj420p"
    stream.disposition = Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(drawn(0, 32, 32)).reformat(format="yuvj420p")
    frame.pts = 0
    packet = encoder.encode(frame)[0]
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    packet.time_base = Fraction(1, 25)
    return packet


def _chapter(number: int, start: int, end: int) -> Any:
    title = {"title": f"Chapter {number}"}
    return {"id": number, "start": start, "end": end, "time_base": _MILLISECONDS, "metadata": title}


def _due(packet: Packet[Any]) -> Fraction:
    ticks = packet.pts if packet.dts is None else packet.dts
    return (ticks or 0) * packet.time_base
