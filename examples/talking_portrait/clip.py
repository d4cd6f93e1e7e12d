"""Writes a scene to a file, frame by frame, with its sound and its truth."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from talking_portrait.portrait import Image
from talking_portrait.scene import Scene
from talking_portrait.truth import GroundTruth, TruthLog
from talking_portrait.voice import SAMPLE_RATE

TICKS = 90_000
_SOUND_FRAME = 1024
_AHEAD = 3


def truth_path(clip: Path) -> Path:
    """Return where the truth about a clip is kept: beside it, ending in `.truth.npz`."""
    return clip.with_suffix(".truth.npz")


def frame_ticks(seconds: float, fps: Fraction, *, variable: bool = False, seed: int = 0) -> list[int]:
    """Return when frames are shown, in ticks of 1/90000 s.

    Args:
        seconds: length of the clip.
        fps: frames per second, on average where `variable`.
        variable: change the distance of frames irregularly, between half and one and a half of the average.
        seed: decides the irregularity.
    """
    count = max(1, round(seconds * fps))
    steps = np.full(count, 1.0)
    if variable:
        steps = np.random.default_rng([seed, 3]).uniform(0.5, 1.5, count)
        steps *= count / steps.sum()
    starts = np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    return [round(start * TICKS / fps) for start in starts]


def write_clip(
    path: Path,
    scene: Scene,
    *,
    seconds: float = 10.0,
    fps: Fraction = Fraction(25),
    variable: bool = False,
    sound: bool = True,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `scene` as H.264 (BT.709, 4:2:0, crf 18) and AAC (mono, 48 kHz); only a few frames are held in memory.

    Args:
        path: file to write, `.mp4`, `.mov` or `.mkv`.
        scene: what to show.
        seconds: length.
        fps: frames per second.
        variable: irregular distances between frames.
        sound: write the voices.
        seed: decides the irregularity.
        progress: called with the number of frames done and of all.

    Returns:
        The file with the truth about every frame, see `TruthLog.save`.
    """
    ticks = frame_ticks(seconds, fps, variable=variable, seed=seed)
    log = TruthLog()
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = _video_stream(container, scene.size, fps)
        # both streams are declared before the first packet fixes the header
        audio = _SoundTrack(container, scene, seconds) if sound else None
        for number, (tick, (image, truth)) in enumerate(zip(ticks, _render_ahead(scene, ticks), strict=True)):
            log.add(truth)
            container.mux(video.encode(_video_frame(image, tick)))
            if audio:
                audio.write_until(tick / TICKS)
            if progress:
                progress(number + 1, len(ticks))
        container.mux(video.encode(None))
        if audio:
            audio.close()
    log.save(truth_path(path))
    return truth_path(path)


def _render_ahead(scene: Scene, ticks: Sequence[int]) -> Iterator[tuple[Image, GroundTruth]]:
    """Draw the frames in their order on two threads, a few ahead of the writer."""
    with ThreadPoolExecutor(2) as pool:
        pending: deque[Future[tuple[Image, GroundTruth]]] = deque()
        try:
            for tick in ticks:
                pending.append(pool.submit(scene.render, tick / TICKS))
                if len(pending) > _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _video_stream(container: Any, size: tuple[int, int], fps: Fraction) -> Any:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": "18", "preset": "veryfast"}
    context = stream.codec_context
    context.time_base = Fraction(1, TICKS)
    stream.time_base = Fraction(1, TICKS)
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _video_frame(image: Image, tick: int) -> av.VideoFrame:
    """Convert with the matrix that the stream is tagged with."""
    rgb = av.VideoFrame.from_ndarray(image, format="rgb24")
    frame = rgb.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
    frame.pts, frame.time_base = tick, Fraction(1, TICKS)
    return frame


class _SoundTrack:
    """The voices of a scene, encoded along with the pictures; the last frame is filled with silence."""

    def __init__(self, container: Any, scene: Scene, seconds: float) -> None:
        self._container, self._scene = container, scene
        self._stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        self._next, self._end = 0, round(seconds * SAMPLE_RATE)

    def write_until(self, time: float) -> None:
        """Write the sound up to a little after `time` seconds."""
        while self._next < self._end and self._next <= time * SAMPLE_RATE:
            samples = self._scene.sound(self._next, _SOUND_FRAME)
            frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self._next, Fraction(1, SAMPLE_RATE)
            self._container.mux(self._stream.encode(frame))
            self._next += _SOUND_FRAME

    def close(self) -> None:
        """Write what is left."""
        self.write_until(self._end / SAMPLE_RATE)
        self._container.mux(self._stream.encode(None))
