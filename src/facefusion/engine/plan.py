"""The plan: everything that can be found out before any work, found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from facefusion.engine.problem import problem_path
from facefusion.errors import InputTypeError, OptionsError, OutputIsInputError, OutputTypeError
from facefusion.inference.providers import resolve_providers
from facefusion.media import forms
from facefusion.media.encoding.animation import least_delay
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.stream import try_encoder
from facefusion.media.forms import Kind, output_form, written_suffixes
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.isolation.outputs import check_tracks_apart
from facefusion.media.output import check_output
from facefusion.media.probe import probe
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection
from facefusion.media.sequence import Pattern, is_sequence, output_sequence_form
from facefusion.media.sequence_join import check_sequence_output
from facefusion.media.still.encode import not_held
from facefusion.media.tracks.check import check_tracks
from facefusion.options import FaceSelectionOptions, Options, OutputOptions
from facefusion.processors.base import ProcessorSpec
from facefusion.processors.registry import resolve_processors

GIB = 1 << 30
DEFAULT_MEMORY = 0.25
DEFAULT_IN_FLIGHT = 14
LEAST_IN_FLIGHT = 8
"""One frame at each place that a frame can be: see `facefusion.engine.video`."""
_FOR_VIDEOS_IN = ("deinterlace", "sequence_rate")
_FOR_VIDEOS_OUT = (
    *("output_video_encoder", "output_video_preset", "output_video_quality", "output_video_bitrate"),
    *("output_video_passes", "output_video_size", "output_video_fps", "sequence_start"),
)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One output of a video job.

    Attributes:
        path: file to write.
        encoding: how it is written.
        options: what else is written into it.
    """

    path: Path
    encoding: Encoding
    options: OutputOptions


