"""What is known of a clip of which a part is given out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from facefusion.errors import OptionsError
from facefusion.media.info import FieldOrder, VideoInfo
from facefusion.media.planes.fields import parts_fields, swaps_fields
from facefusion.media.planes.layout import Layout
from facefusion.media.select import Selection
from facefusion.media.timeline import Timeline


def describe_selected(info: VideoInfo, timeline: Timeline, selection: Selection) -> VideoInfo:
    """Return what is known of a clip once it is trimmed, cropped and given another rate.

    Args:
        info: of the whole clip, upright.
        timeline: of the selection, after the first frame was put in.
        selection: what is wanted.

    Raises:
        OptionsError: the crop reaches out of the picture, or nothing is left after trimming.
    """
    selection.check_crop(info.width, info.height)
    if timeline.first is None:
        raise OptionsError(
            f"Nothing is left of {info.path} from {selection.start or 0} to {selection.end or 'its end'}",
            "Give other moments with --trim-start and --trim-end",
        )
    rate = selection.rate or info.frame_rate
    width, height = (info.width, info.height) if selection.crop is None else _size(selection)
    duration = _duration(info, timeline, selection)
    frames = info.frames
    if selection.rate is not None or selection.is_trimmed:
        frames = None if duration is None else max(1, round(duration * min(rate, info.frame_rate)))
    return replace(
        info,
        width=width,
        height=height,
        frame_rate=rate,
        time_base=timeline.time_base,
        start=Fraction(0) if selection.is_trimmed else info.start,
        frames=frames,
        duration=duration,
        field_order=_field_order(info, selection),
        notes=info.notes + tuple(_notes(info, selection)),
    )


def _notes(info: VideoInfo, selection: Selection) -> Iterator[str]:
    if selection.deinterlace and info.field_order == "progressive":
        yield "Nothing says that it is interlaced; only frames that are marked so are deinterlaced"
    if selection.deinterlace or info.field_order == "progressive":
        return
    if info.orientation.swaps_sides:
        yield "It is interlaced, and turned the lines of its fields stand upright; --deinterlace makes it progressive"
    elif parts_fields(Layout.of(info.pixel_format), info.orientation, selection.crop, info.height):
        yield "The chroma of its fields is interpolated: where the picture begins now, each would get the other's"


def _field_order(info: VideoInfo, selection: Selection) -> FieldOrder:
    """Return which field comes first in time: the other one, where turning or cropping makes top of bottom."""
    if selection.deinterlace or info.orientation.swaps_sides or info.field_order == "progressive":
        return "progressive"
    if not swaps_fields(info.orientation, selection.crop, info.height):
        return info.field_order
    return "top" if info.field_order == "bottom" else "bottom"


def _size(selection: Selection) -> tuple[int, int]:
    crop = selection.crop
    return (0, 0) if crop is None else (crop.width, crop.height)


def _duration(info: VideoInfo, timeline: Timeline, selection: Selection) -> Fraction | None:
    """Return how long the trimmed clip is, in seconds."""
    trimmed = timeline.range
    if trimmed is None:
        return info.duration
    end = None if info.duration is None else info.start + info.duration
    if selection.end is not None and selection.end.frame is not None:
        trimmed = replace(trimmed, end=info.start + selection.end.frame / info.frame_rate)
    if trimmed.end is not None:
        end = trimmed.end if end is None else min(end, trimmed.end)
    return None if end is None else max(Fraction(0), end - trimmed.start)
