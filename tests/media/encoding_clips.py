"""Frames with known samples, encoded in segments and joined; read back by PyAV alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from plane_frames import SDR, depth, plane

from facefusion.errors import OutputTypeError
from facefusion.media.colour import ColourTags
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.encoders import ENCODERS
from facefusion.media.encoding.segment import Segment, open_segment
from facefusion.media.encoding.stream import try_encoder
from facefusion.media.frame import Frame
from facefusion.media.hdr import HdrMetadata
from facefusion.media.info import FieldOrder, VideoInfo
from facefusion.media.join import join
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.sequence_join import joined_sequence
from facefusion.options import OutputOptions

Samples = npt.NDArray[np.uint8 | np.uint16]
CFR = (Fraction(1, 25), tuple(range(12)))


@dataclass(frozen=True)
class Clip:
    """Frames, and what a reader would say of them."""

    info: VideoInfo
    frames: list[Frame]

    @property
    def times(self) -> list[Fraction]:
        return [frame.time for frame in self.frames]


def drawn(index: int, pixel_format: str, size: tuple[int, int]) -> av.VideoFrame:
    """Soft shapes that move slowly under a little grain, in all planes; alpha is a step that moves."""
    width, height = size
    frame = av.VideoFrame(width, height, pixel_format)
    top = (1 << depth(pixel_format)) - 1
    coarse = np.random.default_rng(3).uniform(0.25, 0.75, (7, 9)).astype(np.float32)
    whole = cv2.resize(coarse, (width * 2, height * 2), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(index)
    for number in range(len(frame.planes)):
        values = plane(frame, number)
        moved = np.roll(whole, (number * 9 - index, number * 14 - 2 * index), (0, 1))[:height, :width]
        soft = cv2.resize(moved, values.shape[::-1], interpolation=cv2.INTER_AREA)
        values[:] = np.rint(soft * top + grain.integers(-2, 3, values.shape)).clip(0, top)
    if len(frame.planes) == 4:
        values = plane(frame, 3)
        values[:] = np.where(np.arange(width) < width // 2 + index, top, 0)[None]
    return frame


def clip(
    pixel_format: str = "yuv420p",
    *,
    size: tuple[int, int] = (96, 64),
    timing: tuple[Fraction, Sequence[int]] = CFR,
    colour: ColourTags = SDR,
    field_order: FieldOrder = "progressive",
    hdr: HdrMetadata | None = None,
    aspect: Fraction = Fraction(1),
) -> Clip:
    """Frames at the given times; the last is shown as long as the one before it."""
    time_base, times = timing
    ends = [*times[1:], 2 * times[-1] - times[-2] if len(times) > 1 else times[-1] + 1]
    convert = FrameConverter(colour).convert
    frames = []
    for index, (start, end) in enumerate(zip(times, ends, strict=True)):
        original = convert(drawn(index, pixel_format, size))
        frames.append(Frame(index, start, end - start, time_base, original.view, original))
    parts = av.VideoFormat(pixel_format).components
    rate = Fraction(len(times)) / ((ends[-1] - times[0]) * time_base)
    info = VideoInfo(
        path=Path("target.mov"),
        container="QuickTime",
        codec="made",
        width=size[0],
        height=size[1],
        frame_rate=rate,
        time_base=time_base,
        pixel_aspect=aspect,
        colour=colour,
        pixel_format=pixel_format,
        bit_depth=depth(pixel_format),
        has_alpha=any(part.is_alpha for part in parts),
        field_order=field_order,
        hdr=hdr,
    )
    return Clip(info, frames)


def write(path: Path, encoding: Encoding, frames: Iterable[Frame]) -> Segment:
    """Write one segment, as the engine does: it is given up where anything fails."""
    writer = open_segment(path, encoding)
    try:
        for frame in frames:
            writer.write(frame)
        return writer.close()
    except BaseException:
        writer.abort()
        raise


def encode(made: Clip, output: Path, wish: VideoWish, *, length: int = 5) -> tuple[Encoding, list[Segment]]:
    """Encode a clip in segments of so many frames, for an output of this name."""
    encoding = choose_encoding(output, made.info, wish)
    starts = range(0, len(made.frames), length)
    folder = output.with_name(f"{output.name}-parts")
    folder.mkdir(exist_ok=True)
    return encoding, [write(folder / f"{at:04d}", encoding, made.frames[at : at + length]) for at in starts]


def through(made: Clip, output: Path, wish: VideoWish, *, length: int = 5) -> Path:
    """Encode and join a clip."""
    encoding, segments = encode(made, output, wish, length=length)
    join(output, encoding=encoding, segments=segments, source=None, options=OutputOptions())
    return output


def here(name: str) -> bool:
    """Whether an encoder opens on this machine."""
    spec = ENCODERS[name]
    if not spec.needs:
        return True
    made = clip("yuv420p", size=(256, 144))
    try:
        try_encoder(choose_encoding(Path("out.mp4"), made.info, VideoWish(encoder=name)))
    except OutputTypeError:
        return False
    return True


def decoded(path: Path, codec: str | None = None) -> list[av.VideoFrame]:
    """All frames, by libav's usual decoder or another."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if codec is None:
            return list(container.decode(stream))
        context = av.CodecContext.create(codec, "r")
        context.extradata = stream.codec_context.extradata
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [frame for packet in [*packets, None] for frame in context.decode(packet)]


def planes(frame: av.VideoFrame) -> list[Samples]:
    """Copies of the samples."""
    return [plane(frame, number).copy() for number in range(len(frame.planes))]


def same(one: Sequence[av.VideoFrame], other: Sequence[av.VideoFrame]) -> bool:
    """Whether two clips have the same samples."""
    pairs = zip(one, other, strict=True)
    return all(
        np.array_equal(a, b) for first, second in pairs for a, b in zip(planes(first), planes(second), strict=True)
    )


def worst_mean(one: Sequence[av.VideoFrame], other: Sequence[av.VideoFrame]) -> float:
    """The largest mean difference of any plane of any frame, as a part of full scale."""
    worst = 0.0
    for first, second in zip(one, other, strict=True):
        scales = [(1 << depth(frame.format.name)) - 1 for frame in (first, second)]
        for a, b in zip(planes(first), planes(second), strict=True):
            worst = max(worst, float(np.abs(a / scales[0] - b / scales[1]).mean()))
    return worst


def join_sequence(output: Path, segments: Sequence[Segment], **options: Any) -> int:
    """Put pictures in place; return how many."""
    with joined_sequence(output, segments, **options) as count:
        return count
