"""Editing a video: decoding, editing and encoding side by side, in bounded memory."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from facefusion.engine.channel import consumed, produced
from facefusion.engine.plan import Plan, frames_in_flight
from facefusion.engine.problem import shown_beside
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.work import Work
from facefusion.errors import CancelledError
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.output import atomic_output
from facefusion.media.reader import VideoReader
from facefusion.media.writer import VideoWriter
from facefusion.processors.base import FaceFrame

MAX_BATCH = 4


class _VideoEdit:
    """One video on its way through the processors."""

    def __init__(self, work: Work, info: VideoInfo, progress: ProgressListener | None) -> None:
        self._work = work
        self._tracker = FaceTracker(work.analyser)
        self._total = info.frames
        self._progress = progress
        self._start = time.perf_counter()
        self._first: Frame | None = None
        self.frames = 0
        self.faces = 0

    def edit(self, frames: Sequence[Frame]) -> list[Frame]:
        """Edit the next frames and report."""
        prepared = [self._work.prepare(frame) for frame in frames]
        if self.frames == 0:
            self._first = prepared[0]
        with self._work.clock.measure("analyse"):
            batch = [self._analyse(frame) for frame in prepared]
        with self._work.clock.measure("process"):
            edited = self._work.edit(batch)
        self.frames += len(batch)
        self.faces += sum(len(item.faces) for item in batch)
        if self.faces:
            self._first = None
        if self._progress is not None:
            self._progress(Progress("editing", self.frames, self._total, time.perf_counter() - self._start))
        return edited

    def check_faces(self, plan: Plan) -> None:
        """Make sure that there was anything to do.

        Raises:
            FaceError: no face of any frame was selected.
        """
        if self.faces or not self._work.processors or self._first is None:
            return
        image, faces = self._work.selector.seen or (self._first.image, ())
        with shown_beside(plan.output, image, faces, overwrite=plan.options.output.overwrite):
            raise self._work.selector.problem(plan.target.path)

    def _analyse(self, frame: Frame) -> FaceFrame:
        if not self._work.processors:
            return FaceFrame(frame, ())
        found = self._tracker.update(frame.image, float(frame.time))
        return FaceFrame(frame, self._work.selector.select(frame.image, found))


def edit_video(
    plan: Plan, work: Work, *, progress: ProgressListener | None, cancel: threading.Event
) -> tuple[int, int]:
    """Edit a video; return the number of frames and of faces edited.

    Raises:
        FaceFusionError: see `facefusion.engine.run.run`.
    """
    options = plan.options
    with VideoReader(plan.target.path, options.limits) as reader, atomic_output(plan.output) as part:
        size, waiting = _shares(frames_in_flight(options, reader.info))
        edit = _VideoEdit(work, reader.info, progress)
        with VideoWriter(part, like=reader.info, options=options.output) as writer:
            with (
                produced(work.clock.each("decode", reader), waiting) as frames,
                consumed(_timed(work, writer.write), waiting) as write,
            ):
                for batch in _batches(frames, size):
                    if cancel.is_set():
                        raise CancelledError("The job was stopped", "Nothing was written")
                    for frame in edit.edit(batch):
                        write(frame)
            with work.clock.measure("encode"):
                edit.check_faces(plan)
                writer.close()
    return edit.frames, edit.faces


def _shares(in_flight: int) -> tuple[int, int]:
    """Return the size of a batch and how many frames may wait before and behind it, so that all fit in memory.

    A batch is there twice, before and after its edit; decoder and encoder hold one frame each, and two are kept for the
    problem picture until a face is edited.
    """
    size = min(MAX_BATCH, max(1, in_flight // 6))
    return size, max(1, (in_flight - 2 * size - 4) // 2)


def _batches(frames: Iterator[Frame], size: int) -> Iterator[list[Frame]]:
    while batch := list(itertools.islice(frames, size)):
        yield batch


def _timed(work: Work, write: Callable[[Frame], None]) -> Callable[[Frame], None]:
    def call(frame: Frame) -> None:
        with work.clock.measure("encode"):
            write(frame)

    return call
