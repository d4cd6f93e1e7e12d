"""Merging: from the segments of a job to its outputs, which leave as those of any other job."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from facefusion.engine.analysing import VideoAnalysis
from facefusion.engine.doors.door import Count
from facefusion.engine.finish import join_outputs, told_mixtures
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.post.post import PostWork
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.run import Result
from facefusion.engine.segmented.made import Loaded
from facefusion.engine.segmented.ranges import SegmentRange
from facefusion.engine.segmented.step import Step, step
from facefusion.engine.segmented.tally import Tally
from facefusion.engine.segmented.value import SegmentedPlan
from facefusion.engine.segments.folder import JobFolder, job_folder
from facefusion.engine.segments.marker import NextFrame
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import CancelledError, SegmentError
from facefusion.options import Options


def merge_segments(
    options: Options,
    plan: SegmentedPlan,
    folders: Sequence[Path],
    *,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    warm: WarmParts | None = None,
    job_number: str | None = None,
) -> Result:
    """Make the outputs of a job whose segments are all made.

    Everything that was made apart is held against the plan, the keys of the place and one another before any of it is
    used. Sound and all else that is kept comes from the target, as in a job that is done whole; the outputs are sealed,
    recorded and put in place at once.

    Args:
        options: those that the job was planned with; files may lie elsewhere, if their bytes are the same.
        plan: of the job.
        folders: those of all segments, in any order.
        progress: called with how many frames are checked.
        cancel: the work stops soon after this is set.
        notify: called with each note as soon as it is known.
        warm: what is shared with the process's other jobs; nothing when None.
        job_number: number of the job in the audit log; one that follows from what it is when None.

    Raises:
        SegmentError: a segment is missing, given twice, damaged, altered, or was made under another plan or at another
            place; or the plan is not of this job.
        FaceError: no face of the whole target was selected.
        FaceFusionError: see `facefusion.engine.run.run`; `CancelledError` after `cancel`.
    """
    started, notes = time.perf_counter(), Notes(notify)
    with step(options, notes, cancel=cancel, warm=warm, under=plan, edits=False, number=job_number) as job:
        segments = _loaded(job, plan, folders, progress)
        faces = sum(segment.said.faces for segment in segments)
        outputs, room = (job.plan.output, *job.plan.further_outputs), job.door.room.folder(0)
        clock = job.work.clock
        with (
            clock.measure("join"),
            job_folder(outputs, job.fingerprint, resume=False, notes=notes, instead=room) as (folder, _),
        ):
            folder.markers = [segment.marker for segment in segments]
            _check_faces(job, segments)
            _write(job, folder, segments, faces)
    seconds = time.perf_counter() - started
    return Result(
        output_path=job.plan.output,
        kind="video",
        frames=folder.frames,
        faces=faces,
        seconds=seconds,
        stage_seconds=clock.seconds,
        notes=tuple(notes.told),
        further_paths=job.plan.further_outputs,
        disclosure=job.door.disclosure,
        stage_times=clock.times,
    )


def _loaded(job: Step, plan: SegmentedPlan, folders: Sequence[Path], progress: ProgressListener | None) -> list[Loaded]:
    """Read all segments, and make sure that they are those of the plan.

    Raises:
        SegmentError: they are not.
        CancelledError: the job was stopped.
    """
    started, digest, found = time.perf_counter(), plan.digest, dict[int, Loaded]()
    frames = 0
    for folder in folders:
        if job.cancel.is_set():
            raise CancelledError("The merging was stopped", "Nothing was written")
        segment = Loaded.of(folder, digest, job.vouched_segment)
        if segment.said.number in found:
            raise SegmentError(f"Segment {segment.said.number} is given twice", "Give each segment once")
        found[segment.said.number] = segment
        frames += segment.said.frames
        if progress is not None:
            progress(Progress("checking", frames, plan.frames, time.perf_counter() - started))
    missing = [str(part.number) for part in plan.segments if part.number not in found]
    if missing:
        many = f"Segments {', '.join(missing[:10])} are" if len(missing) > 1 else f"Segment {missing[0]} is"
        raise SegmentError(f"{many} missing", "Make all segments of the plan first")
    ordered = [found[part.number] for part in plan.segments]
    _check_continuity(plan.segments, ordered, len(job.plan.renditions))
    return ordered


def _check_continuity(parts: Sequence[SegmentRange], segments: Sequence[Loaded], renditions: int) -> None:
    """Make sure that each segment begins with the frame that follows the last of the one before.

    Raises:
        SegmentError: one does not.
    """
    following: list[NextFrame | None] = [*(segment.begins for segment in segments[1:]), None]
    for part, segment, after in zip(parts, segments, following, strict=True):
        begins = (segment.begins.index, segment.begins.pts) == (part.first, part.pts)
        is_whole = segment.said.frames == part.frames and len(segment.marker.parts) == renditions
        if not (begins and is_whole and segment.marker.following == after):
            raise SegmentError(
                f"Segment {part.number} does not fit to its neighbours: frames were read otherwise there",
                "Make the segments anew with the same software",
            )


def _check_faces(job: Step, segments: Sequence[Loaded]) -> None:
    """Make sure that there was anything to do in the whole video, and tell of what was not done.

    Raises:
        FaceError: no face of any frame was selected.
    """
    tallies = [Tally.of_state(segment.state["tally"]) for segment in segments]
    analysis = VideoAnalysis(job.plan, job.work, job.door.watch("target"))
    analysis.restore(reduce(Tally.with_next, tallies).put_into(analysis.state()))
    analysis.check_faces()


def _write(job: Step, folder: JobFolder, segments: Sequence[Loaded], faces: int) -> None:
    """Write the outputs, and let them leave.

    Raises:
        TrustError: they may not.
        OutputError: they cannot be written.
    """
    pictures = PostWork.of(job.plan.options.output, job.clip.pixel_aspect)
    for segment in segments:
        kept: Any = segment.state["post"]
        pictures.take_behind(kept)
        notes: Any = segment.state["notes"]
        job.work.notes.tell(*notes)
    with job.open() as reader, job.door.leaving(Count(folder.frames, faces)) as way:
        pictures.write(job.plan.options.output, way)
        counts = join_outputs(job.plan, folder, reader.range, job.cancel, way)
    job.work.notes.tell(*told_mixtures(job.plan, counts))
