"""Running a job: from options to a finished file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from facefusion.engine.attribute_filter import AttributeFilter
from facefusion.engine.casting import cast
from facefusion.engine.clock import StageClock
from facefusion.engine.doors.opening import opened
from facefusion.engine.doors.room import WorkRoom
from facefusion.engine.glimpses import GlimpseListener
from facefusion.engine.links import create_link
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.picture import edit_picture
from facefusion.engine.plan import Plan, frame_memory, make_plan
from facefusion.engine.progress import ProgressListener
from facefusion.engine.segments.folder import remove_segments
from facefusion.engine.speech import job_speech
from facefusion.engine.targets import TargetSelector, selection_of, takes_every_face
from facefusion.engine.video import edit_video
from facefusion.engine.warm.parts import WarmParts
from facefusion.engine.work import Finding, Work
from facefusion.errors import ConsentRevokedError, ContentRefusedError, FaceBlockedError, HookError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.enrich import FaceEnricher, Need
from facefusion.faces.landmarkers.base import FaceView
from facefusion.inference.kept import Kept
from facefusion.inference.session import SessionFactory
from facefusion.media.forms import Kind
from facefusion.media.frame import Image
from facefusion.media.info import VideoInfo
from facefusion.options import Options
from facefusion.processors.base import ProcessorContext, Role, Source, SourceFace
from facefusion.trust.policy import Layer

FrameHook = Callable[[Image], Image]
"""A user's own step: RGB uint8 (H, W, 3) in, the same shape out; it may change the array it is given."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a job did.

    Attributes:
        output_path: the file written.
        kind: whether it is a picture or a video.
        frames: frames written.
        faces: faces edited, counted in every frame.
        seconds: time the job took.
        stage_seconds: time each stage was at work; stages run side by side. `models` is the part of all of them, once
            the job was prepared, that networks ran.
        notes: what the user should know, such as what could not be carried into the output; one sentence each.
        further_paths: all else that was written: renditions, thumbnail and contact sheet, in this order.
        disclosure: what the outputs are disclosed by: label, watermark, metadata, provenance.
        stage_times: when each stage first began and when it last ended, in seconds since 1970.
    """

    output_path: Path
    kind: Kind
    frames: int
    faces: int
    seconds: float
    stage_seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    further_paths: tuple[Path, ...] = ()
    disclosure: tuple[Layer, ...] = ()
    stage_times: Mapping[str, tuple[float, float]] = field(default_factory=dict)


class Runner(Protocol):
    """Does one job; `run` is the one people get."""

    def __call__(
        self,
        options: Options,
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        notify: NoteListener | None = None,
        warm: WarmParts | None = None,
        job_number: str | None = None,
        glimpse: GlimpseListener | None = None,
    ) -> Result:
        """Edit the faces as `options` say."""


def run(
    options: Options,
    *,
    expected: Kind | None = None,
    progress: ProgressListener | None = None,
    pre_processor: FrameHook | None = None,
    post_processor: FrameHook | None = None,
    cancel: threading.Event | None = None,
    notify: NoteListener | None = None,
    warm: WarmParts | None = None,
    job_number: str | None = None,
    glimpse: GlimpseListener | None = None,
) -> Result:
    """Run one job to its end.

    The output appears whole or not at all; whatever was at its path before stays until then.

    Args:
        options: all options.
        expected: what the target must be; anything when None.
        progress: called now and then with how far the job is.
        pre_processor: called with each frame before faces are looked for; of a video in a thread of its own, which is
            ahead of the processors.
        post_processor: called with each frame after the processors.
        cancel: the job stops soon after this is set.
        notify: called with each of the result's notes as soon as it is known, with most before any work.
        warm: what is shared with the process's other jobs, and makes no difference to the output; nothing when None.
        job_number: of the job in the audit log, the same each time it is done; one of its own when None.
        glimpse: called with small pictures of frames as they leave; see `facefusion.engine.glimpses`.

    Raises:
        FaceFusionError: see the tree in `facefusion.errors`; `CancelledError` after `cancel`.
    """
    start = time.perf_counter()
    has_hooks = pre_processor is not None or post_processor is not None
    cancel = cancel or threading.Event()
    warm = warm or WarmParts(most_kept=0)
    clock, notes = StageClock(), Notes(notify)
    with opened(options, notes, number=job_number) as door, ExitStack() as resources:
        plan = make_plan(door.options, has_hooks=has_hooks, expected=expected, try_encoder=warm.try_encoder)
        notes.tell(*plan.notes)
        edit = edit_video if isinstance(plan.target, VideoInfo) else edit_picture
        with clock.measure("prepare"):
            sessions = resources.enter_context(warm.sessions(plan.options, frame_memory(plan), notes.tell))
            hooks = (pre_processor, post_processor)
            work, roles = prepare(
                plan, sessions, clock, notes, hooks, cancel=cancel, resources=resources, room=door.room
            )
        with _left_clean(plan):
            with clock.measure("prepare"):
                door.admit(plan, sessions, roles, work.finding.analyser if work.finding else None)
            done = edit(plan, work, door, progress=progress, cancel=cancel, glimpse=glimpse)
    kind: Kind = "video" if isinstance(plan.target, VideoInfo) else "picture"
    seconds = time.perf_counter() - start
    return Result(
        *(plan.output, kind, done.frames, done.faces, seconds, clock.seconds),
        notes=tuple(notes.told),
        further_paths=plan.further_outputs,
        disclosure=door.disclosure,
        stage_times=clock.times,
    )


@contextmanager
def _left_clean(plan: Plan) -> Iterator[None]:
    """Remove what earlier runs have left of a video that turns out to be refused."""
    try:
        yield
    except (ContentRefusedError, FaceBlockedError, ConsentRevokedError):
        if plan.renditions:
            remove_segments(plan.output)
        raise


def prepare(
    plan: Plan,
    sessions: SessionFactory,
    clock: StageClock,
    notes: Notes,
    hooks: tuple[FrameHook | None, FrameHook | None] = (None, None),
    *,
    cancel: threading.Event,
    resources: ExitStack,
    room: WorkRoom,
    edits: bool = True,
) -> tuple[Work, tuple[Role, ...]]:
    """Load models, read sources and references, and make the processors; return with them who plays what.

    Args:
        plan: the job.
        sessions: opens models.
        clock: where the time goes.
        notes: told what the user should know.
        hooks: the user's own steps, before and after.
        cancel: ends the work soon after it is set.
        resources: holds what processors keep open.
        room: where they keep what is there only while the job runs.
        edits: whether there are frames to be edited; no processors are made where not.

    Raises:
        FaceFusionError: see `run`.
    """
    options = plan.options
    clock.models = sessions.model_time
    finding, context = None, ProcessorContext(options, (), sessions, resources=resources)
    if plan.finds_faces:
        finding, context = prepare_faces(plan, sessions, resources)
    if edits:
        context = replace(context, speech=job_speech(plan, cancel.is_set, room.folder))
    work = Work(
        finding=finding,
        processors=tuple(create_link(link, context) for link in plan.links if edits),
        pre_processor=_checked(hooks[0], "pre-processor"),
        post_processor=_checked(hooks[1], "post-processor"),
        clock=clock,
        notes=notes,
        links=plan.links,
    )
    return work, context.roles


def prepare_faces(plan: Plan, sessions: SessionFactory, resources: ExitStack) -> tuple[Finding, ProcessorContext]:
    """Load the models of faces, read sources and references, and say who plays what."""
    options = plan.options
    analyser, enricher = FaceAnalyser.create(options.faces, sessions), FaceEnricher(options.faces, sessions)
    needs = plan.needs
    by_attributes = options.faces.selects_by_attributes
    enricher.prepare({*needs, "attributes"} if by_attributes else needs)
    casting, roles = cast(analyser, options, plan.output, sessions.kept)
    roles = tuple(enriched_role(role, enricher, needs, sessions.kept) for role in roles)
    others = roles[0].sources if casting.others == 0 or not options.face_map else ()
    wanted = AttributeFilter(enricher, options.faces) if by_attributes else None
    selection, every = selection_of(options.faces, plan.processors), takes_every_face(plan.processors)
    selector = TargetSelector(analyser, selection, casting, wanted, fades=not every)
    context = ProcessorContext(options, others, sessions, roles, resources=resources)
    return Finding(analyser, selector, enricher, needs), context


def enriched_role(role: Role, enricher: FaceEnricher, needs: frozenset[Need], kept: Kept) -> Role:
    """Return a role with what processors need to know of the faces of its pictures."""
    if not needs:
        return role
    key = ("enriched", role.sources, needs, enricher.options)
    return replace(role, sources=kept.get(key, lambda: _known(role.sources, enricher, needs)))


def _known(sources: tuple[Source, ...], enricher: FaceEnricher, needs: frozenset[Need]) -> tuple[Source, ...]:
    pictures = [source for source in sources if isinstance(source, SourceFace)]
    faces = iter(enricher.enrich([FaceView(source.image, source.face) for source in pictures], needs))
    return tuple(replace(source, face=next(faces)) if isinstance(source, SourceFace) else source for source in sources)


def _checked(hook: FrameHook | None, name: str) -> FrameHook | None:
    """Wrap a hook so that what it returns is known to be a frame."""
    if hook is None:
        return None

    def call(image: Image) -> Image:
        result = hook(image)
        if not isinstance(result, np.ndarray) or result.dtype != np.uint8 or result.shape != image.shape:
            got = f"{result.dtype} {result.shape}" if isinstance(result, np.ndarray) else type(result).__name__
            raise HookError(f"The {name} returned {got}", f"It must return uint8 {image.shape}, as it was given")
        # Frames wait for the encoder, and a hook may well return the same array each time.
        return result if result is image else np.array(result)

    return call
