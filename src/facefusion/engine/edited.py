"""What frames will be like when all processors are through with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from facefusion.errors import OptionsError, OutputTypeError
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.opening import open_catalogue
from facefusion.media.forms import Form
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.planes.layout import Layout
from facefusion.media.still.encode import LONGEST_SIDE
from facefusion.options import Options
from facefusion.processors.base import FrameFormat
from facefusion.processors.chained.links import ChainLink

Info = TypeVar("Info", PictureInfo, VideoInfo)


def edited_info(target: Info, links: Sequence[ChainLink], options: Options) -> Info:
    """Return what would be known of the target if it held the frames as they are written.

    Raises:
        OptionsError: they would have more pixels than the options allow, a processor lacks an option, or one that works
            in some frames alone, or in a part of them, would make frames of another kind.
        ModelError: a processor's model is not known, or not for it.
    """
    if isinstance(target, PictureInfo) and options.input.crop:
        target = replace(target, width=options.input.crop[2], height=options.input.crop[3])
    changing = [link for link in links if link.spec.format is not None]
    if not changing:
        return target
    catalogue, before = open_catalogue(options.models), _format_of(target)
    after = before
    for link in changing:
        after = _changed(after, link, catalogue)
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


def _changed(before: FrameFormat, link: ChainLink, catalogue: Catalogue) -> FrameFormat:
    """Return what frames will be like behind a link.

    Raises:
        OptionsError: the link is limited, and they would not be as the frames that it leaves alone.
    """
    assert link.spec.format is not None
    after = link.spec.format(before, link.options, catalogue)
    if link.is_limited and after != before:
        raise OptionsError(
            f"{link.spec.name} makes frames of another kind ({_difference(before, after)}), so it cannot have "
            f"{link.limit}: all frames of a result are of one kind, and so is each of its parts",
            f"Leave out {link.limit} for it, or choose a model that keeps frames as they are",
        )
    return after


def _difference(before: FrameFormat, after: FrameFormat) -> str:
    """Return in words what frames become."""
    if (before.width, before.height) != (after.width, after.height):
        return f"{after.width}x{after.height} in place of {before.width}x{before.height}"
    return "with transparency" if after.has_alpha != before.has_alpha else "with colours"


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
