"""Choosing how a video is written, and refusing before any work what its container cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from facefusion.errors import OutputTypeError
from facefusion.media import forms
from facefusion.media.encoding.encoders import ENCODERS, FFV1, PRORES, SVT_AV1, VP9, X264, X265, EncoderSpec
from facefusion.media.encoding.wish import VideoWish
from facefusion.media.forms import Form, output_form
from facefusion.media.hdr import HdrMetadata
from facefusion.media.info import FieldOrder, VideoInfo
from facefusion.media.planes.fit import Pixels
from facefusion.media.planes.layout import Layout
from facefusion.media.sequence import output_sequence_form

__all__ = ["Encoding", "VideoWish", "choose_encoding"]

_USUAL_QUALITY = 18
_DEEP_PICTURES = ("PNG", "TIFF")
_FLAT_PICTURES = ("JPEG",)
_PRORES_PROFILES = {"yuv422p10le": "3", "yuv444p10le": "4", "yuva444p10le": "4"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one output is written.

    Attributes:
        form: the container, or the pictures of a sequence or an animation.
        encoder: what encodes; of sequences and animations, what keeps their frames until the end.
        pixels: size, pixel format and colour tags.
        frame_rate: frames a second on average.
        time_base: seconds per tick of the frames' times.
        sample_aspect: width of a pixel over its height.
        field_order: whether frames are interlaced, and which field comes first.
        hdr: the display that the colours were mastered on, where it is known.
        codec_options: the encoder's own.
        bit_rate: bits a second to aim at; None where a quality is meant.
        passes: 1 or 2.
        is_final: whether the segments hold the packets of the output; else they are lossless, and encoded when joined.
        notes: what the user should know; one sentence each.
    """

    form: Form
    encoder: EncoderSpec
    pixels: Pixels
    frame_rate: Fraction
    time_base: Fraction
    sample_aspect: Fraction = Fraction(1)
    field_order: FieldOrder = "progressive"
    hdr: HdrMetadata | None = None
    codec_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    bit_rate: int | None = None
    passes: int = 1
    is_final: bool = True
    notes: tuple[str, ...] = ()

    def key(self) -> dict[str, Any]:
        """Return everything that decides the bytes of the segments, as JSON values."""
        values = (self.pixels, self.frame_rate, self.time_base, self.sample_aspect, self.field_order, self.hdr)
        return {
            "form": self.form.name,
            "encoder": self.encoder.name,
            "values": [repr(value) for value in values],
            "options": dict(self.codec_options),
            "rate": [self.bit_rate, self.passes, self.is_final],
        }

    def kept(self) -> Encoding:
        """Return how the frames of the segments are kept: lossless, where the output is encoded only at the end."""
        if self.is_final:
            return self
        return replace(self, encoder=FFV1, codec_options=dict(FFV1.options), bit_rate=None, passes=1, is_final=True)


