"""What planning, making and merging have in common: each is let in, as a job of its own would be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from facefusion.engine.clock import StageClock
from facefusion.engine.doors.door import Door
from facefusion.engine.doors.opening import opened
from facefusion.engine.notes import Notes
from facefusion.engine.plan import Plan, frame_memory, make_plan
from facefusion.engine.run import prepare
from facefusion.engine.segmented.made import Vouched
from facefusion.engine.segmented.value import SegmentedPlan
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.warm.parts import WarmParts
from facefusion.engine.work import Work
from facefusion.errors import OnlyWholeError, OptionsError, SegmentError
from facefusion.media.info import VideoInfo
from facefusion.media.open import FrameReader, Start, open_reader
from facefusion.media.select import Selection
from facefusion.options import Options

_PLAN, _SEGMENT = "plan", "segment"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things that are done for a job in segments.

    Attributes:
        plan: the whole job.
        work: its stages.
        door: the only way in and out.
        fingerprint: of the job.
        cancel: ends the work soon after it is set.
    """

    plan: Plan
    work: Work
    door: Door
    fingerprint: Fingerprint
    cancel: threading.Event

    @property
    def clip(self) -> VideoInfo:
        """What is known of the target."""
        assert isinstance(self.plan.target, VideoInfo)
        return self.plan.target

    @property
    def vouched_plan(self) -> Vouched:
        """By what the place knows its plans again."""
        return partial(self.door.vouched, _PLAN)

    @property
    def vouched_segment(self) -> Vouched:
        """By what the place knows its segments again."""
        return partial(self.door.vouched, _SEGMENT)

    def open(self, start: Start | None = None) -> FrameReader:
        """Open the target at a frame; errors as of `open_reader`."""
        options = self.plan.options
        return open_reader(self.plan.target.path, limits=options.limits, selection=Selection.of(options), start=start)


@contextmanager
def step(
    options: Options,
    notes: Notes,
    *,
    cancel: threading.Event | None,
    warm: WarmParts | None,
    under: SegmentedPlan | None = None,
    edits: bool = True,
    number: str | None = None,
) -> Iterator[Step]:
    """Let one thing in that is done for a job in segments; the audit log is told when the block raises.

    Args:
        options: of the job.
        notes: told what the user should know.
        cancel: ends the work soon after it is set.
        warm: what is shared with the process's other jobs; nothing when None.
        under: the plan of the job; None where it is being made.
        edits: whether frames are edited.
        number: of the job in the audit log; one that follows from what it is when None.

    Raises:
        SegmentError: the plan is not one of this place, or not of this job as it is now.
        FaceFusionError: what a job raises that is not let in.
    """
    if options.output.resume:
        raise OptionsError("A job that is done in segments is not gone on with", "Leave out resume")
    warm = warm or WarmParts(most_kept=0)
    clock, cancel = StageClock(), cancel or threading.Event()
    with opened(options, notes, number=number) as door, ExitStack() as resources:
        if under is not None and not under.is_sealed(partial(door.vouched, _PLAN)):
            raise SegmentError("The plan was not made at this place", "Plan the job anew, with the keys of this place")
        with clock.measure("prepare"):
            plan = make_plan(door.options, has_hooks=False, expected="video", try_encoder=warm.try_encoder)
            _check_room(door)
            notes.tell(*plan.notes)
            fingerprint = Fingerprint.of(plan, has_hooks=False, place=door.facts)
            door.goes_on(fingerprint)
            sessions = resources.enter_context(warm.sessions(plan.options, frame_memory(plan), notes.tell))
            work, roles = prepare(
                *(plan, sessions, clock, notes), cancel=cancel, resources=resources, room=door.room, edits=edits
            )
            door.admit(plan, sessions, roles, work.finding.analyser if work.finding else None)
            door.begin(fingerprint)
        if under is not None:
            _check_same(under, fingerprint)
        yield Step(plan if under is None else _as_planned(plan, under), work, door, fingerprint, cancel)


def _check_room(door: Door) -> None:
    """Refuse jobs of which nothing may lie on a disk before they are finished.

    Raises:
        OnlyWholeError: this is one.
    """
    if door.room.is_in_memory:
        raise OnlyWholeError(
            "The policy keeps what is not finished in memory alone, and segments lie on disks", "Do this job whole"
        )


def _check_same(under: SegmentedPlan, fingerprint: Fingerprint) -> None:
    """Make sure that the job is still that which was planned.

    Raises:
        SegmentError: it is not.
    """
    if under.fingerprint != fingerprint.digest:
        changes = " and ".join(fingerprint.changes(under.facts))
        raise SegmentError(f"The job is not as it was planned: {changes} changed", "Plan it anew")


def _as_planned(plan: Plan, under: SegmentedPlan) -> Plan:
    """Return a plan whose encoders have as many threads as in that of the whole job."""
    renditions = tuple(
        replace(each, encoding=replace(each.encoding, threads=under.threads)) for each in plan.renditions
    )
    return replace(plan, renditions=renditions)
