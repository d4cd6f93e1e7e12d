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
_TARGET = ROOT / "examples" / "portraits" / "grace_hopper.jpg"
_MAKER = ROOT / "examples" / "make_clip.py"
_BLOCK = 1024


SIZES = {720: (1280, 720), 1080: (1920, 1080)}
"""Width and height by the number of lines."""


def talking_clip(folder: Path, seconds: float, lines: int = 720) -> Path:
    """Return a clip of an animated portrait, drawn once and kept.

    Args:
        folder: where clips are kept.
        seconds: its length.
        lines: its height, one of `SIZES`.

    Raises:
        MissingAssetsError: the examples are not beside the benchmarks, or could not draw it.
    """
    path = folder / f"talking_{seconds:g}s{'' if lines == 720 else f'_{lines}'}.mp4"
    if path.is_file():
        return path
    if not _MAKER.is_file():
        raise MissingAssetsError(f"{_MAKER} is not there; run from a checkout of the project")
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_stem(f"{path.stem}.part")
    command = [sys.executable, str(_MAKER), str(_TARGET), "-o", str(part), "--seconds", f"{seconds:g}"]
    command += ["--size", "{}x{}".format(*SIZES[lines])]
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
        _write_pictures(output, video, clip, times)
    return part.rename(path)


def _add_sound(output: OutputContainer, like: AudioStream) -> AudioStream:
    return output.add_stream("aac", rate=like.codec_context.sample_rate, layout=like.codec_context.layout.name)


def _write_pictures(output: OutputContainer, stream: VideoStream, clip: Path, times: int) -> None:
    for number in range(times):
        with av.open(str(clip)) as again:
            video = again.streams.video[0]
            length = round(video.frames / (video.average_rate or 25) / (video.time_base or 1))
            for packet in again.demux(video):
                if packet.dts is None or packet.pts is None:
                    continue
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
