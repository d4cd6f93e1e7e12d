"""Making one segment of a job: with its lead, which is worked on and not written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from facefusion.engine.analysing import AnalysedEnd, VideoAnalysis, batches
from facefusion.engine.channel import Giver, consumed, produced
from facefusion.engine.editing import VideoEdit
from facefusion.engine.glimpses import GlimpseListener
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.progress import ProgressListener
from facefusion.engine.segmented.approach import Approach
from facefusion.engine.segmented.fade import FADE_FRAMES, Fade
from facefusion.engine.segmented.made import SEGMENT_JSON, Said, SegmentFolder, SegmentMade
from facefusion.engine.segmented.ranges import SegmentRange
from facefusion.engine.segmented.step import Step, step
from facefusion.engine.segmented.tally import Tally
from facefusion.engine.segmented.value import SegmentedPlan
from facefusion.engine.segments.marker import NextFrame
from facefusion.engine.segments.sink import JobSink, SegmentEnd
from facefusion.engine.shares import Shares
from facefusion.engine.video import shares_of, timed
from facefusion.engine.warm.parts import WarmParts
from facefusion.media.faults import writing
from facefusion.media.frame import Frame
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, begin_processor
from facefusion.state import pack


def run_segment(
    options: Options,
    plan: SegmentedPlan,
    number: int,
    folder: Path,
    *,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    warm: WarmParts | None = None,
    job_number: str | None = None,
    glimpse: GlimpseListener | None = None,
) -> SegmentMade:
    """Make one segment of a job.

    Segments may be made in any order, at the same time, and more than once: on machines of one kind, with the same
    software, the same bytes come out each time. What the segment is, is written last and vouched for by the place.

    Args:
        options: those that the job was planned with; files may lie elsewhere, if their bytes are the same.
        plan: of the job.
        number: of the segment.
        folder: where its files go, in a folder that is there; what an earlier attempt left is replaced.
        progress: called now and then with how far the segment is.
        cancel: the work stops soon after this is set.
        notify: called with each note as soon as it is known.
        warm: what is shared with the process's other jobs; nothing when None.
        job_number: number of the job in the audit log; one that follows from what it is when None.
        glimpse: called with small pictures of frames as they leave; see `facefusion.engine.glimpses`.

    Raises:
        SegmentError: there is no such segment, or the plan is not one of this place, or of another job than the options
            say, or the target's frames are not where the plan has them.
        OutputError: the folder cannot be written, or the disk is full.
        FaceFusionError: see `facefusion.engine.run.run`; `CancelledError` after `cancel`.
    """
    started = time.perf_counter()
    part, notes = plan.segment(number), Notes(notify)
    with (
        step(options, notes, cancel=cancel, warm=warm, under=plan, number=job_number) as job,
        job.door.keeping_segments() as note,
    ):
        with writing(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / SEGMENT_JSON).unlink(missing_ok=True)
        note(folder)
        kept = SegmentFolder(folder, number)
        making = _Making(job, plan, part, kept, glimpse)
        edit, has_faces, begins = making.run(progress)
        said = Said(
            plan=plan.digest,
            number=number,
            begins=(begins.index, begins.pts, begins.digest),
            marker=kept.markers[0].to_json(),
            frames=edit.frames,
            faces=edit.faces,
            has_faces=has_faces,
        )
        digest = kept.say(said, job.vouched_segment)
    seconds = time.perf_counter() - started
    made = SegmentMade(number, edit.frames, edit.faces, has_faces, kept.files, digest, seconds, tuple(notes.told))
    return replace(made, stage_seconds=job.work.clock.seconds, stage_times=job.work.clock.times)


@dataclass(slots=True)
class _Lead:
    """Whether the frames that come still lead in, and which frame comes after them."""

    begins: NextFrame | None = None


@dataclass(frozen=True, slots=True)
class _Making:
    """One segment that is being made."""

    job: Step
    plan: SegmentedPlan
    part: SegmentRange
    kept: SegmentFolder
    glimpse: GlimpseListener | None = None
    lead: _Lead = field(default_factory=_Lead)

    def run(self, progress: ProgressListener | None) -> tuple[VideoEdit, bool, NextFrame]:
        """Write the segment; return what edited it, whether it has faces, and its first frame."""
        job, part = self.job, self.part
        fade = self._next_lead()
        way = Approach.to(job, self.plan, part)
        with job.open(way.start) as reader:
            analysis = VideoAnalysis(job.plan, job.work, job.door.watch("target"))
            edit = VideoEdit(
                *(job.plan, job.work, job.door),
                total=part.frames,
                progress=progress,
                between=analysis.between,
                begin=self._begin,
                part=(part.first, self.plan.frames),
                over=fade.over,
                glimpse=self.glimpse,
            )
            self._recall(way)
            shares = shares_of(job.plan, reader.info, self.plan.batch)
            has_faces = self._edit(way, analysis, edit, iter(reader), shares)
            edit.end()
        assert self.lead.begins is not None
        return edit, has_faces, self.lead.begins

    @property
    def _begin(self) -> Fraction:
        """When the first frame of the whole output is shown, in seconds."""
        ticks, numerator, denominator = self.plan.begin
        return ticks * Fraction(numerator, denominator)

    def _next_lead(self) -> Fade:
        """Edit what leads in to the next segment, as that does; the stages are as new afterwards."""
        job = self.job
        if self.part.end == self.plan.frames or not self.plan.segments[self.part.number + 1].lead:
            return Fade(self.part.end)
        following = self.plan.segments[self.part.number + 1]
        fade = Fade(self.part.end, min(FADE_FRAMES, self.part.frames, following.lead))
        work, selector = job.work, None if job.work.finding is None else job.work.finding.selector
        new = [processor.state() for processor in work.processors]
        knew = None if selector is None else selector.state()
        way = Approach.to(job, self.plan, following)
        with job.open(way.start) as reader:
            analysis = VideoAnalysis(job.plan, work, job.door.watch("target"))
            edit = VideoEdit(
                *(job.plan, work, job.door), total=None, progress=None, between=analysis.between, begin=self._begin
            )
            self._recall(way)
            shares = shares_of(job.plan, reader.info, self.plan.batch)
            with (
                produced(work.clock.each("decode", way.cut(reader)), shares.decoded) as decoded,
                produced(way.lead_seen(analysis, decoded), shares.analysed) as analysed,
            ):
                self._edit_lead(way, edit, analysed, shares, fade)
        for processor, state in zip(work.processors, new, strict=True):
            processor.restore(state)
        if selector is not None and knew is not None:
            selector.restore(knew)
        return fade

    def _edit_lead(
        self, way: Approach, edit: VideoEdit, items: Iterable[FaceFrame | AnalysedEnd], shares: Shares, fade: Fade
    ) -> None:
        """Edit the frames of a lead, and keep the last of them."""
        with edit.overlap(shares) as overlap:
            for batch, end in batches(items, shares.batch):
                way.check_stopped()
                if batch:
                    overlap.start(batch)
                del batch
                while overlap.started >= (overlap.at_once if end is None else 1):
                    fade.keep(edit.lead(overlap.take()))
            for edited in overlap.rest():
                fade.keep(edit.lead(edited))

    def _recall(self, way: Approach) -> None:
        """Let the stages know of the whole video what they would know if they had seen it from its first frame."""
        way.recall()
        for processor in self.job.work.processors:
            begin_processor(processor, self._begin)

    def _edit(
        self, way: Approach, analysis: VideoAnalysis, edit: VideoEdit, frames: Iterator[Frame], shares: Shares
    ) -> bool:
        """Decode, analyse, edit and encode side by side; return whether there are faces."""
        job, work = self.job, self.job.work
        with (
            JobSink(self.kept, [each.encoding for each in job.plan.renditions], job.door.mark) as sink,
            produced(work.clock.each("decode", way.cut(frames)), shares.decoded) as decoded,
            produced(way.analysed(analysis, decoded), shares.analysed) as analysed,
            consumed(timed(work, sink.take), shares.edited) as give,
        ):
            return self._process(way, edit, analysed, give, shares)

    def _process(
        self,
        way: Approach,
        edit: VideoEdit,
        items: Iterable[FaceFrame | AnalysedEnd],
        give: Giver[Frame | SegmentEnd],
        shares: Shares,
    ) -> bool:
        """Edit what was analysed, batch after batch, none across the end of the lead; return whether it has faces."""
        ended: AnalysedEnd | None = None
        with edit.overlap(shares) as overlap:
            for batch, end in batches(items, shares.batch):
                way.check_stopped()
                if batch:
                    overlap.start(batch)
                del batch
                while overlap.started >= (overlap.at_once if end is None else 1):
                    self._finish(edit, overlap.take(), give)
                if end is not None and self.lead.begins is None:
                    self.lead.begins = end.cut.following
                elif end is not None and ended is None:
                    ended = end  # what is analysed after it is the tail
            for edited in overlap.rest():
                self._finish(edit, edited, give)
        assert ended is not None
        return self._ended(edit, ended, give)

    def _finish(self, edit: VideoEdit, edited: list[FaceFrame], give: Giver[Frame | SegmentEnd]) -> None:
        """Hand on the segment's own of some frames: not those that lead in, nor those of the tail."""
        lead = [item for item in edited if item.frame.index < self.part.first]
        own = [item for item in edited if self.part.first <= item.frame.index < self.part.end]
        if lead:
            edit.lead(lead)
        if own:
            give.all(edit.finish(own))

    def _ended(self, edit: VideoEdit, end: AnalysedEnd, give: Giver[Frame | SegmentEnd]) -> bool:
        """Finish the segment."""
        self.job.door.still_open()
        tally = Tally.of(end.state, is_first=self.part.number == 0)
        notes = self.job.work.told()
        self.job.work.notes.tell(*notes)
        give(SegmentEnd(end.cut, pack({"tally": tally.state(), "post": edit.kept(), "notes": notes})))
        give.settle()
        return tally.has_faces
