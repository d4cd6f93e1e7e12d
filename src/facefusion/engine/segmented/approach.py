"""The way to a segment: from which frame on its target is read, and what of that leads in to it, or is only looked at.

Who somebody is may be told by their face when it looks this way, and holds while they look away, for as long as it
takes. So where the lead shows somebody who is turned away all the time, frames before it are looked at as well, from
the first one of the segment before on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from facefusion.engine.analysing import AnalysedEnd, VideoAnalysis
from facefusion.engine.segmented.ranges import SegmentRange
from facefusion.engine.segmented.step import Step
from facefusion.engine.segmented.value import SegmentedPlan
from facefusion.engine.segments.cut import Cut, describe
from facefusion.errors import CancelledError, OnlyWholeError
from facefusion.media.frame import Frame
from facefusion.media.open import Start
from facefusion.processors.base import FaceFrame


@dataclass(frozen=True, slots=True)
class Approach:
    """The way to a segment.

    Attributes:
        job: what the segment is a part of.
        plan: of the job.
        part: the segment.
        back: the first frame that is looked at before the lead; None where the lead comes first.
    """

    job: Step
    plan: SegmentedPlan
    part: SegmentRange
    back: Start | None = None

    @classmethod
    def to(cls, job: Step, plan: SegmentedPlan, part: SegmentRange) -> Approach:
        """Find the way; the same wherever it is asked for. What the job remembers stays as it was.

        Args:
            job: what the segment is a part of.
            plan: of the job.
            part: the segment.

        Raises:
            CancelledError: the job was stopped.
            OnlyWholeError: the target's frames are not where the plan has them.
        """
        short, finding = cls(job, plan, part), job.work.finding
        if finding is None or not part.number or not part.lead:
            return short
        knew = finding.selector.state()
        short.recall()
        is_unsure = finding.selector.has_people and short._is_unsure()
        finding.selector.restore(knew)
        before = plan.segments[part.number - 1]
        if not is_unsure or before.first >= part.first - part.lead:
            return short
        return replace(short, back=Start(before.first, before.pts))

    @property
    def tail(self) -> int:
        """How many frames behind the segment processors have to see, as far as there are so many."""
        return min(self.job.work.delay, self.plan.frames - self.part.end)

    @property
    def start(self) -> Start | None:
        """Where reading begins; None for the first frame of the target."""
        return self._begins if self._begins.index else None

    def recall(self) -> None:
        """Let those who are named be those of the whole video."""
        finding, meant = self.job.work.finding, self.plan.meant
        if finding is not None and meant is not None and self.part.number:
            finding.selector.recall(meant.vector, meant.distance)

    def cut(self, frames: Iterable[Frame]) -> Iterator[Frame | Cut]:
        """Yield frames and where what is looked at, the lead, the segment and its tail end.

        The lead and the segment always do. The tail are the frames behind the segment that processors have to see
        before they give its last one; where they keep none back, or no frames follow, there is none.

        Args:
            frames: from `start` on.

        Raises:
            OnlyWholeError: they are not where the plan has them.
        """
        part, index = self.part, self._begins.index
        pts = {index: self._begins.pts, self._lead.index: self._lead.pts, part.first: part.pts}
        ends, last = {part.first} if self.back is None else {self._lead.index, part.first}, part.end + self.tail
        for frame in frames:
            if frame.index != index or frame.pts != pts.get(index, frame.pts):
                raise self._elsewhere(f"frame {frame.index} is shown at {float(frame.time):.3f} s")
            if index == self.plan.frames:
                raise self._elsewhere(f"there are more than {self.plan.frames} frames")
            if index in ends:
                yield Cut(part.number - 1, describe(frame))
            elif index in (part.end, last):
                yield Cut(part.number, describe(frame))
            if index == last:
                return
            index += 1
            yield frame
            del frame  # it is not held while the next one is waited for
        if index != self.plan.frames:
            raise self._elsewhere(f"there are only {index} frames")
        yield Cut(part.number, None)

    def lead(self, analysis: VideoAnalysis, items: Iterator[Frame | Cut]) -> Iterator[FaceFrame | AnalysedEnd]:
        """Analyse what comes before the segment, and yield its lead.

        Args:
            analysis: a new one.
            items: what `cut` yields.
        """
        if self.back is not None:
            for _ in analysis.through(_until_cut(items)):
                self.check_stopped()
            analysis.between.clear()
        yield from analysis.through(_until_cut(items))

    def lead_seen(self, analysis: VideoAnalysis, items: Iterator[Frame | Cut]) -> Iterator[FaceFrame | AnalysedEnd]:
        """Yield the lead, then as many frames as processors have to see before they give its last; see `lead`."""
        yield from self.lead(analysis, items)
        if delay := self.job.work.delay:
            frames = (item for item in items if not isinstance(item, Cut))
            yield from analysis.through(chain(islice(frames, delay), [Cut(self.part.number, None)]))

    def analysed(self, analysis: VideoAnalysis, items: Iterator[Frame | Cut]) -> Iterator[FaceFrame | AnalysedEnd]:
        """Yield the lead, then the segment, of which alone counts what was found, then its tail; see `lead`."""
        yield from self.lead(analysis, items)
        analysis.begin_anew()
        yield from analysis.through(items)

    def check_stopped(self) -> None:
        """Make sure that the job goes on.

        Raises:
            CancelledError: it was stopped.
        """
        if self.job.cancel.is_set():
            raise CancelledError("The segment was stopped", "Nothing of it counts")

    @property
    def _lead(self) -> Start:
        return Start(self.part.first - self.part.lead, self.part.start)

    @property
    def _begins(self) -> Start:
        return self._lead if self.back is None else self.back

    def _is_unsure(self) -> bool:
        """Look at the lead, and return whether it leaves open who somebody is."""
        job, finding = self.job, self.job.work.finding
        assert finding is not None
        analysis = VideoAnalysis(replace(job.plan, sampling=1), job.work, job.door.watch("target"))
        with job.open(self.start) as reader:
            for _ in self.lead(analysis, self.cut(reader)):
                self.check_stopped()
        return finding.selector.is_unsure

    def _elsewhere(self, what: str) -> OnlyWholeError:
        return OnlyWholeError(
            f"The frames of {self.job.clip.path} are not where the plan has them: {what}", "Do this job whole"
        )


def _until_cut(items: Iterator[Frame | Cut]) -> Iterator[Frame | Cut]:
    for item in items:
        yield item
        if isinstance(item, Cut):
            return
        del item
