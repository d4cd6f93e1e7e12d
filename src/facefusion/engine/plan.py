"""The plan: everything that can be found out before any work, found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from facefusion.engine.automatic import with_models_named
from facefusion.engine.between.offer import frame_sampling
from facefusion.engine.casting import check_map, map_inputs
from facefusion.engine.checks import (
    check_distinct,
    check_for_picture,
    check_for_sequence,
    check_own_options,
    check_path,
    check_picture_beside,
    check_problem_path,
    check_rate,
    check_regions,
    check_selection,
    check_speech,
)
from facefusion.engine.edited import check_side, edited_info
from facefusion.engine.inputs import further_inputs
from facefusion.engine.links import check_links, idle_links
from facefusion.engine.problem import problem_path
from facefusion.engine.shares import DEFAULT_IN_FLIGHT, LEAST_IN_FLIGHT, in_flight_of, wanted_batch
from facefusion.errors import InputTypeError, OptionsError
from facefusion.faces.enrich import Need
from facefusion.faces.pace import Every
from facefusion.inference.execution import Execution
from facefusion.inference.machine import GIB
from facefusion.media import isolation
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.stream import try_encoder
from facefusion.media.forms import Kind, output_form
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.muxing import holds_tracks
from facefusion.media.planes.layout import Layout
from facefusion.media.probe import probe
from facefusion.media.select import Selection
from facefusion.media.still.encode import not_held
from facefusion.media.tracks.check import check_tracks
from facefusion.options import Options, OutputOptions
from facefusion.processors.base import ProcessorSpec, spec_delay, spec_held
from facefusion.processors.chained.links import ChainLink, chain_links
from facefusion.processors.registry import resolve_processors

DEFAULT_MEMORY = 0.25
DEFAULT_MEMORY_OF_CARDS = 1.0
"""GiB for frames in flight when nothing is said, on the CPU and where a card takes larger batches."""


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
        options: as given, with the models named that `auto` stands for.
        target: what the target is.
        edited: what it would be if it held the frames as they are written.
        output: path to write.
        processors: in the order in which they run.
        renditions: of a video, everything that is written, the output first.
        notes: what the user should know, such as what cannot be carried into the output; one sentence each.
        sampling: of a video, which frames are worked on in full; see `facefusion.engine.between`.
    """

    options: Options
    target: PictureInfo | VideoInfo
    edited: PictureInfo | VideoInfo
    output: Path
    processors: tuple[ProcessorSpec, ...]
    renditions: tuple[Rendition, ...] = ()
    notes: tuple[str, ...] = ()
    sampling: Every = 1

    @property
    def links(self) -> tuple[ChainLink, ...]:
        """The processors, each with the options that hold for it, and when and where it works."""
        return chain_links(self.options, self.processors)

    @property
    def kept_back(self) -> int:
        """Most frames that processors keep back."""
        return sum(spec_delay(link.spec, link.options) for link in self.links)

    @property
    def needs(self) -> frozenset[Need]:
        """What the processors that are given faces need to know of them."""
        return frozenset(need for link in self.links if link.is_given_faces for need in link.spec.needs)

    @property
    def finds_faces(self) -> bool:
        """Whether faces are looked for."""
        return any(link.is_given_faces for link in self.links)

    @property
    def new_sound(self) -> Path | None:
        """The file whose sound takes the place of the target's; None where that is copied."""
        follows = any(spec.needs_speech for spec in self.processors)
        return self.options.lip_syncer.source_audio if follows else None

    @property
    def further_outputs(self) -> tuple[Path, ...]:
        """What is written beside the output: renditions, thumbnail and contact sheet."""
        output = self.options.output
        pictures = [path for path in (output.thumbnail, output.contact_sheet) if path is not None]
        return (*(rendition.path for rendition in self.renditions[1:]), *pictures)

    @property
    def held(self) -> int:
        """Most frames that processors keep back or remember."""
        return sum(spec_held(link.spec, link.options) for link in self.links)


