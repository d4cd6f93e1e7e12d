"""What of a job can be refused by its options alone, before any work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facefusion.errors import InputTypeError, OptionsError, OutputIsInputError, OutputTypeError
from facefusion.media import forms
from facefusion.media.encoding.animation import least_delay
from facefusion.media.forms import Kind, output_form, written_suffixes
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.output import check_output
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection
from facefusion.media.sequence import Pattern, is_sequence, output_sequence_form
from facefusion.media.sequence_join import check_sequence_output
from facefusion.media.sniff import open_input
from facefusion.options import Options
from facefusion.options.own import own_group, own_names
from facefusion.processors.base import ProcessorSpec
from facefusion.processors.registry import processor_names

_FOR_VIDEOS_IN = ("deinterlace", "sequence_rate")
_FOR_VIDEOS_OUT = (
    *("output_video_encoder", "output_video_preset", "output_video_quality", "output_video_bitrate"),
    *("output_video_passes", "output_video_size", "output_video_fps", "sequence_start"),
)


def check_path(path: Path, inputs: Sequence[Path], options: Options, kind: Kind) -> None:
    """Find out whether a file, or a sequence of pictures, can be written.

    Raises:
        OutputError: it cannot.
    """
    overwrite = options.output.overwrite
    if kind == "video" and output_sequence_form(path) is not None:
        check_sequence_output(path, inputs=inputs, overwrite=overwrite)
    else:
        check_output(path, inputs=inputs, overwrite=overwrite, kind=kind)


def check_rate(output: Path, options: Options) -> None:
    """Refuse a rate that an animated picture does not show: all that goes beyond it would be made and thrown away.

    Raises:
        OptionsError: it is too high.
    """
    rate = Selection.of(options).rate
    if rate is None or output_sequence_form(output) is not None:
        return
    form = output_form(output, "video")
    if form in forms.ANIMATIONS and rate * least_delay(form) > 1:
        raise OptionsError(
            f"Option output-video-fps: {form.name} files show at most {int(1 / least_delay(form))} frames a second",
            "Give a lower rate",
        )


def check_picture_beside(path: Path) -> None:
    """Make sure that a thumbnail or a contact sheet is one picture.

    Raises:
        OutputTypeError: it is not.
    """
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


def check_for_picture(options: Options) -> None:
    """Refuse what is wanted of a picture but only videos have: files that were asked for would be missing.

    Raises:
        OptionsError: something is.
    """
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


def check_for_sequence(options: Options, target: VideoInfo, outputs: Sequence[Path]) -> None:
    """Refuse what is asked of a sequence of pictures where there is none.

    Raises:
        OptionsError: something is.
    """
    if options.input.asks_for("sequence_rate") and not is_sequence(target.path):
        raise OptionsError(
            "Option sequence-rate is for sequences of pictures, but the target is none",
            "Leave it out, or choose other frames with --output-video-fps",
        )
    if options.output.asks_for("sequence_start") and not any(map(output_sequence_form, outputs)):
        raise OptionsError("Option sequence-start is for sequences of pictures, but no output is one", "Leave it out")


def check_distinct(paths: Sequence[Path]) -> None:
    """Make sure that no output replaces another.

    Raises:
        OptionsError: one would.
    """
    places = [path.resolve() for path in paths]
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise OptionsError(f"Two outputs of the job would be written to {path}", "Give each a name of its own")


def check_regions(options: Options, info: PictureInfo | VideoInfo) -> None:
    """Make sure that the regions to fill, and of a picture the part to keep, lie in the picture.

    Raises:
        OptionsError: one reaches out of it.
    """
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


def check_selection(job: Options) -> None:
    """Refuse selections that would be ignored: the wrong people would be worked on.

    Raises:
        OptionsError: this is one.
    """
    options = job.faces
    mode = options.face_selector_mode
    if mode != "many" and job.face_map:
        raise OptionsError(
            "Both a map and a mode say who is worked on",
            "Leave out --face-selector-mode or --map",
        )
    if mode == "reference" and options.reference_face_path is None:
        raise OptionsError("Mode 'reference' wants a reference picture", "Name one with --reference-face-path")
    if mode != "reference" and options.reference_face_path is not None:
        raise OptionsError("A reference picture is given but not used", "Add --face-selector-mode reference")
    if mode != "one" and options.face_position:
        raise OptionsError("A face position is given but not used", "Add --face-selector-mode one")


def check_speech(options: Options, target: PictureInfo | VideoInfo, processors: Sequence[ProcessorSpec]) -> None:
    """Make sure that processors that follow speech have some, and that speech that is given is followed.

    Raises:
        OptionsError: there is none, or it would be ignored.
        InputTypeError: the target has no time in which anything could be said.
        InputMissingError: there is no such file.
    """
    speech = options.lip_syncer.source_audio
    following = [spec.name for spec in processors if spec.needs_speech]
    if not following:
        if options.lip_syncer.asks_for("source_audio"):
            raise OptionsError("Speech is given, but no processor follows it", "Add --processors lip_syncer")
        return
    if isinstance(target, PictureInfo):
        raise InputTypeError(
            f"{target.path} is a picture, and the processor {following[0]} moves lips in time",
            "Give a video as target",
        )
    if speech is not None:
        open_input(speech).close()
    elif not target.has_audio:
        raise OptionsError(f"{target.path} has no sound for lips to follow", "Name speech with --source-audio")


def check_problem_path(path: Path, inputs: Sequence[Path]) -> None:
    """Make sure that the picture of a problem would not replace an input.

    Raises:
        OutputIsInputError: it would.
    """
    if _exists(path) and any(other.exists() and path.samefile(other) for other in inputs):
        raise OutputIsInputError(
            f"The input {path} stands where a picture of problems with the output would go",
            "Choose another name for the output",
        )


def check_own_options(processors: Sequence[ProcessorSpec], options: Options) -> None:
    """Refuse options of processors from other packages that they do not have.

    Of processors that are installed and do not run, as a configuration file may name some, nothing more is looked at.

    Raises:
        OptionsError: there is no such processor or option, or a value is impossible.
    """
    named, installed = own_names(options.processor_options), processor_names()
    for name in named:
        if name not in installed:
            raise OptionsError(
                f"Option processor-options: there is no processor {name!r}", f"Installed: {', '.join(installed)}"
            )
    for spec in processors:
        if spec.options is not None:
            own_group(spec.options, spec.name, options.processor_options)
        elif spec.name in named:
            raise OptionsError(
                f"Option processor-options: {spec.name} has no options of this kind",
                "Those of the package's own processors are flags of their own",
            )


def _exists(path: Path) -> bool:
    """Whether a file is there; none is under a name that is too long for the disk."""
    try:
        return path.exists()
    except OSError:
        return False
