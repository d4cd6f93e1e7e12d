"""Choosing how a video is written, and refusing before any work what its container cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from facefusion.errors import OptionsError, OutputTypeError
from facefusion.media import forms
from facefusion.media.encoding.encoders import ENCODERS, FFV1, PRORES, SVT_AV1, VP9, X264, X265, EncoderSpec
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.formats import is_deep, pixel_format
from facefusion.media.encoding.parameters import codec_options
from facefusion.media.encoding.stills import animation_encoding, sequence_encoding
from facefusion.media.encoding.wish import VideoWish
from facefusion.media.forms import Form, output_form
from facefusion.media.info import FieldOrder, VideoInfo
from facefusion.media.planes.fit import Pixels
from facefusion.media.planes.layout import Layout
from facefusion.media.sequence import moving_hint, output_sequence_form

__all__ = ["Encoding", "VideoWish", "choose_encoding"]

_USUAL_SITING = ("left", "unspecified")
_LINES_OF_FIELDS = 4  # of both fields' macroblocks, x264 can cut off none but whole fours


def choose_encoding(path: Path, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Choose how a video is written.

    With the encoder `auto`: H.264; HEVC for more than 8 bits; VP9 in WebM (AV1 for more than 8 bits); where the frames
    have alpha, ProRes 4444 in QuickTime, VP9 in WebM, and in Matroska VP9 or, for more than 8 bits, FFV1; where they
    are interlaced with more than 8 bits, ProRes in QuickTime and H.264 elsewhere, or where a quality or a bit rate is
    given, as HEVC keeps no fields. 4:2:0 is written, which every player shows, but for odd sides and interlaced 4:2:2,
    and by ProRes and FFV1, which keep what there is.

    Quality is given on the scale of x264 (0 to 51, 18 where nothing is said) and stretched to the scale of others (0 to
    63 for AV1 and VP9), presets by the names of x264; `EncoderSpec` holds what becomes of them.

    Args:
        path: of the output; its ending chooses the form, and a pattern such as `%06d.png` a sequence.
        info: of the frames.
        wish: what the user asks for.

    Raises:
        OptionsError: what is asked for contradicts itself, or there is no such encoder.
        OutputTypeError: the form is not written, or cannot hold what is asked for.
    """
    if wish.passes > 1 and wish.bit_rate is None:
        raise OptionsError("Two passes need a bitrate to aim at", "Add --output-video-bitrate")
    if (pictures := output_sequence_form(path)) is not None:
        return sequence_encoding(pictures, info, wish)
    form = _moving_form(path)
    if form in forms.ANIMATIONS:
        return animation_encoding(form, info, wish)
    return _video(form, _encoder(form, info, wish), info, wish)


def _moving_form(path: Path) -> Form:
    """Return the form of a moving output.

    Raises:
        OutputTypeError: the ending asks for none.
    """
    form = output_form(path, "video")
    if form.kind != "video":
        raise OutputTypeError(f"The output {path} asks for a picture, not a video", moving_hint(path))
    return form


def _encoder(form: Form, info: VideoInfo, wish: VideoWish) -> EncoderSpec:
    """Return the encoder that is asked for, or the usual one.

    Raises:
        OptionsError: there is no such encoder.
        OutputTypeError: the form does not hold what it makes.
    """
    if wish.encoder == "auto":
        return _usual_encoder(form, info, wish)
    spec = ENCODERS.get(wish.encoder)
    if spec is None:
        raise OptionsError(f"There is no video encoder {wish.encoder!r}", f"There are {', '.join(ENCODERS)}")
    if form.writer not in spec.muxers:
        endings = [suffix for other in forms.FORMS if other.writer in spec.muxers for suffix in other.suffixes]
        others = [name for name, other in ENCODERS.items() if form.writer in other.muxers and not other.needs]
        raise OutputTypeError(
            f"{form.name} files do not hold {spec.title} ({spec.name})",
            f"Choose one of the endings {', '.join(endings)}, or one of the encoders {', '.join(others)}",
        )
    return spec


def _usual_encoder(form: Form, info: VideoInfo, wish: VideoWish) -> EncoderSpec:
    deep = is_deep(info)
    width, height = wish.size_of(info.width, info.height)
    is_small = min(width, height) < X265.least_side
    if form is forms.WEBM:
        return SVT_AV1 if deep and not info.has_alpha and not is_small else VP9
    if info.has_alpha and form is forms.MOV:
        return PRORES
    if deep and _field_order(X264, info, height) != "progressive" and not info.has_alpha:
        return PRORES if form is forms.MOV and not wish.needs_quality and wish.bit_rate is None else X264
    if info.has_alpha and form is forms.MATROSKA:
        return FFV1 if deep else VP9
    return X265 if deep and not is_small else X264


