"""Small clips with exactly known contents, made with PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from facefusion import process_video
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions

LIMITS = LimitOptions()
BT601, BT709 = 6, 1
_SAMPLES = 1024
_SOUND_OPTIONS = {"vorbis": {"strict": "experimental"}}


def picture(index: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """A smooth colourful picture, red at top left, green at top right, blue at bottom left; it drifts with `index`."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x / (width - 1), y / (height - 1)
    drift = 12 * np.sin(index / 3)
    channels = (220 * (1 - x) * (1 - y) + 20 + drift, 200 * x * (1 - y) + 25, 210 * y * (1 - x) + 20 - drift)
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Colour:
    """Tags of a clip; `matrix` 2 leaves it untagged; `drawn_with` is the matrix used where that is another."""

    matrix: int = 2
    full: bool | None = None
    drawn_with: int = 0


def make_clip(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    pts: Sequence[int] = range(12),
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    colour: Colour = Colour(),
    matrix: tuple[int, ...] | None = None,
    aspect: Fraction = Fraction(1),
    sounds: Sequence[str] = (),
    sound_seconds: float | None = None,
    channels: str = "stereo",
    crf: str = "10",
    muxer: dict[str, str] | None = None,
) -> Path:
    """Write a clip of drifting pictures, with B-frames where the codec has them and sound where asked."""
    with av.open(str(path), "w", container_options=muxer or {}) as output:
        options = {"crf": crf, "preset": "veryfast"} if codec == "libx264" else {}
        video = output.add_stream(codec, rate=25, options=options)
        context = video.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = time_base
        context.sample_aspect_ratio = aspect
        if colour.matrix != 2:
            context.colorspace = context.color_primaries = context.color_trc = colour.matrix
        context.color_range = {None: 0, False: 1, True: 2}[colour.full]
        if matrix:
            video.set_display_matrix(matrix)
        tracks = [
            output.add_stream(sound, rate=48000, bit_rate=96000, layout=channels, options=_SOUND_OPTIONS.get(sound))
            for sound in sounds
        ]
        _add_pictures(output, video, pts, time_base, colour)
        seconds = float(len(pts) / 25) if sound_seconds is None else sound_seconds
        for number, track in enumerate(tracks):
            _add_noise(output, track, round(seconds * 48000 / _SAMPLES), seed=number)
    return path


def _add_pictures(
    output: av.container.OutputContainer,
    video: av.VideoStream,
    pts: Sequence[int],
    time_base: Fraction,
    colour: Colour,
) -> None:
    """Encode drifting pictures."""
    for index, time in enumerate(pts):
        frame = av.VideoFrame.from_ndarray(picture(index, video.width, video.height)).reformat(
            format=video.pix_fmt,
            dst_colorspace=1 if BT709 in (colour.matrix, colour.drawn_with) else 5,
            dst_color_range=2 if colour.full else 1,
        )
        frame.pts, frame.time_base = time, time_base
        output.mux(video.encode(frame))
    output.mux(video.encode(None))


def _add_noise(output: av.container.OutputContainer, track: av.AudioStream, blocks: int, *, seed: int) -> None:
    """Encode noise, so that no two packets are alike."""
    random = np.random.default_rng(seed)
    planar = track.format.is_planar
    kind, loud = {"flt": (np.float32, 0.1), "s16": (np.int16, 3e3), "s32": (np.int32, 2e8)}[track.format.name[:3]]
    for block in range(blocks):
        noise = random.standard_normal((track.channels, _SAMPLES)) * loud
        values = noise.astype(kind) if planar else np.ascontiguousarray(noise.T.astype(kind)).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(values, format=track.format.name, layout=track.layout)
        frame.sample_rate, frame.pts, frame.time_base = 48000, block * _SAMPLES, Fraction(1, 48000)
        output.mux(track.encode(frame))
    output.mux(track.encode(None))


def rewrite(source: Path, target: Path, **options: object) -> Path:
    """Send a clip through the whole product, with a step that changes nothing."""
    process_video(source, target, pre_processor=lambda image: image, **options)
    return target


def times(path: Path) -> list[Fraction]:
    """Presentation times of all frames in seconds, as PyAV alone reads them."""
    with av.open(str(path)) as clip:
        return [frame.pts * frame.time_base for frame in clip.decode(video=0)]


def lengths(path: Path) -> list[Fraction]:
    """Durations of all frames in seconds, as our reader tells them."""
    with VideoReader(path, LIMITS) as reader:
        return [frame.duration * frame.time_base for frame in reader]


def planes(path: Path) -> list[list[npt.NDArray[np.uint8]]]:
    """The stored values of each frame: Y, U, V."""

    def values(plane: av.video.plane.VideoPlane) -> npt.NDArray[np.uint8]:
        return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width].copy()

    with av.open(str(path)) as clip:
        return [[values(plane) for plane in frame.planes] for frame in clip.decode(video=0)]


def sound_packets(path: Path, track: int = 0) -> list[tuple[Fraction, Fraction, Fraction, bytes]]:
    """Each packet of a stream of sound: presentation time, decoding time, duration (seconds), bytes."""
    with av.open(str(path)) as clip:
        stream = clip.streams.audio[track]
        return [
            (p.pts * p.time_base, p.dts * p.time_base, p.duration * p.time_base, bytes(p))
            for p in clip.demux(stream)
            if p.size
        ]
