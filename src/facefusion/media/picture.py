"""Reading and writing pictures: always 8-bit RGB, upright, with alpha, ICC profile and EXIF beside the pixels."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from facefusion.errors import InputDamagedError, InputError, InputTypeError, OutputTypeError
from facefusion.media import forms
from facefusion.media.exif import read_exif, swaps_sides, turn, upright_bytes
from facefusion.media.faults import writing
from facefusion.media.forms import Form, output_form
from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo, check_pixels
from facefusion.media.pixels import Alpha, to_rgb
from facefusion.media.sniff import open_input, sniff
from facefusion.options import LimitOptions

# Naming the reader leaves Pillow nothing to guess, and its own limit on sizes, a warning, out of the way of ours.
_READERS: dict[str, type[ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
_NOT_READ = ("unknown pixel mode", "cannot handle ")  # how Pillow begins to say so, by the same error as of damage
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_WHITE = 255


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A still picture.

    Attributes:
        image: RGB uint8 (height, width, 3), upright.
        alpha: opacity, uint8 (height, width), 255 opaque; None where the picture has none.
        icc_profile: ICC profile of the RGB values.
        exif: EXIF block of the upright picture, without orientation and thumbnail.
    """

    image: Image
    alpha: Alpha | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None

    def with_image(self, image: Image) -> Picture:
        """Return this picture with other RGB values of the same size."""
        return Picture(image, self.alpha, self.icc_profile, self.exif)


def picture_info(path: Path, limits: LimitOptions) -> PictureInfo:
    """Read the header of a picture; raises what `read_picture` does, but for damage that only pixels show."""
    with _opened(path, limits) as (image, form):
        width, height = image.size
        if swaps_sides(turn(read_exif(image))):
            width, height = height, width
        return PictureInfo(path, form.name, width, height)


def read_picture(path: Path, limits: LimitOptions) -> Picture:
    """Read a PNG, JPEG, WebP, BMP or TIFF picture; of a TIFF file the first page.

    Raises:
        InputMissingError: there is no such file, or it may not be read.
        InputTypeError: it is no picture of these forms, is animated, or stores pixels in a way that is not read, such
            as floating point.
        InputDamagedError: it is empty, truncated or cannot be decoded.
        InputLimitError: its header states more than `limits.max_pixels`.
    """
    with _opened(path, limits) as (image, form):
        image.load()
        exif = read_exif(image)
        method = turn(exif)
        info = image.info
        upright: Pillow.Image = image if method is None else image.transpose(method)
        upright.info = info
        try:
            pixels = to_rgb(upright)
        except ValueError as error:
            raise InputTypeError(
                f"The {form.name} picture {path} has {error}, which are not read", "Save it with 8 bits"
            ) from error
        block = upright_bytes(exif, *upright.size, from_tiff=form is forms.TIFF)
        return Picture(pixels.image, pixels.alpha, pixels.icc_profile, block)


def write_picture(path: Path, picture: Picture, *, quality: int) -> None:
    """Write a PNG, JPEG or WebP picture, as the suffix of `path` asks.

    PNG keeps every value; JPEG is written with colour at full resolution (4:4:4); PNG and WebP keep the alpha, JPEG,
    which has none, shows transparent parts on white.

    Args:
        path: file to write; an unfinished one is left there on failure (see `atomic_output`).
        picture: what to write.
        quality: of JPEG and WebP, 1 to 100.

    Raises:
        OutputTypeError: pictures are not written in the form of this suffix, or it does not hold one of this size.
        OutputUnwritableError: the file cannot be written.
        DiskFullError: no space is left.
    """
    form = output_form(path)
    if form.kind != "picture":
        raise OutputTypeError(f"The output {path} asks for a video, not a picture", "Choose .png, .jpg or .webp")
    longest = max(picture.image.shape[:2])
    if longest > _LONGEST_SIDE.get(form.writer, longest):
        raise OutputTypeError(f"{form.name} does not hold a side of {longest} pixels ({path})", "Choose .png")
    encoded = io.BytesIO()
    _to_pillow(picture, form).save(encoded, form.writer, **_settings(picture, form, quality))
    with writing(path), path.open("wb") as file:
        file.write(encoded.getbuffer())


def _settings(picture: Picture, form: Form, quality: int) -> dict[str, Any]:
    """Return what Pillow's writer of this form is told."""
    settings: dict[str, Any] = {
        "JPEG": {"quality": quality, "subsampling": 0},
        "WEBP": {"quality": quality, "exact": True},
    }.get(form.writer, {})
    kept = {"icc_profile": picture.icc_profile, "exif": picture.exif}
    return settings | {name: value for name, value in kept.items() if value}


def _to_pillow(picture: Picture, form: Form) -> Pillow.Image:
    """Join colour and alpha as the form holds them."""
    if picture.alpha is None:
        return Pillow.fromarray(picture.image)
    if form.writer == "JPEG":
        opacity = picture.alpha[..., None].astype(np.float32) / _WHITE
        flat = picture.image * opacity + _WHITE * (1 - opacity)
        return Pillow.fromarray(np.rint(flat).astype(np.uint8))
    return Pillow.fromarray(np.dstack([picture.image, picture.alpha]))


@contextmanager
def _opened(path: Path, limits: LimitOptions) -> Iterator[tuple[ImageFile, Form]]:
    """Give a picture whose header has been read and whose size is within the limit."""
    with open_input(path) as file, warnings.catch_warnings():
        # Pillow warns of damage that is of no consequence to the pixels, such as EXIF cut short.
        warnings.simplefilter("ignore")
        form = sniff(file, path, "picture")
        try:
            with io.BufferedReader(file) as buffered, _READERS[form.reader](buffered) as image:
                check_pixels(path, *image.size, limits)
                if form in (forms.PNG, forms.WEBP) and getattr(image, "is_animated", False):
                    raise InputTypeError(f"The {form.name} picture {path} is animated", "Convert it to a video first")
                yield image, form
        except InputError:
            raise
        except _DAMAGE as error:
            raise _explained(error, path, form) from error


def _explained(error: Exception, path: Path, form: Form) -> InputError:
    """Return the error of the tree that tells what Pillow meant."""
    if isinstance(error, SyntaxError) and str(error).startswith(_NOT_READ):
        return InputTypeError(
            f"The {form.name} picture {path} stores pixels in a way that is not read ({error})", "Save it with 8 bits"
        )
    return InputDamagedError(
        f"The {form.name} picture {path} cannot be decoded: {str(error) or type(error).__name__}",
        "Copy it again or save it anew",
    )