@dataclass(frozen=True, slots=True)
class Plan:
    """One job, checked.

    Attributes:
        options: as given.
        target: what the target is.
        output: path to write.
        processors: in the order in which they run.
        renditions: of a video, everything that is written, the output first.
        notes: what the user should know, such as what cannot be carried into the output; one sentence each.
    """

    options: Options
    target: PictureInfo | VideoInfo
    output: Path
    processors: tuple[ProcessorSpec, ...]
    renditions: tuple[Rendition, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def further_outputs(self) -> tuple[Path, ...]:
        """What is written beside the output: renditions, thumbnail and contact sheet."""
        output = self.options.output
        pictures = [path for path in (output.thumbnail, output.contact_sheet) if path is not None]
        return (*(rendition.path for rendition in self.renditions[1:]), *pictures)


def make_plan(options: Options, *, has_hooks: bool, expected: Kind | None = None) -> Plan:
    """Check a job before any work.

    Args:
        options: all options.
        has_hooks: whether a pre- or post-processor was given: such a job cannot be resumed.
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
    if any(spec.needs_source for spec in processors) and not options.source_paths:
        raise OptionsError("No source picture is given", "Name one with --source (in Python source_paths)")
    _check_selection(options.faces)
    if has_hooks and options.output.resume:
        raise OptionsError("A job with a step of your own cannot be resumed", "Leave out resume")
    target = probe(target_path, options.limits, Selection.of(options))
    kind: Kind = "video" if isinstance(target, VideoInfo) else "picture"
    if expected not in (None, kind):
        call = "process_video" if kind == "video" else "process_image"
        raise InputTypeError(f"{target_path} is not a {expected}", f"Call {call} for it")
    inputs = _inputs(options, target_path)
    _check_output(output, inputs, options, kind)
    _check_problem_path(problem_path(output), inputs)
    _check_regions(options, target)
    if isinstance(target, PictureInfo):
        _check_for_picture(options)
        notes = tuple(not_held(output_form(output, "picture"), target))
        return Plan(options, target, output, processors, notes=notes)
    return _video_plan(Plan(options, target, output, processors), target, inputs)


def _video_plan(plan: Plan, target: VideoInfo, inputs: Sequence[Path]) -> Plan:
    """Add what is written of a video, and try it as far as it can be tried.

    Raises:
        OptionsError: an option is impossible for this video.
        OutputError: an output cannot be written.
    """
    options = plan.options
    frames_in_flight(options, target)
    wishes = [(plan.output, VideoWish.of(options.output))]
    wishes += [VideoWish.parse_rendition(text, options.output) for text in options.output.renditions]
    _check_for_sequence(options, target, [path for path, _ in wishes])
    for path, _ in wishes[1:]:
        _check_output(path, inputs, options, "video")
    pictures = [path for path in (options.output.thumbnail, options.output.contact_sheet) if path is not None]
    for path in pictures:
        _check_picture_beside(path)
        _check_output(path, inputs, options, "picture")
    _check_distinct([path for path, _ in wishes] + pictures)
    _check_rate(plan.output, options)
    renditions = tuple(
        Rendition(
            path, choose_encoding(path, target, wish), options.output.model_copy(update={"keep_audio": wish.sound})
        )
        for path, wish in wishes
    )
    for rendition in renditions:
        if rendition.encoding.form.kind == "video":
            try_encoder(rendition.encoding)
    check = partial(check_tracks_apart, limits=options.limits) if options.limits.isolate else check_tracks
    notes = list(target.notes)
    for rendition in renditions:
        notes += rendition.encoding.notes
        notes += check(target.path, rendition.encoding.form, rendition.options)
    return replace(plan, renditions=renditions, notes=tuple(dict.fromkeys(notes)))


def _check_output(path: Path, inputs: Sequence[Path], options: Options, kind: Kind) -> None:
    """Find out whether a file, or a sequence of pictures, can be written."""
    overwrite = options.output.overwrite
    if kind == "video" and output_sequence_form(path) is not None:
        check_sequence_output(path, inputs=inputs, overwrite=overwrite)
    else:
        check_output(path, inputs=inputs, overwrite=overwrite, kind=kind)


def _check_rate(output: Path, options: Options) -> None:
    """Refuse a rate that an animated picture does not show: all that goes beyond it would be made and thrown away."""
    rate = Selection.of(options).rate
    if rate is None or output_sequence_form(output) is not None:
        return
    form = output_form(output, "video")
    if form in forms.ANIMATIONS and rate * least_delay(form) > 1:
        raise OptionsError(
            f"Option output-video-fps: {form.name} files show at most {int(1 / least_delay(form))} frames a second",
            "Give a lower rate",
        )


def _check_picture_beside(path: Path) -> None:
    """Make sure that a thumbnail or a contact sheet is one picture."""
    if Pattern.parse(path) is not None:
        raise OutputTypeError(
            f"Thumbnail and contact sheet are one picture each, but {path} asks for numbered ones",
            "Leave out the number",
        )
    if output_form(path, "picture").kind != "picture":
        endings = ", ".join(written_suffixes("picture"))
        raise OutputTypeError(
            f"Thumbnail and contact sheet are pictures, but {path} asks for a video", f"Choose one of {endings}"
        )


def _check_for_picture(options: Options) -> None:
    """Refuse what is wanted of a picture but only videos have: files that were asked for would be missing."""
    given, output = options.input, options.output
    wanted = {
        "trim-start": given.trim_start,
        "trim-end": given.trim_end,
        "renditions": output.renditions,
        "thumbnail": output.thumbnail,
        "contact-sheet": output.contact_sheet,
        **{name.replace("_", "-"): given.asks_for(name) for name in _FOR_VIDEOS_IN},
        **{name.replace("_", "-"): output.asks_for(name) for name in _FOR_VIDEOS_OUT},
    }
    for name, value in wanted.items():
        if value:
            raise OptionsError(f"Option {name} is for videos, but the target is a picture", "Leave it out")


def _check_for_sequence(options: Options, target: VideoInfo, outputs: Sequence[Path]) -> None:
    """Refuse what is asked of a sequence of pictures where there is none."""
    if options.input.asks_for("sequence_rate") and not is_sequence(target.path):
        raise OptionsError(
            "Option sequence-rate is for sequences of pictures, but the target is none",
            "Leave it out, or choose other frames with --output-video-fps",
        )
    if options.output.asks_for("sequence_start") and not any(map(output_sequence_form, outputs)):
        raise OptionsError("Option sequence-start is for sequences of pictures, but no output is one", "Leave it out")


def _inputs(options: Options, target: Path) -> list[Path]:
    """Return all files that are read."""
    reference = options.faces.reference_face_path
    return [*options.source_paths, target, *([reference] if reference else [])]


def _check_distinct(paths: Sequence[Path]) -> None:
    """Make sure that no output replaces another."""
    places = [path.resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise OptionsError(f"Two outputs of the job would be written to {path}", "Give each a name of its own")


def _check_regions(options: Options, info: PictureInfo | VideoInfo) -> None:
    """Make sure that the regions to fill, and of a picture the part to keep, lie in the picture."""
    size = info.width, info.height
    crop = Rectangle.several(options.input.crop)
    if isinstance(info, PictureInfo) and crop:
        _check_region(crop[0], "crop", size)
        size = crop[0].width, crop[0].height
    for region in Rectangle.several(options.output.fill_region):
        _check_region(region, "fill-region", size)


def _check_region(region: Rectangle, option: str, size: tuple[int, int]) -> None:
    if not region.fits(*size):
        raise OptionsError(
            f"Option {option}: {region} reaches out of the picture of {size[0]}x{size[1]}",
            "Give x,y,width,height inside it",
        )


def frames_in_flight(options: Options, info: VideoInfo) -> int:
    """Return how many decoded frames may exist at once.

    Raises:
        OptionsError: `max_memory` does not hold as many as are needed to work at all.
    """
    runtime = options.runtime
    # The picture that is worked on, its edited copy, and the planes that it was made of.
    size = info.width * info.height * (3 + 3 + (2 if info.bit_depth <= 8 else 4))
    budget = int((runtime.max_memory or DEFAULT_MEMORY) * GIB / size)
    if runtime.max_memory is not None and budget < LEAST_IN_FLIGHT:
        least = LEAST_IN_FLIGHT * size / GIB
        raise OptionsError(
            f"Option max-memory: {runtime.max_memory} GiB do not hold {LEAST_IN_FLIGHT} frames of "
            f"{info.width}x{info.height}",
            f"Allow at least {least:.3f}",
        )
    return max(LEAST_IN_FLIGHT, min(DEFAULT_IN_FLIGHT, budget))


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
        raise OptionsError(f"No {name} is given", f"Name the {meaning} with --{name} (in Python {name}_path)")
    return path