def choose_encoding(path: Path, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Choose how a video is written.

    With the encoder `auto`: H.264; HEVC for more than 8 bits; VP9 in WebM (AV1 for more than 8 bits); where the frames
    have alpha, ProRes 4444 in QuickTime, and VP9 or FFV1 in Matroska and WebM. 4:2:0 is written, which every player
    shows, but for odd sides, and by ProRes and FFV1, which keep what there is.

    Args:
        path: of the output; its ending chooses the form, and a pattern such as `%06d.png` a sequence.
        info: of the frames.
        wish: what the user asks for.

    Raises:
        OutputTypeError: the form is not written, or cannot hold what is asked for.
    """
    if (pictures := output_sequence_form(path)) is not None:
        return _sequence(pictures, info, wish)
    form = _moving_form(path)
    if form in forms.ANIMATIONS:
        return _animation(form, info, wish)
    spec = _encoder(form, info, wish)
    return _video(form, spec, info, wish)


def _moving_form(path: Path) -> Form:
    """Return the form of a moving output.

    Raises:
        OutputTypeError: the ending asks for none.
    """
    form = output_form(path, "video")
    if form.kind != "video":
        raise OutputTypeError(
            f"The output {path} asks for a picture, not a video",
            f"Choose one of {', '.join(forms.written_suffixes('video'))}",
        )
    return form


def _encoder(form: Form, info: VideoInfo, wish: VideoWish) -> EncoderSpec:
    """Return the encoder that is asked for, or the usual one."""
    if wish.encoder == "auto":
        return _usual_encoder(form, info)
    spec = ENCODERS[wish.encoder]
    if form.writer not in spec.muxers:
        endings = [suffix for other in forms.FORMS if other.writer in spec.muxers for suffix in other.suffixes]
        raise OutputTypeError(
            f"{form.name} files do not hold {spec.title} ({spec.name})", f"Choose one of {', '.join(endings)}"
        )
    return spec


def _usual_encoder(form: Form, info: VideoInfo) -> EncoderSpec:
    is_deep = _is_deep(info)
    if form is forms.WEBM:
        return SVT_AV1 if is_deep and not info.has_alpha else VP9
    if info.has_alpha and form is forms.MOV:
        return PRORES
    if info.has_alpha and form is forms.MATROSKA:
        return FFV1 if is_deep else VP9
    return X265 if is_deep else X264


def _video(form: Form, spec: EncoderSpec, info: VideoInfo, wish: VideoWish) -> Encoding:
    width, height = wish.size_of(info.width, info.height)
    pixel_format = _pixel_format(spec, info, width, height)
    field_order = info.field_order if spec.has_fields and height == info.height else "progressive"
    encoding = Encoding(
        form=form,
        encoder=spec,
        pixels=Pixels(width, height, pixel_format, info.colour),
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        sample_aspect=info.pixel_aspect * Fraction(info.width * height, info.height * width),
        field_order=field_order,
        hdr=info.hdr if info.colour.is_hdr else None,
        bit_rate=wish.bit_rate,
        passes=wish.passes,
        is_final=wish.passes == 1,
    )
    _check(encoding, info, wish)
    encoding = replace(encoding, codec_options=dict(_options(encoding, wish)))
    return replace(encoding, notes=tuple(_notes(encoding, info)))


def _pixel_format(spec: EncoderSpec, info: VideoInfo, width: int, height: int) -> str:
    """Return the pixel format nearest to what there is."""
    if spec in (FFV1, PRORES):
        return _nearest(spec, info)
    is_odd = (width % 2 or height % 2) and not spec.has_odd_sides
    sampling = "yuv444p" if is_odd else "yuv420p"
    alpha = sampling.replace("yuv", "yuva")
    deep = [f"{sampling}10le", "p010le"] if _is_deep(info) else []
    wanted = ([alpha] if info.has_alpha else []) + [*deep, sampling, *([] if is_odd else ["nv12"])]
    for name in wanted:
        if name in spec.pixel_formats:
            return name
    raise OutputTypeError(
        f"{spec.title} ({spec.name}) does not hold odd sides ({width}x{height})",
        "Choose an even size with --output-video-size or --crop, or another encoder",
    )


def _nearest(spec: EncoderSpec, info: VideoInfo) -> str:
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

    return min(spec.pixel_formats, key=loss)


def _check(encoding: Encoding, info: VideoInfo, wish: VideoWish) -> None:
    """Refuse what the encoder cannot do.

    Raises:
        OutputTypeError: it cannot.
    """
    spec = encoding.encoder
    if wish.quality is not None and not spec.quality_option:
        raise OutputTypeError(f"{spec.title} ({spec.name}) has no quality to set", "Leave it out")
    if wish.bit_rate is not None and not spec.has_bit_rate:
        raise OutputTypeError(f"{spec.title} ({spec.name}) does not aim at a bitrate", "Leave it out")
    if wish.passes > 1 and not spec.has_passes:
        able = " and ".join(name for name, other in ENCODERS.items() if other.has_passes)
        raise OutputTypeError(f"{spec.name} does not work in two passes", f"Of the encoders, {able} do")
    if encoding.pixels.colour.is_hdr and Layout.of(encoding.pixels.pixel_format).depth == 8:
        raise OutputTypeError(
            f"{spec.title} ({spec.name}) holds 8 bits, too few for the high dynamic range of {info.path}",
            "Choose libx265, libsvtav1, prores or ffv1",
        )


def _options(encoding: Encoding, wish: VideoWish) -> Iterator[tuple[str, str]]:
    """Yield the encoder's options."""
    spec = encoding.encoder
    yield from spec.options.items()
    if spec.presets:
        yield spec.preset_option, spec.presets[wish.preset]
    if spec.quality_option and wish.bit_rate is None:
        quality = _USUAL_QUALITY if wish.quality is None else wish.quality
        yield spec.quality_option, str(round(quality * spec.quality_scale))
    if spec is X264:
        yield from _x264(encoding)
    elif spec is X265:
        hdr = [] if encoding.hdr is None else [encoding.hdr.x265()]
        yield "x265-params", ":".join(["log-level=error", "open-gop=0", *hdr])
    elif spec is SVT_AV1 and encoding.hdr is not None:
        yield "svtav1-params", encoding.hdr.svt()
    elif spec is VP9:
        yield from [("b", "0")] if wish.bit_rate is None else []
        yield from [("auto-alt-ref", "0")] if "yuva" in encoding.pixels.pixel_format else []
    elif spec is PRORES:
        yield "profile", _PRORES_PROFILES[encoding.pixels.pixel_format]


def _x264(encoding: Encoding) -> Iterator[tuple[str, str]]:
    """Yield options that make x264 give the same file for the same frames, and keep fields as they are.

    Its AVX-512 code for the macroblock tree reads past the ends of rows at many widths (192, 320, 854, …), so that what
    happens to lie in memory sways the rate control. Its AVX2 code does not, at the same speed.
    """
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    words = ["asm=avx2"] if any(name.startswith("AVX512") for name in found) else []
    words += {"top": ["tff=1"], "bottom": ["bff=1"]}.get(encoding.field_order, [])
    if words:
        yield "x264-params", ":".join(words)


def _notes(encoding: Encoding, info: VideoInfo) -> Iterator[str]:
    """Yield what of the video the output does not hold."""
    spec, depth = encoding.encoder, Layout.of(encoding.pixels.pixel_format).depth
    if info.has_alpha and "a" not in encoding.pixels.pixel_format.removesuffix("le").replace("gray", ""):
        yield f"{spec.title} in {encoding.form.name} holds no transparency: that of {info.path} is left out"
    if info.bit_depth > depth:
        yield f"{info.path} has {info.bit_depth} bits, and is written with {depth}"
    if info.hdr is not None and spec not in (X265, SVT_AV1):
        yield f"{spec.title} ({spec.name}) does not say on what display {info.path} was mastered"
    if info.field_order != "progressive" and encoding.field_order == "progressive":
        yield f"{info.path} is interlaced, and the output does not say so; --deinterlace makes it progressive"


def _sequence(form: Form, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Return how a sequence of pictures is written."""
    _refuse_encoder(form, wish)
    width, height = wish.size_of(info.width, info.height)
    is_deep = info.bit_depth > 8 and form.name in _DEEP_PICTURES
    has_alpha = info.has_alpha and form.name not in _FLAT_PICTURES
    name = {(False, False): "rgb24", (False, True): "rgba", (True, False): "rgb48le", (True, True): "rgba64le"}
    encoding = Encoding(
        form=form,
        encoder=FFV1,
        pixels=Pixels(width, height, name[is_deep, has_alpha], info.colour),
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        codec_options={"quality": str(wish.picture_quality)},
    )
    notes = [f"{form.name} pictures hold no sound: that of {info.path} is left out"] if info.has_audio else []
    return replace(encoding, notes=tuple(notes))


def _animation(form: Form, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Return how a moving picture is written: lossless until all frames are there."""
    _refuse_encoder(form, wish)
    width, height = wish.size_of(info.width, info.height)
    quality = _USUAL_QUALITY if wish.quality is None else wish.quality
    encoding = Encoding(
        form=form,
        encoder=FFV1,
        pixels=Pixels(width, height, "bgra" if info.has_alpha else "bgr0", info.colour),
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        codec_options={"quality": str(round(100 - quality * 100 / 51))},
        is_final=False,
    )
    notes = [f"{form.name} files hold no sound: that of {info.path} is left out"] if info.has_audio else []
    return replace(encoding, notes=tuple(notes))


def _refuse_encoder(form: Form, wish: VideoWish) -> None:
    """Refuse what is asked of an encoder where none has a say.

    Raises:
        OutputTypeError: something is asked.
    """
    if wish.encoder != "auto" or wish.bit_rate is not None:
        raise OutputTypeError(f"{form.name} has no encoder to choose and no bitrate to aim at", "Leave them out")


def _is_deep(info: VideoInfo) -> bool:
    return info.bit_depth > 8 or info.colour.is_hdr
