"""Pitch: sound made higher or lower without becoming shorter or longer.

The sound is read faster or slower and then stretched back in time by overlapping pieces of its waveform (libav's
`atempo`, after Verhelst and Roelands, "An overlap-add technique based on waveform similarity", 1993). Formants move
with the pitch, so that a voice also sounds like that of a smaller or larger person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph

from facefusion.media.faults import writing
from facefusion.media.sound.reader import Samples


def shifted(pieces: Iterable[Samples], rate: int, semitones: float) -> Iterator[Samples]:
    """Yield sound higher or lower, as long as it was to within a fiftieth of a second.

    Args:
        pieces: of one sound, float32 (samples, 2), in order.
        rate: samples a second.
        semitones: by how much, -12 to 12; less than 0 is lower.
    """
    graph, given, time = _graph(rate, 2 ** (semitones / 12)), 0, Fraction(1, rate)
    for piece in pieces:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(piece).reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, given, time
        given += len(piece)
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def write_flac(path: Path, pieces: Iterable[Samples], rate: int) -> None:
    """Write sound into a FLAC file.

    Args:
        path: the file.
        pieces: float32 (samples, 2), in order.
        rate: samples a second.

    Raises:
        OutputError: the disk is full, or refuses.
    """
    with writing(path), av.open(str(path), "w", format="flac") as output:
        stream = output.add_stream("flac", rate=rate, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.codec_context.format = "s16"
        given = 0
        for piece in pieces:
            values = np.clip(np.rint(piece * 32767), -32768, 32767).astype(np.int16)
            frame = AudioFrame.from_ndarray(values.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, given, Fraction(1, rate)
            given += len(piece)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _graph(rate: int, factor: float) -> Graph:
    graph = Graph()
    steps = [
        graph.add_abuffer(sample_rate=rate, format="flt", layout="stereo", time_base=Fraction(1, rate)),
        graph.add("asetrate", str(round(rate * factor))),
        graph.add("aresample", str(rate)),
        graph.add("atempo", f"{rate / round(rate * factor):.9f}"),
        graph.add("aformat", "sample_fmts=flt:channel_layouts=stereo"),
        graph.add("abuffersink"),
    ]
    for before, after in pairwise(steps):
        before.link_to(after)
    graph.configure()
    return graph


def _pulled(graph: Graph) -> Iterator[Samples]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame.to_ndarray().reshape(-1, 2).astype(np.float32, copy=False)