def make_plan(
    options: Options,
    *,
    has_hooks: bool,
    expected: Kind | None = None,
    try_encoder: Callable[[Encoding], None] = try_encoder,
) -> Plan:
    """Check a job before any work.

    Args:
        options: all options.
        has_hooks: whether a pre- or post-processor was given: such a job cannot be resumed.
        expected: what the target must be; anything when None.
        try_encoder: makes sure that an encoder opens.

    Raises:
        OptionsError: something needed is missing.
        InputError: the target cannot be read.
        OutputError: the output cannot be written.
        ProcessorUnknownError: a processor is not installed.
        ProviderError: an execution provider is not there, or does not compute in the precision asked for.
        CatalogueError: an entry of a catalogue is not what it should be.
    """
    processors = checked_processors(options)
    options = with_models_named(options, processors)
    target_path = required(options.target_path, "target", "picture or video to edit")
    output = required(options.output_path, "output", "file to write")
    check_who(processors, options)
    if has_hooks and options.output.resume:
        raise OptionsError("A job with a step of your own cannot be resumed", "Leave out resume")
    target = probe(target_path, options.limits, Selection.of(options))
    kind: Kind = "video" if isinstance(target, VideoInfo) else "picture"
    check_map(options, of_picture=kind == "picture")
    if expected not in (None, kind):
        call = "process_video" if kind == "video" else "process_image"
        raise InputTypeError(f"{target_path} is not a {expected}", f"Call {call} for it")
    links = chain_links(options, processors)
    inputs = _inputs(options, target_path, links)
    check_path(output, inputs, options, kind)
    check_problem_path(problem_path(output), inputs)
    check_regions(options, target)
    check_links(links, target)
    check_speech(options, target, processors)
    if isinstance(target, PictureInfo):
        check_for_picture(options)
        picture, form = edited_info(target, links, options), output_form(output, "picture")
        check_side(form, picture)
        return Plan(options, target, picture, output, processors, notes=tuple(not_held(form, picture)))
    video = edited_info(target, links, options)
    sampling, unsuited = frame_sampling(options, links, has_hooks=has_hooks)
    notes = (*unsuited, *idle_links(links, target))
    plan = Plan(options, target, video, output, processors, sampling=sampling, notes=notes)
    planned = _video_plan(plan, target, video, inputs)
    for rendition in planned.renditions:
        if rendition.encoding.form.kind == "video":
            try_encoder(rendition.encoding)
    return planned


def checked_processors(options: Options) -> tuple[ProcessorSpec, ...]:
    """Return the processors that are asked for.

    Raises:
        ProcessorUnknownError: one is not installed.
        OptionsError: one of another package has no option that it is given.
        ProviderError: an execution provider is not there, or does not compute in the precision asked for.
    """
    processors = tuple(resolve_processors(options.processors))
    check_own_options(processors, options)
    for link in chain_links(options, processors):
        check_own_options([link.spec], link.options)
    Execution.of(options.runtime)
    return processors


def check_who(processors: Sequence[ProcessorSpec], options: Options) -> None:
    """Make sure that it is clear whose face goes where.

    Raises:
        OptionsError: it is not.
    """
    if any(spec.needs_source for spec in processors) and not (options.source_paths or options.face_map):
        raise OptionsError(
            "No source picture is given",
            "Name one with --source (in Python source_paths), or who gets whose face with --map",
        )
    links = () if options.source_paths or options.face_map else chain_links(options, processors)
    if any(link.spec.name == "makeup" and link.options.makeup.makeup_reference is None for link in links):
        raise OptionsError(
            "No face is given whose make-up is taken",
            "Name a picture of it with --makeup-reference, or with --source (in Python source_paths)",
        )
    check_selection(options)


def _video_plan(plan: Plan, target: VideoInfo, edited: VideoInfo, inputs: Sequence[Path]) -> Plan:
    """Add what is written of a video.

    Raises:
        OptionsError: an option is impossible for this video.
        OutputError: an output cannot be written.
    """
    options = plan.options
    frames_in_flight(options, target, edited, plan.held)
    wishes = [(plan.output, VideoWish.of(options.output))]
    wishes += [VideoWish.parse_rendition(text, options.output) for text in options.output.renditions]
    check_for_sequence(options, target, [path for path, _ in wishes])
    for path, _ in wishes[1:]:
        check_path(path, inputs, options, "video")
    pictures = [path for path in (options.output.thumbnail, options.output.contact_sheet) if path is not None]
    for path in pictures:
        check_picture_beside(path)
        check_path(path, inputs, options, "picture")
    check_distinct([path for path, _ in wishes] + pictures)
    check_rate(plan.output, options)
    renditions = tuple(
        Rendition(
            path, _encoding(path, target, edited, wish), options.output.model_copy(update={"keep_audio": wish.sound})
        )
        for path, wish in wishes
    )
    check = partial(isolation.check_tracks_apart, limits=options.limits) if options.limits.isolate else check_tracks
    notes = [*plan.notes, *target.notes]
    if target.field_order != edited.field_order:
        notes.append(f"{target.path} is interlaced, and is enlarged as if it were not; use --deinterlace")
    for rendition in renditions:
        notes += rendition.encoding.notes
        notes += check(target.path, rendition.encoding.form, _copied(rendition.options, plan.new_sound))
        if plan.new_sound and rendition.options.keep_audio and not holds_tracks(rendition.encoding.form):
            notes.append(f"{rendition.encoding.form.name} files hold pictures alone; left out: the speech")
    return replace(plan, renditions=renditions, notes=tuple(dict.fromkeys(notes)))


