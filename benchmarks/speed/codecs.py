"""How many frames a second can be decoded and encoded where nothing else is done: the limits that no card lifts."""

from __future__ import annotations

import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.common import Figures
from facefusion.media.encoding.choose import choose_encoding
from facefusion.media.encoding.segment import open_segment
from facefusion.media.encoding.wish import VideoWish
from facefusion.media.frame import Frame
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions, OutputOptions

_MOST = 60
"""Frames that are held in memory to be encoded."""


def codec_rates(clip: Path, preset: str) -> Figures:
    """Return frames/s of the reader alone and of the writer alone.

    Args:
        clip: a video.
        preset: of x264.
    """
    with open_reader(clip, limits=LimitOptions()) as reader:
        start, count = time.perf_counter(), 0
        for _ in reader:
            count += 1
        decode = count / (time.perf_counter() - start)
    with open_reader(clip, limits=LimitOptions()) as reader, tempfile.TemporaryDirectory() as folder:
        frames = [_edited(frame) for frame in islice(reader, _MOST)]
        path = Path(folder) / "limit.mp4"
        encoding = choose_encoding(path, reader.info, VideoWish.of(OutputOptions(output_video_preset=preset)))
        start = time.perf_counter()
        writer = open_segment(path, encoding)
        for frame in frames:
            writer.write(frame)
        writer.close()
        encode = len(frames) / (time.perf_counter() - start)
    return {"decode": decode, "encode": encode}


def _edited(frame: Frame) -> Frame:
    """Return a frame with the middle third changed, about as much as a face is."""
    image = frame.image.copy()
    height, width = image.shape[0] // 3, image.shape[1] // 3
    middle = image[height : 2 * height, width : 2 * width]
    middle[:] = np.where(middle < 250, middle + 5, middle)
    return frame.with_image(image)
