"""Makes clips with PyAV alone: pictures, sound, subtitles, chapters, tags and whatever else a container can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.subtitle import SubtitleSet

from benchmarks.matrix.drawing import Signals, drawn, opacity
from benchmarks.matrix.samples import Tags, stored

MILLISECONDS = Fraction(1, 1000)
RATE = 48_000
_BLOCK = 1024
_FIELDS = {"top": 2, "bottom": 3}
_MATRICES = {
    "0": (1, 0, 0, 1),
    "90": (0, 1, -1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
    "90, mirrored": (0, 1, 1, 0),
    "270, mirrored": (0, -1, -1, 0),
}
"""How a stored pixel (x, y) is shown: at (a x + c y, b x + d y), for (a, b, c, d), moved into view (ISO 14496-12)."""
_ASS_HEAD = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Pictures:
    """The moving picture of a clip.

    Attributes:
        codec: libav's name of the encoder.
        form: pixel format that it is given.
        size: of the stored picture.
        times: of the frames, in ticks.
        clock: seconds in a tick.
        rate: frames a second that are stated; from the clock where None.
        tags: what the numbers mean.
        turn: how it is to be turned clockwise for the eye.
        aspect: width of a pixel over its height.
        fields: which field comes first; none of both where it is empty.
        alpha: whether there is an alpha channel.
        options: of the encoder.
    """

    codec: str = "libx264"
    form: str = "yuv420p"
    size: tuple[int, int] = (128, 96)
    times: Sequence[int] = range(12)
    clock: Fraction = Fraction(1, 25)
    rate: Fraction | None = None
    tags: Tags = Tags()
    turn: str = "0"
    aspect: Fraction = Fraction(1)
    fields: str = ""
    alpha: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    def upright(self, number: int) -> tuple[Signals, Signals | None]:
        """Return the picture of a frame, and its opacity, as the eye is to see them."""
        width, height = self.size if _MATRICES[self.turn][0] else self.size[::-1]
        picture = drawn(number, width, height)
        if self.fields:  # what moves has moved on in the second field
            second = 1 if self.fields == "top" else 0
            picture[second::2] = np.roll(picture[second::2], 2, axis=1)
        return picture, opacity(number, width, height) if self.alpha else None


@dataclass(frozen=True)
class Sound:
    """A track of sound.

    Attributes:
        codec: libav's name of the encoder.
        layout: of the channels.
        rate: samples a second.
        language: three letters.
        title: of the track.
        start: in seconds.
        disposition: what it is for.
    """

    codec: str
    layout: str = "stereo"
    rate: int = RATE
    language: str = ""
    title: str = ""
    start: Fraction = Fraction(0)
    disposition: Disposition = Disposition.default


@dataclass(frozen=True)
class Clip:
    """Everything that is put into one file.

    Attributes:
        pictures: the moving picture.
        sounds: tracks of sound.
        subtitles: codec and language of tracks of subtitles.
        chapters: start and end in milliseconds, and title.
        tags: of the file.
        picture_tags: of the moving picture.
        cover: whether there is cover art.
        fonts: whether a font is attached.
        muxer: options of the muxer.
        format: libav's name of the container, where the ending does not say it.
    """

    pictures: Pictures = Pictures()
    sounds: tuple[Sound, ...] = ()
    subtitles: tuple[tuple[str, str], ...] = ()
    chapters: tuple[tuple[int, int, str], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    picture_tags: Mapping[str, str] = field(default_factory=dict)
    cover: bool = False
    fonts: bool = False
    muxer: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers that its frames show."""
        return tuple(range(len(self.pictures.times)))

    @property
    def times(self) -> tuple[Fraction, ...]:
        """When its frames are shown, in seconds."""
        return tuple(time * self.pictures.clock for time in self.pictures.times)


LINES = ((80, 120, "one {\\i1}two{\\i0}"), (240, 80, "three\\Nfour ä"), (400, 60, "last"))