def _encoding(path: Path, target: VideoInfo, edited: VideoInfo, wish: VideoWish) -> Encoding:
    """Choose how a video is written; where a processor makes transparent what the output cannot, white is shown.

    Raises:
        OptionsError: what is asked for contradicts itself.
        OutputTypeError: the form is not written, or cannot hold what is asked for.
    """
    encoding = choose_encoding(path, edited, wish)
    if target.has_alpha == edited.has_alpha or Layout.of(encoding.pixels.pixel_format).has_alpha:
        return encoding
    encoding = choose_encoding(path, replace(edited, has_alpha=False), wish)
    note = f"{encoding.form.name} files hold no transparency as they are written here: what is transparent is white"
    return replace(encoding, notes=(*encoding.notes, note))


def _copied(output: OutputOptions, new_sound: Path | None) -> OutputOptions:
    """Return what is copied from the target: not its sound, where another takes its place."""
    return output if new_sound is None else output.model_copy(update={"keep_audio": False})


def _inputs(options: Options, target: Path, links: Sequence[ChainLink]) -> list[Path]:
    """Return all files that are read."""
    reference = options.faces.reference_face_path
    further = [path for path in (reference, options.lip_syncer.source_audio) if path is not None]
    return [*options.source_paths, *map_inputs(options), target, *further, *further_inputs(links)]


def frames_in_flight(options: Options, info: VideoInfo, edited: VideoInfo | None = None, held: int = 0) -> int:
    """Return how many decoded frames may exist at once, beside those that processors hold.

    Args:
        options: all options.
        info: of the frames as they are decoded.
        edited: of the frames as they are written; like those when None.
        held: by processors, at most: kept back and remembered.

    Raises:
        OptionsError: `max_memory` does not hold as many as are needed to work at all.
    """
    runtime = options.runtime
    size = _frame_size(info, edited)
    wanted = in_flight_of(wanted_batch(runtime))
    default = DEFAULT_MEMORY if wanted <= DEFAULT_IN_FLIGHT else DEFAULT_MEMORY_OF_CARDS
    budget = int((runtime.max_memory or default) * GIB / size)
    if runtime.max_memory is None and runtime.execution_batch_size != "auto":
        budget = wanted
    if runtime.max_memory is not None:
        least = LEAST_IN_FLIGHT + held
        if budget < least:
            raise OptionsError(
                f"Option max-memory: {runtime.max_memory} GiB do not hold {least} frames of {info.width}x{info.height}",
                f"Allow at least {least * size / GIB:.3f}",
            )
        budget -= held
    return max(LEAST_IN_FLIGHT, min(wanted, budget))


def frame_memory(plan: Plan) -> int:
    """Return how many bytes frames in flight take together; errors as of `frames_in_flight`."""
    info, edited = plan.target, plan.edited
    if not isinstance(info, VideoInfo) or not isinstance(edited, VideoInfo):
        return _frame_size(info, edited)
    held = plan.held
    return _frame_size(info, edited) * (frames_in_flight(plan.options, info, edited, held) + held)


def _frame_size(info: PictureInfo | VideoInfo, edited: PictureInfo | VideoInfo | None) -> int:
    """Return the bytes of the picture that is worked on, its edited copy, and the planes that it was made of."""
    edited = edited or info
    planes, pixels = 2 if info.bit_depth <= 8 else 4, edited.width * edited.height
    size = info.width * info.height * (3 + planes) + pixels * 3
    is_hdr = isinstance(info, VideoInfo) and info.colour.is_hdr
    if pixels != info.width * info.height and (info.bit_depth > 8 or info.has_alpha or is_hdr):
        size += pixels * (3 + 2 * planes)  # what was decoded is scaled along
    return size


def required(path: Path | None, name: str, meaning: str) -> Path:
    """Return a path that has to be given.

    Raises:
        OptionsError: it is not.
    """
    if path is None:
        raise OptionsError(f"No {name} is given", f"Name the {meaning} with --{name} (in Python {name}_path)")
    return path
