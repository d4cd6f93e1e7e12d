"""Editing a video: decoding, analysing, editing and encoding side by side, in bounded memory, segment after segment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from facefusion.engine.analysing import AnalysedEnd, VideoAnalysis, batches
from facefusion.engine.between.sampler import MOST
from facefusion.engine.channel import Giver, consumed, produced
from facefusion.engine.doors.door import Count, Door
from facefusion.engine.editing import VideoEdit
from facefusion.engine.finish import join_outputs, told_mixtures
from facefusion.engine.glimpses import GlimpseListener
from facefusion.engine.overlap import Overlap
from facefusion.engine.plan import Plan, frames_in_flight
from facefusion.engine.progress import ProgressListener
from facefusion.engine.segments.cut import describe
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.segments.folder import JobFolder, job_folder
from facefusion.engine.segments.sink import JobSink, SegmentEnd
from facefusion.engine.shares import LEAST_IN_FLIGHT, Shares, in_flight_of, wanted_batch
from facefusion.engine.work import Edited, Work
from facefusion.errors import (
    CancelledError,
    ConsentMissingError,
    ConsentRevokedError,
    ConsentScopeError,
    ContentRefusedError,
    DisclosureError,
    FaceBlockedError,
    FaceError,
    InputError,
    OutputError,
)
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.open import FrameReader, Start, open_reader
from facefusion.media.select import Selection
from facefusion.processors.base import FaceFrame
from facefusion.processors.kept import first_kept, put_in, slim
from facefusion.state import pack

_FINAL = (
    *(FaceError, ContentRefusedError, FaceBlockedError, DisclosureError),
    *(ConsentMissingError, ConsentRevokedError, ConsentScopeError),
)
"""What ends a job the next time too: nothing that was made of it is kept."""
_AS_LARGE_AS = 2
"""Room that segments may take in memory, as a multiple of the target's bytes."""


def edit_video(
    plan: Plan,
    work: Work,
    door: Door,
    *,
    progress: ProgressListener | None,
    cancel: threading.Event,
    glimpse: GlimpseListener | None = None,
) -> Edited:
    """Edit a video.

    Raises:
        FaceFusionError: see `facefusion.engine.run.run`.
    """
    with work.clock.measure("prepare"):
        fingerprint = Fingerprint.of(plan, has_hooks=work.has_hooks, place=door.facts)
        door.begin(fingerprint)
    outputs = (plan.output, *plan.further_outputs)
    resume = plan.options.output.resume
    instead = _in_memory(plan, work, door) if door.room.is_in_memory else None
    with (
        door.keeping_segments() as note,
        job_folder(outputs, fingerprint, resume=resume, notes=work.notes, instead=instead) as (folder, state),
    ):
        if instead is None:
            note(folder.path.parent)
        folder.is_kept = not work.has_hooks and instead is None  # such a job is never gone on with
        try:
            return _VideoJob(plan, work, door, folder, cancel, glimpse).run(state, progress)
        except _FINAL:
            folder.is_kept = False  # what may not be made is not kept either
            raise
        except CancelledError as error:
            raise _stopped(folder) from error
        except (InputError, OutputError) as error:
            if not (folder.is_kept and folder.frames):
                raise
            raise type(error)(error.what, f"{error.hint}; {_kept(folder)}") from error