def make_clip(path: Path, clip: Clip) -> None:
    """Write a clip."""
    with av.open(str(path), "w", format=clip.format, container_options=dict(clip.muxer)) as output:
        picture = _add_picture(output, clip)
        tracks = [_add_sound(output, sound) for sound in clip.sounds]
        texts = [_add_subtitles(output, *subtitle) for subtitle in clip.subtitles]
        cover = _add_cover(output) if clip.cover else None
        output.metadata.update(clip.tags)
        if clip.chapters:
            output.set_chapters([_chapter(number, *chapter) for number, chapter in enumerate(clip.chapters, 1)])
        if clip.fonts:
            output.add_attachment("plain.ttf", "application/x-truetype-font", bytes(range(256)))
        output.start_encoding()
        if cover is not None:
            output.mux(cover)
        for text in texts:
            _write_lines(output, text)
        sounds = [
            _sound_packets(track, sound, float(clip.times[-1]) + 0.04, seed)
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


def as_shown(picture: Signals, turn: str) -> Signals:
    """Turn what is stored as the display matrix says."""
    a, b, c, d = _MATRICES[turn]
    if not a:
        return np.swapaxes(picture, 0, 1)[:: b or 1, :: c or 1]
    return picture[::d, ::a]


def as_stored(picture: Signals, turn: str) -> Signals:
    """Turn what is seen to how it is stored."""
    a, b, c, d = _MATRICES[turn]
    if not a:
        return np.swapaxes(picture[:: b or 1, :: c or 1], 0, 1).copy()
    return picture[::d, ::a].copy()


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
        context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
    if pictures.turn != "0":
        a, b, c, d = (value << 16 for value in _MATRICES[pictures.turn])
        stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
    stream.metadata.update(clip.picture_tags)
    return stream


def _picture_packets(stream: av.VideoStream, pictures: Pictures) -> Iterator[Packet[Any]]:
    for frame in frames_of(pictures):
        if pictures.fields:
            frame = _flagged(frame, pictures.fields)
        yield from stream.encode(frame)
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


def _add_sound(output: OutputContainer, sound: Sound) -> av.AudioStream:
    options = {"strict": "experimental"} if sound.codec == "vorbis" else {}
    added = output.add_stream(sound.codec, rate=sound.rate, options=options, layout=sound.layout)
    stream = cast("av.AudioStream", added)
    if not sound.codec.startswith(("pcm", "flac")):
        stream.bit_rate = 96_000
    stream.disposition = sound.disposition
    stream.metadata.update({"language": sound.language} if sound.language else {})
    stream.metadata.update({"title": sound.title} if sound.title else {})
    return stream


def _sound_packets(stream: av.AudioStream, sound: Sound, until: float, seed: int) -> Iterator[Packet[Any]]:
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


def _add_subtitles(output: OutputContainer, codec: str, language: str) -> Any:
    stream = output.add_stream(codec)
    context = cast("SubtitleCodecContext", stream.codec_context)
    context.subtitle_header = _ASS_HEAD
    context.time_base = stream.time_base = MILLISECONDS
    stream.metadata["language"] = language
    return stream


def _write_lines(output: OutputContainer, stream: Any) -> None:
    for number, (start, length, text) in enumerate(LINES):
        line = SubtitleSet.create(f"{number},0,Default,,0,0,0,,{text}".encode(), 0, length, 0)
        packet = stream.codec_context.encode_subtitle(line)
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = length, MILLISECONDS, stream
        output.mux(packet)


def _add_cover(output: OutputContainer) -> Packet[Any]:
    """Add a stream of one picture that stands for the whole file; return its packet."""
    stream = cast("av.VideoStream", output.add_stream("mjpeg", rate=1))
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), (200, 20, 20), np.uint8)).reformat(format="yuvj420p")
    frame.pts, frame.time_base = 0, Fraction(1)
    return [*stream.encode(frame), *stream.encode(None)][0]


def _chapter(number: int, start: int, end: int, title: str) -> dict[str, Any]:
    return {"id": number, "start": start, "end": end, "time_base": MILLISECONDS, "metadata": {"title": title}}
