"""Choosing the pixel format that an encoder is given."""

from __future__ import annotations

from facefusion.errors import OutputTypeError
from facefusion.media.encoding.encoders import FFV1, PRORES, EncoderSpec
from facefusion.media.info import VideoInfo
from facefusion.media.planes.layout import Layout


def is_deep(info: VideoInfo) -> bool:
    """Whether 8 bits are too few for a video."""
    return info.bit_depth > 8 or info.colour.is_hdr


def pixel_format(spec: EncoderSpec, info: VideoInfo, width: int, height: int, *, keeps_lines: bool = False) -> str:
    """Return the pixel format nearest to what there is: what ProRes and FFV1 are for, else what every player shows.

    Args:
        spec: the encoder.
        info: of the frames.
        width: of the output.
        height: of the output.
        keeps_lines: whether each line is to keep its own chroma, as far as the encoder can: 4:2:0 made of interlaced
            4:2:2 would mix the chroma of two moments.

    Raises:
        OutputTypeError: the encoder takes no such size in any format.
    """
    if spec in (FFV1, PRORES):
        return _nearest(spec, info, width, height)
    is_odd = (width % 2 or height % 2) and not spec.has_odd_sides
    sampling = "yuv444p" if is_odd else "yuv422p" if keeps_lines and "yuv422p" in spec.pixel_formats else "yuv420p"
    alpha = sampling.replace("yuv", "yuva")
    deep = [f"{sampling}10le", *([] if is_odd else ["p010le"])] if is_deep(info) else []
    for name in (*([alpha] if info.has_alpha else []), *deep, sampling, *([] if is_odd else ["nv12"])):
        if name in spec.pixel_formats:
            return name
    raise OutputTypeError(
        f"{spec.title} ({spec.name}) does not hold odd sides ({width}x{height})",
        "Choose an even size with --output-video-size or --crop, or another encoder",
    )


def _nearest(spec: EncoderSpec, info: VideoInfo, width: int, height: int) -> str:
    """Return the format that keeps most of what is stored, and not much more."""
    there = Layout.of(info.pixel_format)

    def loss(name: str) -> tuple[bool, bool, bool, bool, int]:
        here = Layout.of(name)
        return (
            there.has_alpha and not here.has_alpha,
            min(there.depth, 10 if spec is PRORES else 16) > here.depth,
            (here.sub_x > there.sub_x or here.sub_y > there.sub_y) and there.kind != "grey",
            here.kind != there.kind,
            here.depth * (3 - here.sub_x - here.sub_y + here.has_alpha),
        )

    return min((name for name in spec.pixel_formats if _is_whole(Layout.of(name), width, height)), key=loss)


def _is_whole(layout: Layout, width: int, height: int) -> bool:
    """Whether chroma that stands for four samples of luma always does: else libav's FFV1 gives back other samples."""
    return not ((layout.sub_x > 1 and width % 4) or (layout.sub_y > 1 and height % 4))
