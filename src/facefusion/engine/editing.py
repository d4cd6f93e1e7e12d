"""The second half of a frame's way: the processors and what follows them, and what these remember."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

from facefusion.engine.between.filler import Filler
from facefusion.engine.between.sampler import Between
from facefusion.engine.doors.door import Door
from facefusion.engine.doors.leaving import Way
from facefusion.engine.glimpses import GlimpseListener, Glimpses
from facefusion.engine.overlap import Overlap
from facefusion.engine.plan import Plan
from facefusion.engine.post.post import PostWork
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.shares import Shares
from facefusion.engine.work import Work
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.processors.base import FaceFrame
from facefusion.state import State


class VideoEdit:
    """One video on its way through the processors.

    Args:
        plan: the job.
        work: its stages.
        door: the only way out.
        total: frames that there will be, as far as is known.
        progress: called after each batch.
        between: frames that get their edit from others; see `VideoAnalysis.between`.
        begin: when the first frame of the output is shown, in seconds; with the first frame that comes when None.
        part: index of the first frame, and frames of the whole video, where this is a part of it.
        over: makes of each edited frame what is written; the same when None.
        glimpse: gets small pictures of frames as they leave; nobody does when None.

    Attributes:
        frames: edited so far.
        faces: edited so far, counted in every frame.
    """

    def __init__(
        self,
        plan: Plan,
        work: Work,
        door: Door,
        *,
        total: int | None,
        progress: ProgressListener | None,
        between: dict[int, tuple[Between, ...]],
        begin: Fraction | None = None,
        part: tuple[int, int] | None = None,
        over: Callable[[Frame], Frame] | None = None,
        glimpse: GlimpseListener | None = None,
    ) -> None:
        self._plan = plan
        self._work = work
        self._door = door
        aspect = plan.target.pixel_aspect if isinstance(plan.target, VideoInfo) else Fraction(1)
        self._post = PostWork.of(plan.options.output, aspect)
        self._filler = None if plan.sampling == 1 else Filler(between)
        self._total = total
        self._progress = progress
        self._start = time.perf_counter()
        self._done_before = 0
        self._begin, self._over = begin, over
        if part is not None:
            self._post.begin_at(*part)
        self._watch = door.watch("output")
        self._first, whole = (0, total) if part is None else part
        self._glimpses = None
        if glimpse is not None:
            notes = work.notes
            self._glimpses = Glimpses(door, notes, glimpse, frames=whole, first=self._first, pixel_aspect=aspect)
        self.frames = 0
        self.faces = 0

    def overlap(self, shares: Shares) -> Overlap:
        """Return what takes batches through the processors."""
        return Overlap(self._work, shares.at_once, shares.batch)

    def finish(self, batch: Sequence[FaceFrame]) -> list[Frame]:
        """Return the next frames that have been through the processors as they are written, and report."""
        with self._work.clock.measure("process"):
            edited = self._filled(batch)
            self.faces += sum(map(self._faces_in, edited))
            if self._over is not None:
                edited = [item.with_frame(self._over(item.frame)) for item in edited]
            leaving = [item.with_frame(self._checked(item, place)) for place, item in enumerate(edited, self.frames)]
        for item in edited:  # pictures beside the video bear a label of their own, whichever frame they show
            self._post.see(item.frame, item.faces)
        self.frames += len(leaving)
        self._report()
        return [item.frame for item in leaving]

    def lead(self, batch: Sequence[FaceFrame]) -> list[Frame]:
        """Return frames that have been through the processors and are not written: they lead in to those that are."""
        with self._work.clock.measure("process"):
            return [item.frame for item in self._filled(batch)]

    def end(self) -> None:
        """Report that there are no more frames, where other than these were expected."""
        if self._total != self.frames:
            self._total = self.frames
            self._report()

    def write_pictures(self, way: Way) -> None:
        """Write the thumbnail and the contact sheet.

        Raises:
            OutputError: one cannot be written.
        """
        self._post.write(self._plan.options.output, way)

    def kept(self) -> State:
        """Return what is kept for the pictures beside the video; see `facefusion.state`."""
        return self._post.state()

    def state(self) -> State:
        """Return everything that is remembered from frame to frame."""
        return {
            "frames": self.frames,
            "faces": self.faces,
            "processors": [processor.state() for processor in self._work.processors],
            "post": self._post.state(),
            "begin": None if self._begin is None else [self._begin.numerator, self._begin.denominator],
            "watch": self._watch.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from where another run was."""
        self.frames = self._done_before = state["frames"]
        self.faces = state["faces"]
        for processor, remembered in zip(self._work.processors, state["processors"], strict=True):
            processor.restore(remembered)
        self._post.restore(state["post"])
        self._begin = None if state["begin"] is None else Fraction(*state["begin"])
        self._watch.restore(state["watch"])

    def _filled(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return frames after the user's step, with those that lie between them."""
        finished = self._work.finish(batch)
        return finished if self._filler is None else self._filler.filled(finished)

    def _checked(self, item: FaceFrame, place: int) -> Frame:
        """Return a frame as it may leave: looked at, where it is its turn, and with its label.

        Args:
            item: the frame, and the faces that were edited in it.
            place: of it among those of this task.
        """
        frame = item.frame
        seconds = float(self._since(frame))
        is_seen = self._watch.see(frame.image, seconds)
        if is_seen and self._glimpses is not None:  # nothing is shown before the end that was not looked at itself
            self._glimpses.offer(frame, self._first + place, seconds, item.faces)
        return self._door.labelled(frame, seconds)

    def _faces_in(self, item: FaceFrame) -> int:
        """Return how many faces of a frame are edited."""
        return len(self._work.edited_faces(item, self._since(item.frame)))

    def _since(self, frame: Frame) -> Fraction:
        """Return when a frame is shown, in seconds from the first."""
        self._begin = frame.time if self._begin is None else self._begin
        return frame.time - self._begin

    def _report(self) -> None:
        if self._progress is not None:
            seconds = time.perf_counter() - self._start
            total = None if self._total is None else max(self._total, self.frames)
            self._progress(Progress("editing", self.frames, total, seconds, self._done_before))
