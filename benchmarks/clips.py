"""The clips that speed and memory are measured on: one face, 275 pixels wide in 1280×720, 25 frames/s, with sound."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from benchmarks.common import ROOT, MissingAssetsError

SOURCE = ROOT / "examples" / "portraits" / "astronaut.png"
TARGET = ROOT / "examples" / "portraits" / "grace_hopper.jpg"
_MAKER = ROOT / "examples" / "make_clip.py"
_COPIED = ("width", "height", "pix_fmt", "colorspace", "color_range", "color_primaries", "color_trc")
_BLOCK = 1024


def talking_clip(folder: Path, seconds: float) -> Path:
    """Return a clip of an animated portrait, drawn once and kept.

    Args:
        folder: where clips are kept.
        seconds: its length.

    Raises:
        MissingAssetsError: the examples are not beside the benchmarks, or could not draw it.
    """
    path = folder / f"talking_{seconds:g}s.mp4"
    if path.is_file():
        return path
    if not _MAKER.is_file():
        raise MissingAssetsError(f"{_MAKER} is not there; run from a checkout of the project")
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_stem(f"{path.stem}.part")
    command = [sys.executable, str(_MAKER), str(TARGET), "-o", str(part), "--seconds", f"{seconds:g}"]
    if subprocess.run(command, check=False).returncode:
        raise MissingAssetsError(f"{_MAKER} could not draw {path}")
    return part.rename(path)


def repeated_clip(clip: Path, times: int) -> Path:
    """Return the clip shown several times over, made once and kept beside it; only its sound is encoded anew."""
    path = clip.with_stem(f"{clip.stem}_x{times}")
    if path.is_file():
        return path
    part = path.with_stem(f"{path.stem}.part")
    with av.open(str(part), "w") as output:
        with av.open(str(clip)) as first:
            video = output.add_stream_from_template(first.streams.video[0])
            sound = _add_sound(output, first.streams.audio[0])
        # The sound, small beside the pictures, goes in before them; the muxer orders packets by their times.
        _write_sound(output, sound, clip, times)
        _copy_pictures(output, video, clip, times)
    return part.rename(path)


def scaled_clip(clip: Path, width: int, height: int) -> Path:
    """Return the clip in another size, with its sound, encoded anew, made once and kept beside it."""
    path = clip.with_stem(f"{clip.stem}_{width}x{height}")
    if path.is_file():
        return path
    part = path.with_stem(f"{path.stem}.part")
    with av.open(str(part), "w") as output:
        with av.open(str(clip)) as first:
            video, sound = _add_video(output, first.streams.video[0]), _add_sound(output, first.streams.audio[0])
        video.width, video.height = width, height
        _write_sound(output, sound, clip, 1)
        _write_pictures(output, video, clip, 1)
    return part.rename(path)


def _add_video(output: OutputContainer, like: VideoStream) -> VideoStream:
    stream = output.add_stream("libx264", rate=like.average_rate, options={"crf": "18", "preset": "veryfast"})
    for name in _COPIED:
        setattr(stream.codec_context, name, getattr(like.codec_context, name))
    stream.codec_context.time_base = 1 / (like.average_rate or Fraction(25))
    return stream


def _add_sound(output: OutputContainer, like: AudioStream) -> AudioStream:
    return output.add_stream("aac", rate=like.codec_context.sample_rate, layout=like.codec_context.layout.name)


def _write_pictures(output: OutputContainer, stream: VideoStream, clip: Path, times: int) -> None:
    number = 0
    for _ in range(times):
        with av.open(str(clip)) as again:
            for decoded in again.decode(video=0):
                frame = decoded.reformat(stream.width, stream.height)
                frame.pts, frame.time_base = number, stream.codec_context.time_base
                number += 1
                output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _copy_pictures(output: OutputContainer, stream: VideoStream, clip: Path, times: int) -> None:
    for number in range(times):
        with av.open(str(clip)) as again:
            video = again.streams.video[0]
            length = round(video.frames / (video.average_rate or 25) / (video.time_base or 1))
            for packet in again.demux(video):
                if packet.dts is None or packet.pts is None:
                    continue  # the last one, which is empty
                packet.pts, packet.dts = packet.pts + number * length, packet.dts + number * length
                packet.stream = stream
                output.mux(packet)


def _write_sound(output: OutputContainer, stream: AudioStream, clip: Path, times: int) -> None:
    with av.open(str(clip)) as once:
        samples = _samples(once)
    context = stream.codec_context
    length = samples.shape[1] * times
    for start in range(0, length, _BLOCK):
        places = np.arange(start, min(start + _BLOCK, length))
        block = np.ascontiguousarray(np.take(samples, places, axis=1, mode="wrap"))
        frame = AudioFrame.from_ndarray(block, format="fltp", layout=context.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = context.sample_rate, start, Fraction(1, context.sample_rate)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _samples(clip: InputContainer) -> np.ndarray:
    """Return the sound of exactly as long as the pictures last, float32 (channels, samples)."""
    video, sound = clip.streams.video[0], clip.streams.audio[0]
    length = round((video.frames / (video.average_rate or 25)) * sound.codec_context.sample_rate)
    heard = np.concatenate([frame.to_ndarray() for frame in clip.decode(audio=0)], axis=1)
    padded = np.pad(heard, ((0, 0), (0, max(0, length - heard.shape[1]))))
    return np.asarray(padded[:, :length], np.float32)
