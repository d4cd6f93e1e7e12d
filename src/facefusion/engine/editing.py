"""The way of a video's frames through the stages, and what the stages remember."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any

from facefusion.engine.plan import Plan
from facefusion.engine.post.post import PostWork
from facefusion.engine.problem import shown_beside
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.work import Work
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame, Image
from facefusion.media.info import VideoInfo
from facefusion.processors.base import FaceFrame


class VideoEdit:
    """One video on its way through the processors.

    Args:
        plan: the job.
        work: its stages.
        total: frames that there will be, as far as is known.
        progress: called after each batch.

    Attributes:
        frames: edited so far.
        faces: edited so far, counted in every frame.
    """

    def __init__(self, plan: Plan, work: Work, total: int | None, progress: ProgressListener | None) -> None:
        self._plan = plan
        self._work = work
        every = plan.options.faces.detect_every
        self._tracker = None if work.finding is None else FaceTracker(work.finding.analyser, every)
        aspect = plan.target.pixel_aspect if isinstance(plan.target, VideoInfo) else Fraction(1)
        self._post = PostWork.of(plan.options.output, aspect)
        self._total = total
        self._progress = progress
        self._start = time.perf_counter()
        self._done_before = 0
        self._first: Image | None = None
        self.frames = 0
        self.faces = 0

    def edit(self, frames: Sequence[Frame]) -> list[Frame]:
        """Edit the next frames and report."""
        prepared = [self._post.fill(self._work.prepare(frame)) for frame in frames]
        if self.frames == 0:
            self._first = prepared[0].image
        with self._work.clock.measure("analyse"):
            batch = [self._analyse(frame) for frame in prepared]
        with self._work.clock.measure("process"):
            edited = self._work.edit(batch)
        for item in edited:
            self._post.see(item.frame, item.faces)
        self.frames += len(batch)
        self.faces += sum(len(item.faces) for item in batch)
        if self.faces:
            self._first = None
        self._report()
        return [item.frame for item in edited]

    def check_faces(self) -> None:
        """Make sure that there was anything to do, and tell of what was not done.

        Raises:
            FaceError: no face of any frame was selected.
        """
        plan, finding = self._plan, self._work.finding
        if finding is None:
            return
        if self.faces:
            self._work.notes.tell(*finding.selector.notes(plan.target.path, self.frames))
        elif self._first is not None:
            image, faces = finding.selector.seen or (self._first, ())
            with shown_beside(plan.output, image, faces, overwrite=plan.options.output.overwrite):
                raise finding.selector.problem(plan.target.path)

    def end(self) -> None:
        """Report that there are no more frames, where other than these were expected."""
        if self._total != self.frames:
            self._total = self.frames
            self._report()

    def pictures(self) -> AbstractContextManager[None]:
        """Write the thumbnail and the contact sheet; they take their places when the block ends well."""
        return self._post.written(self._plan.options.output)

    def state(self) -> dict[str, Any]:
        """Return everything that is remembered from frame to frame."""
        return {
            "frames": self.frames,
            "faces": self.faces,
            "first": self._first,
            "tracker": {} if self._tracker is None else self._tracker.state(),
            "selector": {} if self._work.finding is None else self._work.finding.selector.state(),
            "processors": [processor.state() for processor in self._work.processors],
            "post": self._post.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from where another run was."""
        self.frames = self._done_before = state["frames"]
        self.faces = state["faces"]
        self._first = state["first"]
        if self._tracker is not None and self._work.finding is not None:
            self._tracker.restore(state["tracker"])
            self._work.finding.selector.restore(state["selector"])
        for processor, remembered in zip(self._work.processors, state["processors"], strict=True):
            processor.restore(remembered)
        self._post.restore(state["post"])

    def _analyse(self, frame: Frame) -> FaceFrame:
        if self._tracker is None or self._work.finding is None:
            return FaceFrame(frame, ())
        found = self._tracker.update(frame.image, float(frame.time))
        begins = self._tracker.begins_scene
        selected = self._work.finding.selector.select(frame.image, found, time=float(frame.time), begins_scene=begins)
        return FaceFrame(frame, selected)

    def _report(self) -> None:
        if self._progress is not None:
            seconds = time.perf_counter() - self._start
            total = None if self._total is None else max(self._total, self.frames)
            self._progress(Progress("editing", self.frames, total, seconds, self._done_before))
