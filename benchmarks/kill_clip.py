"""What `benchmarks.kills` works on, and how two of its results are compared."""

from __future__ import annotations

import hashlib
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from benchmarks.clips import repeated_clip, talking_clip

_TICKS = 12_800
"""Ticks of the clip's time base in a second."""
_JITTER = 0.6
"""Latest that a frame comes, in frames."""


def uneven_clip(folder: Path, seconds: int, width: int) -> Path:
    """Return a small clip with sound and a varying frame rate, made once and kept.

    Args:
        folder: where clips are kept.
        seconds: its length.
        width: in pixels.

    Raises:
        MissingAssetsError: the examples are not beside the benchmarks, or could not draw it.
    """
    path = folder / f"uneven_{width}_{seconds}s.mp4"
    if path.is_file():
        return path
    unit = min(10, seconds)
    whole = repeated_clip(talking_clip(folder, unit), -(-seconds // unit))
    part, chance = path.with_stem(f"{path.stem}.part"), random.Random(0)
    with av.open(str(whole)) as source, av.open(str(part), "w") as made:
        pictures, sound = source.streams.video[0], source.streams.audio[0]
        rate = float(pictures.average_rate or 25)
        video, copied = _add_small(made, pictures, width), made.add_stream_from_template(sound)
        for packet in source.demux(pictures, sound):
            if packet.stream is sound and packet.dts is not None:
                packet.stream = copied
                made.mux(packet)
            elif packet.stream is pictures:
                for frame in packet.decode():
                    small = frame.reformat(video.width, video.height)
                    small.pts = int((float(frame.time or 0) * rate + chance.uniform(0, _JITTER)) / rate * _TICKS)
                    small.time_base = Fraction(1, _TICKS)
                    made.mux(video.encode(small))
        made.mux(video.encode(None))
    return part.rename(path)


def _add_small(made: OutputContainer, like: VideoStream, width: int) -> VideoStream:
    stream = made.add_stream("libx264", rate=like.average_rate, options={"crf": "18", "preset": "veryfast"})
    stream.width, stream.height = width, 2 * round(width * like.height / like.width / 2)
    stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, _TICKS)
    return stream


def digests(path: Path) -> dict[str, str]:
    """Return digests of a video: its decoded `frames`, their `times`, the packets of `sound`, and the `file`."""
    frames, times, sound = hashlib.md5(), hashlib.md5(), hashlib.md5()
    with av.open(str(path)) as container:
        pictures = container.streams.video[0]
        for packet in container.demux():
            if packet.stream is pictures:
                for frame in packet.decode():
                    frames.update(np.ascontiguousarray(frame.to_ndarray()))
                    times.update(f"{frame.time}\n".encode())
            elif packet.dts is not None:
                sound.update(
                    f"{packet.pts} {packet.dts} {packet.duration} {packet.time_base}\n".encode() + bytes(packet)
                )
    return {
        "frames": frames.hexdigest(),
        "times": times.hexdigest(),
        "sound": sound.hexdigest(),
        "file": file_digest(path),
    }


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