@dataclass(frozen=True, slots=True)
class _VideoJob:
    """One run of a job."""

    plan: Plan
    work: Work
    door: Door
    folder: JobFolder
    cancel: threading.Event
    glimpse: GlimpseListener | None

    def run(self, state: Any, progress: ProgressListener | None) -> Edited:
        """Work on all frames that no finished segment holds, and finish the outputs."""
        with ExitStack() as stack:
            reader, frames, state = self._frames(stack, state)
            analysis = VideoAnalysis(self.plan, self.work, self.door.watch("target"))
            edit = VideoEdit(
                self.plan,
                self.work,
                self.door,
                total=reader.info.frames,
                progress=progress,
                between=analysis.between,
                glimpse=self.glimpse,
            )
            if state is not None:
                analysis.restore(state["analysis"])
                edit.restore(state["edit"])
                state.clear()  # frames that were kept back are held by processors alone
            self._edit(analysis, edit, reader.info, frames)
            edit.end()
            analysis.check_faces()
            self.work.tell()
            with self.work.clock.measure("join"):
                with self.door.leaving(Count(self.folder.frames, edit.faces)) as way:
                    edit.write_pictures(way)
                    counts = join_outputs(self.plan, self.folder, reader.range, self.cancel, way)
                self.work.notes.tell(*told_mixtures(self.plan, counts))
        return Edited(self.folder.frames, edit.faces)

    def _frames(self, stack: ExitStack, state: Any) -> tuple[FrameReader, Iterator[Frame], Any]:
        """Open the target where the finished segments end; where that frame is not met, they are given up.

        Args:
            stack: closes it.
            state: what the stages remembered there.

        Returns:
            the target, the frames that follow, and the state with what was decoded of those that processors keep back;
            None where the work begins anew.
        """
        if not self.folder.markers:
            reader = stack.enter_context(self._open(None))
            return reader, iter(reader), None
        wanted = self.folder.markers[-1].following
        if wanted is None:
            return stack.enter_context(self._open(None)), iter(()), state
        start = first_kept(state) or (wanted.index, wanted.pts)
        reader = stack.enter_context(self._open(Start(*start)))
        frames = iter(reader)
        before = {frame.index: frame for frame in islice(frames, wanted.index - start[0])}
        first = next(frames, None)
        if first is not None and describe(first) == wanted:
            remembered = put_in(state, before)
            state.clear()
            return reader, chain([first], frames), remembered
        self.folder.clear()
        return self._frames(stack, None)

    def _open(self, start: Start | None) -> FrameReader:
        options = self.plan.options
        return open_reader(self.plan.target.path, limits=options.limits, selection=Selection.of(options), start=start)

    def _edit(self, analysis: VideoAnalysis, edit: VideoEdit, info: VideoInfo, frames: Iterator[Frame]) -> None:
        """Decode, analyse, edit and encode side by side."""
        work, options = self.work, self.plan.options
        shares = shares_of(self.plan, info)
        with (
            JobSink(self.folder, [each.encoding for each in self.plan.renditions], self.door.mark) as sink,
            produced(work.clock.each("decode", frames), shares.decoded) as decoded,
            produced(analysis.stream(decoded, options.runtime.video_chunk_size), shares.analysed) as analysed,
            consumed(timed(work, sink.take), shares.edited) as give,
        ):
            self._process(edit, analysed, give, shares)

    def _process(
        self,
        edit: VideoEdit,
        items: Iterable[FaceFrame | AnalysedEnd],
        give: Giver[Frame | SegmentEnd],
        shares: Shares,
    ) -> None:
        """Edit what was analysed, batch after batch, none across the end of a segment."""
        segments, written = len(self.folder.markers), edit.frames
        with edit.overlap(shares) as overlap:
            for batch, end in batches(items, shares.batch):
                self._check_stopped()
                if batch:
                    overlap.start(batch)
                del batch  # it is held by nobody else while it is edited, and the next one is waited for
                while overlap.started >= (overlap.at_once if end is None else 1):
                    give.all(edit.finish(overlap.take()))
                if end is None:
                    continue
                if end.cut.following is None:
                    self._give_rest(edit, overlap, give)
                self.door.still_open()
                if edit.frames > written:  # of a short segment, all may be kept back: they go into the next
                    state = pack(slim({"analysis": end.state, "edit": edit.state()}))
                    give(SegmentEnd(replace(end.cut, number=segments), state))
                    give.settle()  # so that a kill never costs more than the segment at work
                    segments, written = segments + 1, edit.frames

    def _give_rest(self, edit: VideoEdit, overlap: Overlap, give: Giver[Frame | SegmentEnd]) -> None:
        """Hand on what processors keep back, after the last frame."""
        for edited in overlap.rest():
            self._check_stopped()
            give.all(edit.finish(edited))

    def _check_stopped(self) -> None:
        if self.cancel.is_set():
            raise CancelledError("The job was stopped")


def _in_memory(plan: Plan, work: Work, door: Door) -> Path:
    """Make a folder for segments that must not lie on a disk; with the run it goes, and nobody can go on from it."""
    if plan.options.output.resume:
        work.notes.tell("The policy keeps what is finished in memory alone, so there is nothing to go on from")
    target = plan.target.path
    folder = door.room.folder(_AS_LARGE_AS * target.stat().st_size if target.is_file() else 0) / "segments"
    folder.mkdir(mode=0o700)
    return folder


def _stopped(folder: JobFolder) -> CancelledError:
    """Say what is left of a job that was stopped."""
    if not (folder.is_kept and folder.frames):
        return CancelledError("The job was stopped", "Nothing was written")
    return CancelledError("The job was stopped", _kept(folder).capitalize())


def _kept(folder: JobFolder) -> str:
    return f"{folder.frames} finished frames are kept; go on from there with --resume"


def shares_of(plan: Plan, info: VideoInfo, batch: int = 0) -> Shares:
    """Return how the frames of a job that are in flight are divided among its stages.

    Args:
        plan: the job.
        info: of the frames as they are decoded.
        batch: frames in a batch, whatever memory holds; by that where 0.
    """
    edited = plan.edited if isinstance(plan.edited, VideoInfo) else info
    # Each frame that is worked on in full may bring along as many as lie between it and the last.
    together = MOST if plan.sampling == "auto" else plan.sampling
    in_flight = max(LEAST_IN_FLIGHT, frames_in_flight(plan.options, info, edited, plan.held) // together)
    if batch:
        return Shares.of(max(in_flight, LEAST_IN_FLIGHT if batch == 1 else in_flight_of(batch)), batch)
    return Shares.of(in_flight, wanted_batch(plan.options.runtime))


def timed(work: Work, take: Callable[[Frame | SegmentEnd], None]) -> Callable[[Frame | SegmentEnd], None]:
    """Return `take` with its time counted as that of encoding."""

    def call(item: Frame | SegmentEnd) -> None:
        with work.clock.measure("encode"):
            take(item)

    return call
