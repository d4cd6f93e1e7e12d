"""Planning a job in segments: what has to be known of the whole video, found out once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Final

from facefusion.engine.analysing import VideoAnalysis
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.segmented.ranges import cut_up
from facefusion.engine.segmented.step import Step, step
from facefusion.engine.segmented.value import Meant, SegmentedPlan
from facefusion.engine.video import shares_of
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import CancelledError, InputDamagedError, OptionsError
from facefusion.faces.acquaintance import KEPT
from facefusion.media.select import Selection
from facefusion.media.still.reader import StillsReader
from facefusion.media.times import read_times
from facefusion.options import Options

SEGMENT_FRAMES: Final = 1000
"""Frames in a segment."""
LEAD_FRAMES: Final = 50
"""Frames that lead in to a segment."""
_MOST_LEAD: Final = 10_000
_THREADS: Final = 4
"""Of each encoder, whatever the machine has: bytes go by their number."""
_KNOWN_AFTER: Final = 120
"""Frames after which whoever is meant is known as well as they will be, whatever views there were."""


def plan_job(
    options: Options,
    *,
    segment_frames: int = SEGMENT_FRAMES,
    lead_frames: int = LEAD_FRAMES,
    warm: WarmParts | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    job_number: str | None = None,
) -> SegmentedPlan:
    """Plan a video job whose segments are done apart.

    The job is let in as any other, and its models are loaded, so that what is wrong with it is told now. The target's
    times are read through; its frames are looked at only for the face selector mode `one`, until it is known who is
    meant. The same job at the same place gets the same plan.

    Args:
        options: all options.
        segment_frames: frames in a segment, at least 1.
        lead_frames: frames before each segment but the first that are worked on for it and not written, 0 to 10000.
        warm: what is shared with the process's other jobs; nothing when None.
        cancel: the planning stops soon after this is set.
        notify: called with each note as soon as it is known.
        job_number: number of the job in the audit log; one that follows from what it is when None.

    Raises:
        InputTypeError: the target is no video.
        OptionsError: a number is out of its range, or `resume` is asked for.
        OnlyWholeError: nothing of the job may lie on a disk before it is finished.
        FaceFusionError: see `facefusion.engine.run.run`; `CancelledError` after `cancel`.
    """
    _check_numbers(segment_frames, lead_frames)
    notes = Notes(notify)
    with step(options, notes, cancel=cancel, warm=warm, number=job_number) as job:
        with job.open() as reader:
            pts = _times(job, reader if isinstance(reader, StillsReader) else None)
            clock, batch = reader.info.time_base, shares_of(job.plan, reader.info).batch
        plan = SegmentedPlan(
            fingerprint=job.fingerprint.digest,
            facts=job.fingerprint.facts,
            frames=len(pts),
            begin=(pts[0], clock.numerator, clock.denominator),
            segments=cut_up(pts, segment_frames=segment_frames, lead_frames=lead_frames),
            meant=_meant(job),
            threads=_THREADS,
            batch=batch,
            notes=job.plan.notes,
        )
        return plan.sealed(job.vouched_plan)


def _check_numbers(segment_frames: int, lead_frames: int) -> None:
    """Refuse numbers that are none, or out of range.

    Raises:
        OptionsError: one is.
    """
    if type(segment_frames) is not int or segment_frames < 1:
        raise OptionsError(f"A segment cannot have {segment_frames!r} frames", "Give it at least 1")
    if type(lead_frames) is not int or not 0 <= lead_frames <= _MOST_LEAD:
        raise OptionsError(f"No {lead_frames!r} frames can lead in to a segment", f"Choose from 0 to {_MOST_LEAD}")


def _times(job: Step, stills: StillsReader | None) -> tuple[int, ...]:
    """Return the presentation times of all frames, in ticks of the reader.

    Raises:
        InputError: the target cannot be read.
    """
    options = job.plan.options
    if stills is not None:
        times = tuple(stills.times())
    else:
        times = read_times(job.clip.path, options.limits, Selection.of(options)).pts
    if not times:
        raise InputDamagedError(f"No frame of {job.clip.path} can be read", "Copy it again")
    return times


def _meant(job: Step) -> Meant | None:
    """Look at the target until it is known who is meant, where that is told by nothing else.

    Raises:
        CancelledError: the job was stopped.
        TrustError: something that is seen is refused.
    """
    finding = job.work.finding
    if finding is None or job.plan.options.faces.face_selector_mode != "one" or job.plan.options.face_map:
        return None
    selector, since, learnt = finding.selector, 0, None
    analysis = VideoAnalysis(replace(job.plan, sampling=1), job.work, job.door.watch("target"))
    with job.open() as reader:
        for frame in reader:
            if job.cancel.is_set():
                raise CancelledError("The planning was stopped", "Nothing was written")
            for _ in analysis.through([frame]):
                learnt = selector.learnt
            since += learnt is not None
            if learnt is not None and (learnt[2] >= KEPT or since > _KNOWN_AFTER):
                break
    if learnt is None:
        return None
    return Meant(identity=tuple(float(value) for value in learnt[0]), distance=learnt[1])
