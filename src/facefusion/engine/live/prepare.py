"""What live mode needs before the first frame, checked and loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from facefusion.engine.automatic import with_models_named
from facefusion.engine.clock import StageClock
from facefusion.engine.edited import edited_info
from facefusion.engine.links import create_link
from facefusion.engine.notes import Notes
from facefusion.engine.plan import Plan, check_who, checked_processors
from facefusion.engine.preview.nowhere import NOWHERE
from facefusion.engine.run import prepare_faces
from facefusion.engine.work import Work
from facefusion.errors import OptionsError
from facefusion.inference.opening import open_sessions
from facefusion.inference.pool import SessionPool, model_budget
from facefusion.inference.session import SessionFactory
from facefusion.media.info import VideoInfo
from facefusion.options import Options
from facefusion.processors.base import ProcessorContext, ProcessorSpec
from facefusion.processors.chained.links import chain_links

_STDIN, CAMERA = "-", "camera"
_LOOKED_AHEAD = ("trim_start", "trim_end", "crop", "deinterlace")


def check_live(options: Options, *, is_decoded: bool = False) -> tuple[ProcessorSpec, ...]:
    """Return the processors; what live mode does not have is refused.

    Args:
        options: all options.
        is_decoded: whether frames come decoded, so that it does not matter here where that is done.

    Raises:
        OptionsError: something is asked for that it does not have, or something needed is missing.
        ProcessorUnknownError: a processor is not installed.
        ProviderError: an execution provider is not there.
    """
    processors = checked_processors(options)
    check_who(processors, options)
    for entry in options.face_map:
        if entry.position is not None:
            raise OptionsError(
                f"Option map: position {entry.position} means a face of a picture, but frames are live",
                "Name a picture of the person instead",
            )
    for spec in processors:
        if spec.needs_speech:
            raise OptionsError(f"The processor {spec.name} follows sound, and live frames have none", "Leave it out")
    for link in chain_links(options, processors):
        if link.stretches:
            raise OptionsError(
                f"{link.spec.name} is to work in a part of the time, but live frames have no end", "Leave out when"
            )
    if options.limits.isolate and not is_decoded:
        raise OptionsError("Live frames are not decoded in a process of their own", "Leave out isolate")
    wanted = {name: getattr(options.input, name) for name in _LOOKED_AHEAD}
    wanted |= {"fill_region": options.output.fill_region, "output_video_fps": options.output.output_video_fps}
    if "frame_sampling" in options.faces.model_fields_set:  # what a preset says is for whom it concerns
        wanted["frame_sampling"] = options.faces.frame_sampling != 1
    for name, value in wanted.items():
        if value:
            raise OptionsError(f"Option {name.replace('_', '-')} is not for live frames", "Leave it out")
    return processors


def live_plan(options: Options, processors: Sequence[ProcessorSpec], info: VideoInfo) -> Plan:
    """Return what is done to frames.

    Raises:
        OptionsError: processors would make frames that are too large.
        ModelError: a model is not known, or not for its processor.
    """
    options = with_models_named(options, processors)
    return Plan(options, info, edited_info(info, chain_links(options, processors), options), NOWHERE, tuple(processors))


def live_sessions(plan: Plan, notes: Notes, resources: ExitStack) -> SessionFactory:
    """Return what opens models for live frames alone.

    Raises:
        ProviderError: an execution provider is not there.
        CatalogueError: an entry of a catalogue is not what it should be.
    """
    pool = SessionPool(model_budget(plan.options.runtime), notes.tell)
    sessions = open_sessions(plan.options, pool=pool, notify=notes.tell)
    resources.callback(sessions.unload)
    return sessions


def live_work(
    plan: Plan, sessions: SessionFactory, notes: Notes, resources: ExitStack
) -> tuple[Work, ProcessorContext]:
    """Load models, read sources, and make the processors; return with them what those were made from.

    Raises:
        FaceFusionError: something of it cannot be done.
    """
    finding, context = None, ProcessorContext(plan.options, (), sessions, resources=resources)
    if plan.finds_faces:
        finding, context = prepare_faces(plan, sessions, resources)
    processors = tuple(create_link(link, context) for link in plan.links)
    return Work(finding, processors, None, None, StageClock(), notes, plan.links), context


def is_camera(path: Path | None) -> bool:
    """Whether a target is a camera: none is named, or a device is, or by a name that is none of a file."""
    if path is None or str(path) in (CAMERA, _STDIN):
        return str(path) != _STDIN
    if path.is_relative_to("/dev"):
        return path.is_char_device() or not path.exists()  # /dev/fd/63 is how shells name a pipe
    return sys.platform != "linux" and not path.exists()
