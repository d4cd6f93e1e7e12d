"""What frames will be like when all processors are through with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from facefusion.errors import OptionsError, OutputTypeError
from facefusion.inference.opening import open_catalogue
from facefusion.media.forms import Form
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.planes.layout import Layout
from facefusion.media.still.encode import LONGEST_SIDE
from facefusion.options import Options
from facefusion.processors.base import FrameFormat, ProcessorSpec

Info = TypeVar("Info", PictureInfo, VideoInfo)


def edited_info(target: Info, processors: Sequence[ProcessorSpec], options: Options) -> Info:
    """Return what would be known of the target if it held the frames as they are written.

    Raises:
        OptionsError: they would have more pixels than the options allow, or a processor lacks an option.
        ModelError: a processor's model is not known, or not for it.
    """
    if isinstance(target, PictureInfo) and options.input.crop:
        target = replace(target, width=options.input.crop[2], height=options.input.crop[3])
    changing = [spec.format for spec in processors if spec.format is not None]
    if not changing:
        return target
    catalogue, before = open_catalogue(options.models), _format_of(target)
    after = before
    for change in changing:
        after = change(after, options, catalogue)
    if after.width * after.height > max(options.limits.max_pixels, before.width * before.height):
        raise OptionsError(
            f"The processors would make frames of {after.width}x{after.height} = {after.width * after.height} pixels, "
            f"above the limit of {options.limits.max_pixels}",
            "Choose a model that enlarges less, or raise --max-pixels",
        )
    if isinstance(target, VideoInfo):
        return _video(target, after)
    return replace(target, width=after.width, height=after.height, has_alpha=after.has_alpha)


def check_side(form: Form, info: PictureInfo) -> None:
    """Refuse a picture that is too large for its form.

    Raises:
        OutputTypeError: it is.
    """
    longest = max(info.width, info.height)
    if longest > LONGEST_SIDE.get(form.writer, longest):
        raise OutputTypeError(f"{form.name} does not hold a side of {longest} pixels", "Choose .png")


def _format_of(target: PictureInfo | VideoInfo) -> FrameFormat:
    is_grey = isinstance(target, VideoInfo) and Layout.of(target.pixel_format).kind == "grey"
    return FrameFormat(target.width, target.height, target.has_alpha, not is_grey)


def _video(target: VideoInfo, after: FrameFormat) -> VideoInfo:
    layout = Layout.of(target.pixel_format)
    if after.has_colour:
        layout = layout.with_colour()
    if after.has_alpha and not layout.has_alpha:
        layout = layout.with_alpha()
    is_scaled = (after.width, after.height) != (target.width, target.height)
    return replace(
        target,
        width=after.width,
        height=after.height,
        has_alpha=after.has_alpha,
        pixel_format=target.pixel_format if layout == Layout.of(target.pixel_format) else layout.name,
        field_order="progressive" if is_scaled else target.field_order,
    )
