"""How moving pictures and sequences of pictures are written."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from facefusion.errors import OutputTypeError
from facefusion.media import forms
from facefusion.media.colour import ColourTags
from facefusion.media.encoding.encoders import FFV1
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.parameters import USUAL_QUALITY
from facefusion.media.encoding.wish import VideoWish
from facefusion.media.forms import Form
from facefusion.media.info import VideoInfo
from facefusion.media.planes.fit import Pixels

_DEEP_PICTURES = ("PNG", "TIFF")
_FLAT_PICTURES = ("JPEG",)
_WORST_QUALITY = 51
_LONGEST_SIDE = 65_535
_LONGEST_SIDES = {forms.JPEG: 65_500, forms.WEBP: 16_383, forms.ANIMATED_WEBP: 16_383}


def sequence_encoding(form: Form, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Return how a sequence of pictures is written.

    Its pixels are square: few forms could tell of others, and fewer viewers would listen.

    Raises:
        OutputTypeError: something is asked of an encoder, and there is none, or it is too large for the form.
    """
    _refuse_encoder(form, wish)
    if wish.needs_quality:
        raise OutputTypeError(f"{form.name} pictures have no video quality", "Use --output-image-quality for them")
    width, height = _square_size(form, info, wish)
    is_deep = info.bit_depth > 8 and form.name in _DEEP_PICTURES
    has_alpha = info.has_alpha and form.name not in _FLAT_PICTURES
    name = {(False, False): "rgb24", (False, True): "rgba", (True, False): "rgb48le", (True, True): "rgba64le"}
    return Encoding(
        form=form,
        encoder=FFV1,
        pixels=Pixels(width, height, name[is_deep, has_alpha], _shown(info)),
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        codec_options={"quality": str(wish.picture_quality)},
        notes=tuple(_notes(form, info, has_alpha=has_alpha, depth=16 if is_deep else 8)),
    )


def animation_encoding(form: Form, info: VideoInfo, wish: VideoWish) -> Encoding:
    """Return how a moving picture is written: its frames are kept without loss until all are there.

    Its pixels are square, as viewers take them to be.

    Raises:
        OutputTypeError: something is asked that the form does not have, or it is too large for it.
    """
    _refuse_encoder(form, wish)
    if wish.needs_quality and form is not forms.ANIMATED_WEBP:
        raise OutputTypeError(f"{form.name} files have no quality to set", "Leave it out")
    width, height = _square_size(form, info, wish)
    quality = USUAL_QUALITY if wish.quality is None else wish.quality
    return Encoding(
        form=form,
        encoder=FFV1,
        pixels=Pixels(width, height, "bgra" if info.has_alpha else "bgr0", _shown(info)),
        frame_rate=info.frame_rate,
        time_base=info.time_base,
        codec_options={"quality": str(round(100 - quality * Fraction(100, _WORST_QUALITY)))},
        is_final=False,
        notes=tuple(_notes(form, info, has_alpha=info.has_alpha, depth=8)),
    )


def _square_size(form: Form, info: VideoInfo, wish: VideoWish) -> tuple[int, int]:
    """Return the size that is asked for, in square pixels.

    Raises:
        OutputTypeError: the form holds none as large.
    """
    width, height = wish.size_of(info.shown_width, info.height)
    longest = _LONGEST_SIDES.get(form, _LONGEST_SIDE)
    if max(width, height) > longest:
        raise OutputTypeError(
            f"{form.name} files hold no sides above {longest} pixels ({width}x{height})",
            "Choose a size with --output-video-size",
        )
    return width, height


def _shown(info: VideoInfo) -> ColourTags:
    """Return the tags of pictures: they say nothing, so high dynamic range is brought down for ordinary screens."""
    return ColourTags() if info.colour.is_hdr else info.colour


def _notes(form: Form, info: VideoInfo, *, has_alpha: bool, depth: int) -> Iterator[str]:
    """Yield what pictures do not hold of a video's frames."""
    if info.has_alpha and not has_alpha:
        yield f"{form.name} files hold no transparency: that of {info.path} is left out"
    if has_alpha and form is forms.ANIMATED_GIF and info.codec != "gif":
        yield f"{form.name} files hold nothing half transparent: that of {info.path} is made opaque or left out"
    if info.bit_depth > depth:
        yield f"{info.path} has {info.bit_depth} bits, and is written with {depth}"
    if info.field_order != "progressive":
        yield f"{info.path} is interlaced, and the output does not say so; --deinterlace makes it progressive"
    if info.colour.is_hdr:
        yield f"{form.name} files hold no high dynamic range: {info.path} is written as it looks on an ordinary screen"


def _refuse_encoder(form: Form, wish: VideoWish) -> None:
    """Refuse what is asked of an encoder where none has a say.

    Raises:
        OutputTypeError: something is asked.
    """
    if wish.encoder != "auto" or wish.bit_rate is not None:
        raise OutputTypeError(f"{form.name} has no encoder to choose and no bitrate to aim at", "Leave them out")