def _video(form: Form, spec: EncoderSpec, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Return how a video is encoded.

    Raises:
        OutputTypeError: the encoder cannot do what is asked for.
    """
    width, height = wish.size_of(info.width, info.height)
    fields = _field_order(spec, info, height)
    keeps_lines = fields != "progressive" and Layout.of(info.pixel_format).sub_y == 0
    chosen = pixel_format(spec, info, width, height, keeps_lines=keeps_lines)
    pixels = Pixels(width, height, chosen, info.colour)
    hdr = info.hdr if info.colour.is_hdr else None
    encoding = Encoding(
        form=form,
        encoder=spec,
        pixels=pixels,
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        sample_aspect=info.pixel_aspect * Fraction(info.width * height, info.height * width),
        field_order=fields,
        hdr=hdr,
        bit_rate=wish.bit_rate,
        passes=wish.passes,
        is_final=wish.passes == 1,
    )
    _check(encoding, info, wish)
    return replace(
        encoding,
        codec_options=codec_options(spec, pixels, fields, hdr, wish) | dict(_siting(pixels, info)),
        notes=tuple(_notes(encoding, info)),
    )


def _field_order(spec: EncoderSpec, info: VideoInfo, height: int) -> FieldOrder:
    """Return the order of the fields where they can be kept as they are."""
    is_whole = spec is not X264 or height % _LINES_OF_FIELDS == 0
    return info.field_order if spec.has_fields and height == info.height and is_whole else "progressive"


def _siting(pixels: Pixels, info: VideoInfo) -> Iterator[tuple[str, str]]:
    """Yield the place of chroma among luma, where the samples stay as they are and it is not the usual one."""
    here, there = Layout.of(pixels.pixel_format), Layout.of(info.pixel_format)
    is_kept = (here.sub_x, here.sub_y) == (there.sub_x, there.sub_y)
    is_kept &= (pixels.width, pixels.height) == (info.width, info.height)
    if here.is_subsampled and is_kept and info.chroma_location not in _USUAL_SITING:
        yield "chroma_sample_location", info.chroma_location


def _check(encoding: Encoding, info: VideoInfo, wish: VideoWish) -> None:
    """Refuse what the encoder cannot do.

    Raises:
        OutputTypeError: it cannot.
    """
    spec, pixels = encoding.encoder, encoding.pixels
    if min(pixels.width, pixels.height) < spec.least_side:
        raise OutputTypeError(
            f"{spec.title} ({spec.name}) holds no side below {spec.least_side} pixels ({pixels.width}x{pixels.height})",
            "Choose another size or encoder",
        )
    if wish.needs_quality and not spec.quality_option:
        raise OutputTypeError(f"{spec.title} ({spec.name}) has no quality to set", "Leave it out")
    if wish.bit_rate is not None and not spec.has_bit_rate:
        raise OutputTypeError(f"{spec.title} ({spec.name}) does not aim at a bitrate", "Leave it out")
    if wish.passes > 1 and not spec.has_passes:
        able = " and ".join(name for name, other in ENCODERS.items() if other.has_passes)
        raise OutputTypeError(f"{spec.name} does not work in two passes", f"Of the encoders, {able} do")
    if pixels.colour.is_hdr and Layout.of(pixels.pixel_format).depth == 8:
        fitting = [name for name, other in ENCODERS.items() if encoding.form.writer in other.muxers and _is_deep(other)]
        raise OutputTypeError(
            f"{spec.title} ({spec.name}) holds 8 bits, too few for the high dynamic range of {info.path}",
            f"Choose one of {', '.join(fitting)}",
        )


def _is_deep(spec: EncoderSpec) -> bool:
    return not spec.needs and any(Layout.of(name).depth > 8 for name in spec.pixel_formats)


def _notes(encoding: Encoding, info: VideoInfo) -> Iterator[str]:
    """Yield what of the video the output does not hold."""
    spec, layout = encoding.encoder, Layout.of(encoding.pixels.pixel_format)
    if info.has_alpha and not layout.has_alpha:
        yield f"{spec.title} in {encoding.form.name} holds no transparency: that of {info.path} is left out"
    if info.bit_depth > layout.depth:
        yield f"{info.path} has {info.bit_depth} bits, and is written with {layout.depth}"
    if info.stored_format and layout.is_coarser(stored := Layout.of(info.stored_format)):
        told = "is RGB" if stored.kind == "rgb" else f"has chroma of {stored.sampling}"
        yield f"{info.path} {told}, and is written with {layout.sampling}"
    if info.field_order != "progressive" and encoding.field_order == "progressive":
        yield f"{info.path} is interlaced, and the output does not say so; --deinterlace makes it progressive"
