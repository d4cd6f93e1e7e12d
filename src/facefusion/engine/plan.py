"""The plan: everything that can be found out before any work, found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facefusion.engine.problem import problem_path
from facefusion.errors import InputTypeError, OptionsError, OutputIsInputError
from facefusion.inference.providers import resolve_providers
from facefusion.media.forms import Kind
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.output import check_output
from facefusion.media.probe import probe
from facefusion.media.writer import check_video_output
from facefusion.options import FaceSelectionOptions, Options
from facefusion.processors.base import ProcessorSpec
from facefusion.processors.registry import resolve_processors

GIB = 1 << 30
DEFAULT_MEMORY = 0.25
DEFAULT_IN_FLIGHT = 14
LEAST_IN_FLIGHT = 8
"""One frame at each place that a frame can be: see `facefusion.engine.video`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One job, checked.

    Attributes:
        options: as given.
        target: what the target is.
        output: path to write.
        processors: in the order in which they run.
    """

    options: Options
    target: PictureInfo | VideoInfo
    output: Path
    processors: tuple[ProcessorSpec, ...]


def make_plan(options: Options, *, has_hooks: bool, expected: Kind | None = None) -> Plan:
    """Check a job before any work.

    Args:
        options: all options.
        has_hooks: whether a pre- or post-processor was given, which makes a job without processors meaningful.
        expected: what the target must be; anything when None.

    Raises:
        OptionsError: something needed is missing.
        InputError: the target cannot be read.
        OutputError: the output cannot be written.
        ProcessorUnknownError: a processor is not installed.
        ProviderError: an execution provider is not there.
    """
    processors = tuple(resolve_processors(options.processors))
    resolve_providers(options.runtime.execution_providers)
    target_path = _required(options.target_path, "target", "picture or video to edit")
    output = _required(options.output_path, "output", "file to write")
    if not processors and not has_hooks:
        raise OptionsError("There is nothing to do", "Name a processor with --processors")
    if any(spec.needs_source for spec in processors) and not options.source_paths:
        raise OptionsError("No source picture is given", "Name one with --source")
    _check_selection(options.faces)
    target = probe(target_path, options.limits)
    kind: Kind = "video" if isinstance(target, VideoInfo) else "picture"
    if expected not in (None, kind):
        call = "process_video" if kind == "video" else "process_image"
        raise InputTypeError(f"{target_path} is not a {expected}", f"Call {call} for it")
    reference = options.faces.reference_face_path
    inputs = [*options.source_paths, target_path, *([reference] if reference else [])]
    check_output(output, inputs=inputs, overwrite=options.output.overwrite, kind=kind)
    _check_problem_path(problem_path(output), inputs)
    if isinstance(target, VideoInfo):
        check_video_output(output, like=target, options=options.output)
        frames_in_flight(options, target)
    return Plan(options, target, output, processors)


def frames_in_flight(options: Options, info: VideoInfo) -> int:
    """Return how many decoded frames may exist at once.

    Raises:
        OptionsError: `max_memory` does not hold as many as are needed to work at all.
    """
    runtime = options.runtime
    size = info.width * info.height * 3
    budget = int((runtime.max_memory or DEFAULT_MEMORY) * GIB / size)
    if runtime.max_memory is not None and budget < LEAST_IN_FLIGHT:
        least = LEAST_IN_FLIGHT * size / GIB
        raise OptionsError(
            f"Option max-memory: {runtime.max_memory} GiB do not hold {LEAST_IN_FLIGHT} frames of "
            f"{info.width}x{info.height}",
            f"Allow at least {least:.3f}",
        )
    wanted = runtime.video_chunk_size or DEFAULT_IN_FLIGHT
    return max(LEAST_IN_FLIGHT, min(wanted, budget))


def _check_selection(options: FaceSelectionOptions) -> None:
    """Refuse selections that would be ignored: the wrong people would be worked on."""
    mode = options.face_selector_mode
    if mode == "reference" and options.reference_face_path is None:
        raise OptionsError("Mode 'reference' wants a reference picture", "Name one with --reference-face-path")
    if mode != "reference" and options.reference_face_path is not None:
        raise OptionsError("A reference picture is given but not used", "Add --face-selector-mode reference")
    if mode != "one" and options.face_position:
        raise OptionsError("A face position is given but not used", "Add --face-selector-mode one")


def _check_problem_path(path: Path, inputs: Sequence[Path]) -> None:
    """Make sure that the picture of a problem would not replace an input."""
    if _exists(path) and any(other.exists() and path.samefile(other) for other in inputs):
        raise OutputIsInputError(
            f"The input {path} stands where a picture of problems with the output would go",
            "Choose another name for the output",
        )


def _exists(path: Path) -> bool:
    """Whether a file is there; none is under a name that is too long for the disk."""
    try:
        return path.exists()
    except OSError:
        return False


def _required(path: Path | None, name: str, meaning: str) -> Path:
    if path is None:
        raise OptionsError(f"No {name} is given", f"Name the {meaning} with --{name}")
    return path
