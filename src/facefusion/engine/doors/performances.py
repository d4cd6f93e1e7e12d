"""Performances: clips and pictures whose expression others take, looked at before a job begins."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Final

from facefusion.engine.doors.watching import FrameWatch
from facefusion.engine.sampling import READ_SECONDS, sampled
from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.probe import probe
from facefusion.options import Options

_DRIVEN: Final = "expression_restorer"
_MOST: Final = 3600
"""Frames of a performance that are looked at, at the most."""


def performances(options: Options) -> list[Path]:
    """Return the files that show a face whose expression a job puts on others, each once."""
    links = [options.for_link(link) for link in options.chain if link.processor == _DRIVEN]
    given = [options, *links] if _DRIVEN in options.processors else links
    paths = (each.expression_restorer.expression_restorer_driving for each in given)
    return list(dict.fromkeys(path for path in paths if path is not None))


def look_at_performance(
    path: Path,
    options: Options,
    watch: FrameWatch,
    *,
    every: float,
    target: PictureInfo | VideoInfo,
    analyser: FaceAnalyser | None,
) -> None:
    """Look at as much of a performance as plays beside a target.

    Args:
        path: of the performance.
        options: of the job.
        watch: looks at its frames, and at the faces in those.
        every: seconds between two frames that are looked at.
        target: beside which it plays.
        analyser: finds faces; None where nobody asks whose they are.

    Raises:
        InputError: it cannot be read.
        TrustError: it shows what is refused, or who is on a list.
    """
    for seconds, image in _shown(path, options, every, target):
        if watch.see(image, seconds) and analyser is not None:
            watch.meet(image, analyser.find(image), seconds)


def _shown(
    path: Path, options: Options, every: float, target: PictureInfo | VideoInfo
) -> Iterator[tuple[float | None, Image]]:
    """Yield frames that are shown beside a target, with their times in seconds from the first."""
    info = probe(path, options.limits)
    if isinstance(info, PictureInfo):
        samples, start = 1, 0.0
    else:
        samples, start = min(ceil(_length(info) / every) + 1, _MOST), float(info.start)
    last = target.duration if isinstance(target, VideoInfo) else 0
    for time, image in sampled(info, options.limits, samples):
        seconds = None if time is None else max(float(time) - start, 0.0)
        if last is not None and (seconds or 0.0) > last:
            return
        yield seconds, image


def _length(info: VideoInfo) -> float:
    """Return over how many seconds of a clip the frames lie that are looked at."""
    is_known = info.duration is not None and (info.frames is not None or info.duration > READ_SECONDS)
    return float(info.duration) if is_known and info.duration is not None else READ_SECONDS
