"""The first half of a frame's way: what is done before the processors, and what that remembers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from facefusion.engine.between.sampler import Between, FrameSampler, Group
from facefusion.engine.doors.watching import Watch
from facefusion.engine.plan import Plan
from facefusion.engine.post.fill import RegionFill
from facefusion.engine.problem import shown_beside
from facefusion.engine.segments.cut import Cut, cut
from facefusion.engine.work import Work
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame, Image
from facefusion.processors.base import FaceFrame
from facefusion.state import State


@dataclass(frozen=True, slots=True)
class AnalysedEnd:
    """Tells the stages behind that the frames before it complete a segment.

    Attributes:
        cut: which segment, and what comes next.
        state: what the analysis remembers after the segment's last frame.
    """

    cut: Cut
    state: State


class VideoAnalysis:
    """Prepares the frames of one video and finds the faces in them that are to be worked on.

    It knows nothing of the editing, so that it may be ahead of it, in another thread.

    Args:
        plan: the job.
        work: its stages.
        watch: looks at the frames as they come.

    Attributes:
        between: by the index of a frame that was given, those before it that get their edit from it and from the one
            that was given before it. Who edits takes them out.
    """

    def __init__(self, plan: Plan, work: Work, watch: Watch) -> None:
        self._plan = plan
        self._work = work
        self._sampler = FrameSampler(plan.sampling, self._analyse)
        self.between: dict[int, tuple[Between, ...]] = {}
        every = plan.options.faces.detect_every
        self._tracker = None if work.finding is None else FaceTracker(work.finding.analyser, every)
        self._fill = RegionFill.of(plan.options.output)
        self._frames = 0
        self._last: int | None = None
        self._has_faces = False
        self._first: Image | None = None
        self._watch = watch

    def stream(self, frames: Iterable[Frame], segment_length: int) -> Iterator[FaceFrame | AnalysedEnd]:
        """Yield the frames that are worked on in full with their faces, and behind the last of each segment its end.

        Args:
            frames: in order.
            segment_length: frames in a segment.
        """
        yield from self.through(cut(frames, segment_length=segment_length))

    def through(self, items: Iterable[Frame | Cut]) -> Iterator[FaceFrame | AnalysedEnd]:
        """Yield what `stream` does.

        Args:
            items: frames in order, and where segments end.
        """
        for item in items:
            if isinstance(item, Cut):
                yield from map(self._given, self._ended())
                yield AnalysedEnd(item, self.state())
            else:
                yield from map(self._given, self._taken(item))
            del item  # it is not held while the next one is waited for

    def _taken(self, frame: Frame) -> list[Group]:
        """Take in the next frame as the processors will get it."""
        prepared = self._fill.fill(self._work.prepare(frame))
        with self._work.clock.measure("analyse"):
            self._watch.see(prepared.image, float(prepared.time))
            return self._sampler.take(prepared)

    def _ended(self) -> list[Group]:
        with self._work.clock.measure("analyse"):
            groups = self._sampler.end()
        self._last = None  # what follows comes right behind this
        return groups

    def _given(self, group: Group) -> FaceFrame:
        self._frames += len(group.between)
        if group.between:
            self.between[group.key.frame.index] = group.between
        return group.key

    def _analyse(self, frame: Frame) -> FaceFrame:
        """Return the next frame that is worked on in full, with its faces."""
        found = self._find(frame)
        self._keep(found)
        self._frames += 1
        return found

    def check_faces(self) -> None:
        """Make sure, after the last frame, that there was anything to do, and tell of what was not done.

        Raises:
            FaceError: no face of any frame was selected.
        """
        plan, finding = self._plan, self._work.finding
        if finding is None or not self._frames:
            return
        if self._has_faces:
            self._work.notes.tell(*finding.selector.notes(plan.target.path, self._frames))
            return
        seen = finding.selector.seen or (None if self._first is None else (self._first, (), 0.0))
        if seen is not None:
            image, faces, seconds = seen
            path, overwrite = plan.target.path, plan.options.output.overwrite
            with shown_beside(plan.output, image, faces, of=path, seconds=seconds, overwrite=overwrite):
                raise finding.selector.problem(path)

    def begin_anew(self) -> None:
        """Forget what the frames so far have to do with `check_faces`; who is followed and chosen is kept."""
        self._frames, self._has_faces, self._first = 0, False, None
        if self._work.finding is not None:
            self._work.finding.selector.begin_anew()

    def state(self) -> State:
        """Return everything that is remembered from frame to frame, as copies."""
        return {
            "frames": self._frames,
            "has_faces": self._has_faces,
            "first": self._first,
            "fill": self._fill.state(),
            "watch": self._watch.state(),
            "sampler": self._sampler.state(),
            "tracker": {} if self._tracker is None else self._tracker.state(),
            "selector": {} if self._work.finding is None else self._work.finding.selector.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from where another run was."""
        self._frames, self._has_faces, self._first = state["frames"], state["has_faces"], state["first"]
        self._fill.restore(state["fill"])
        self._watch.restore(state["watch"])
        self._sampler.restore(state["sampler"])
        if self._tracker is not None and self._work.finding is not None:
            self._tracker.restore(state["tracker"])
            self._work.finding.selector.restore(state["selector"])

    def _find(self, frame: Frame) -> FaceFrame:
        if self._tracker is None or self._work.finding is None:
            return FaceFrame(frame, ())
        time = float(frame.time)
        passed = 1 if self._last is None else frame.index - self._last
        self._last = frame.index
        found = self._tracker.update(frame.image, time, frames=passed)
        begins = self._tracker.begins_scene
        selected = self._work.finding.selector.select(frame.image, found, time=time, begins_scene=begins)
        self._watch.meet(frame.image, selected, time)
        return FaceFrame(frame, selected)

    def _keep(self, found: FaceFrame) -> None:
        """Keep the first frame for the problem picture, until there is a better one or no problem."""
        finding = self._work.finding
        self._has_faces = self._has_faces or bool(found.faces)
        if finding is None or self._has_faces or finding.selector.seen is not None:
            self._first = None
        elif self._frames == 0:
            self._first = found.frame.image


def batches(
    items: Iterable[FaceFrame | AnalysedEnd], size: int
) -> Iterator[tuple[tuple[FaceFrame, ...], AnalysedEnd | None]]:
    """Yield the frames in batches, none across the end of a segment, each with the end behind it, if it is known yet.

    The first batch of a segment is one frame, which is shown or written the sooner where networks take long; the last
    is empty where that before it took all of its frames. Which frames make a batch depends on the segment alone, so
    that networks see the same batches in a job that goes on.

    Args:
        items: what an analysis gives.
        size: most frames in a batch.
    """
    batch: list[FaceFrame] = []
    wanted = 1
    for item in items:
        if isinstance(item, AnalysedEnd):
            yield _emptied(batch), item
            wanted = 1
        else:
            batch.append(item)
            if len(batch) >= wanted:
                yield _emptied(batch), None
                wanted = size
        del item  # it is not held while the next one is waited for


def _emptied(batch: list[FaceFrame]) -> tuple[FaceFrame, ...]:
    taken = tuple(batch)
    batch.clear()
    return taken
