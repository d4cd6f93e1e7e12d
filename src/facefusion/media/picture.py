"""Reading and writing pictures: RGB, upright, with alpha, ICC profile and EXIF beside the pixels."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from facefusion.errors import InputDamagedError, InputError, InputLimitError, InputTypeError, OutputTypeError
from facefusion.media import forms
from facefusion.media.exif import read_exif, swaps_sides, turn, turned, upright_bytes
from facefusion.media.faults import writing
from facefusion.media.forms import Form, output_form, written_suffixes
from facefusion.media.frame import Image, resized
from facefusion.media.info import PictureInfo, check_pixels
from facefusion.media.pixels import Alpha, stores_alpha, to_rgb
from facefusion.media.region import Rectangle
from facefusion.media.shown import reason
from facefusion.media.sniff import open_input, sniff
from facefusion.media.still.deep import Deep, Samples, changed, read_deep, stated_depth, to_8_bits, to_16_bits
from facefusion.media.still.encode import LONGEST_EXIF, LONGEST_SIDE, encode
from facefusion.media.still.header import HEADER_BYTES, stated_size
from facefusion.media.still.pages import has_several_pages
from facefusion.media.still.scans import count_scans
from facefusion.options import LimitOptions

# Naming the reader leaves Pillow nothing to guess, and its own limit on sizes, a warning, out of the way of ours.
_READERS: dict[str, type[ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, RuntimeError),
    *(struct.error, zlib.error),
)
_DEEP = (forms.PNG, forms.AVIF, forms.TIFF)
_MOST_SCANS = 100  # encoders make about ten
_NOT_READ = ("unknown pixel mode", "cannot handle ")  # how Pillow begins to say so, by the same error as of damage


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A still picture.

    Attributes:
        image: RGB uint8 (height, width, 3), upright.
        alpha: opacity, uint8 (height, width), 255 opaque; None where the picture has none.
        icc_profile: ICC profile of the RGB values.
        exif: EXIF block of the upright picture, without orientation and thumbnail.
        deep: the RGB values with 16 bits, uint16 (height, width, 3), of which `image` is the 8-bit view; None where the
            picture has no more than 8.
        deep_alpha: opacity with 16 bits, uint16 (height, width); None where there is none, or `deep` is None.
    """

    image: Image
    alpha: Alpha | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    deep: Samples | None = None
    deep_alpha: Samples | None = None

    def with_image(self, image: Image) -> Picture:
        """Return this picture with other RGB values of the same size.

        Of 16-bit values those that did not change stay as they are, bit by bit; the others move by as much.
        """
        return replace(self, image=image, deep=None if self.deep is None else changed(self.deep, image))

    def enlarged(self, image: Image) -> Picture:
        """Return this picture at another scale, with these RGB values; opacity and finer gradation are scaled along."""
        height, width = image.shape[:2]
        both = (self.deep, self.deep_alpha)
        deep, deep_alpha = (None if each is None else _smooth(each, width, height) for each in both)
        return Picture(
            image=image,
            alpha=None if self.alpha is None else resized(self.alpha, width, height),
            icc_profile=self.icc_profile,
            exif=_exif_of(self.exif, width, height),
            deep=None if deep is None else changed(deep, image),
            deep_alpha=deep_alpha,
        )

    def with_opacity(self, opacity: Alpha) -> Picture:
        """Return this picture with an opacity, uint8 (height, width), on top of its own."""
        share = opacity * np.float32(1 / 255)
        deep = None if self.deep is None else to_16_bits(opacity)
        if self.deep_alpha is not None:
            deep = np.rint(self.deep_alpha * share).astype(np.uint16)
        return replace(
            self,
            alpha=opacity if self.alpha is None else np.rint(self.alpha * share).astype(np.uint8),
            deep_alpha=deep,
        )

    def with_opaque(self, part: Rectangle) -> Picture:
        """Return this picture with a part that is seen whatever its opacity was."""
        alpha = None if self.alpha is None else self.alpha.copy()
        deep_alpha = None if self.deep_alpha is None else self.deep_alpha.copy()
        for opacity in (alpha, deep_alpha):
            if opacity is not None:
                opacity[part.slices] = np.iinfo(opacity.dtype).max
        return replace(self, alpha=alpha, deep_alpha=deep_alpha)

    def cropped(self, region: Rectangle) -> Picture:
        """Return a part of this picture, which lies inside it."""
        return Picture(
            image=np.ascontiguousarray(self.image[region.slices]),
            alpha=None if self.alpha is None else np.ascontiguousarray(self.alpha[region.slices]),
            icc_profile=self.icc_profile,
            exif=_exif_of(self.exif, region.width, region.height),
            deep=None if self.deep is None else np.ascontiguousarray(self.deep[region.slices]),
            deep_alpha=None if self.deep_alpha is None else np.ascontiguousarray(self.deep_alpha[region.slices]),
        )


def _exif_of(exif: bytes | None, width: int, height: int) -> bytes | None:
    """Return the EXIF block of a picture that has got another size."""
    parsed = Pillow.Exif()
    parsed.load(exif or b"")
    return upright_bytes(parsed, width, height, from_tiff=False)


def _smooth(samples: Samples, width: int, height: int) -> Samples:
    """Return samples in another size."""
    return np.asarray(cv2.resize(samples, (width, height), interpolation=cv2.INTER_CUBIC), np.uint16)


def picture_info(path: Path, limits: LimitOptions, *, file: FileIO | None = None) -> PictureInfo:
    """Read the header of a picture; as `read_picture`, but for damage that only pixels show."""
    with _opened(path, limits, file) as (image, form, content):
        width, height = image.size
        if swaps_sides(turn(read_exif(image))):
            width, height = height, width
        content.seek(0)
        depth = stated_depth(content.read(-1 if form is forms.AVIF else HEADER_BYTES), image) if form in _DEEP else 8
        return PictureInfo(path, form.name, width, height, depth, stores_alpha(image))


def read_picture(path: Path, limits: LimitOptions, *, file: FileIO | None = None) -> Picture:
    """Read a PNG, JPEG, WebP, AVIF, TIFF, BMP or (unmoving) GIF picture.

    PNG and TIFF of 16 bits and AVIF of 10 and 12 bits keep them in `Picture.deep`; of a TIFF that stores each colour
    apart (planar) 8 bits are read.

    Args:
        path: the file.
        limits: what is refused.
        file: the file, open; opened by name where it is not given. It is closed in the end.

    Raises:
        InputMissingError: there is no such file, or it may not be read.
        InputTypeError: it is no picture of these forms, is animated, has several pages, or stores pixels in a way that
            is not read, such as floating point.
        InputDamagedError: it is empty, truncated or cannot be decoded.
        InputLimitError: its header states more than `limits.max_pixels`.
    """
    with _opened(path, limits, file) as (image, form, content):
        image.load()
        content.seek(0)
        deep = read_deep(content.read(), image) if form in _DEEP else None
        exif = read_exif(image)
        method = turn(exif)
        info = image.info
        upright: Pillow.Image = image if method is None else image.transpose(method)
        upright.info = info
        try:
            pixels = to_rgb(upright)
        except ValueError as error:
            raise InputTypeError(
                f"The {form.name} picture {path} has {error}, which are not read", "Save it as PNG with 8 or 16 bits"
            ) from error
        block = upright_bytes(exif, *upright.size, from_tiff=form is forms.TIFF)
    if deep is None:
        return Picture(pixels.image, pixels.alpha, pixels.icc_profile, block)
    return _of_deep(deep, method, pixels.icc_profile, block)


def write_picture(path: Path, picture: Picture, *, quality: int) -> tuple[str, ...]:
    """Write a PNG, JPEG, WebP, AVIF or TIFF picture, as the suffix of `path` asks.

    PNG and TIFF keep every value, with 16 bits where the picture has them; the others hold 8 bits. JPEG and AVIF are
    written with colour at full resolution (4:4:4). All but JPEG keep the alpha; JPEG shows transparent parts on white.

    Args:
        path: file to write; an unfinished one is left there on failure (see `atomic_output`).
        picture: what to write.
        quality: of JPEG, WebP and AVIF, 1 to 100.

    Returns:
        what of the picture's particulars the form does not hold; one sentence each.

    Raises:
        OutputTypeError: pictures are not written in the form of this suffix, or it does not hold one of this size.
        OutputUnwritableError: the file cannot be written.
        DiskFullError: no space is left.
    """
    form = output_form(path, "picture")
    if form.kind != "picture":
        raise OutputTypeError(
            f"The output {path} asks for a video, not a picture",
            f"Choose one of {', '.join(written_suffixes('picture'))}",
        )
    longest = max(picture.image.shape[:2])
    if longest > LONGEST_SIDE.get(form.writer, longest):
        raise OutputTypeError(f"{form.name} does not hold a side of {longest} pixels ({path})", "Choose .png")
    deep = None if picture.deep is None else Deep(picture.deep, picture.deep_alpha)
    size = len(picture.exif or b"")
    holds_exif = size <= LONGEST_EXIF.get(form.writer, size)
    content = encode(
        form,
        picture.image,
        picture.alpha,
        deep=deep,
        quality=quality,
        icc_profile=picture.icc_profile,
        exif=picture.exif if holds_exif else None,
    )
    with writing(path), path.open("wb") as file:
        file.write(content)
    return () if holds_exif else (f"{form.name} files do not hold EXIF of {size} bytes: it is left out",)


def _of_deep(deep: Deep, method: Pillow.Transpose | None, icc_profile: bytes | None, exif: bytes | None) -> Picture:
    """Make a picture of 16-bit samples, with its 8-bit view."""
    samples = turned(deep.image, method)
    opacity = None if deep.alpha is None else turned(deep.alpha, method)
    return Picture(
        to_8_bits(samples), None if opacity is None else to_8_bits(opacity), icc_profile, exif, samples, opacity
    )


@contextmanager
def _opened(path: Path, limits: LimitOptions, given: FileIO | None) -> Iterator[tuple[ImageFile, Form, IO[bytes]]]:
    """Give a picture whose header has been read and whose size is within the limit, its form and its file."""
    with open_input(path) if given is None else given as file, warnings.catch_warnings():
        # Pillow warns of damage that is of no consequence to the pixels, such as EXIF cut short.
        warnings.simplefilter("ignore")
        form = sniff(file, path, "picture")
        try:
            with io.BufferedReader(file) as buffered:
                _check_before(buffered, path, form, limits)
                buffered.seek(0)
                with _READERS[form.reader](buffered) as image:
                    check_pixels(path, *image.size, limits)
                    if form is not forms.TIFF and getattr(image, "is_animated", False):
                        raise InputTypeError(
                            f"The {form.name} picture {path} is animated", "Convert it to a video first"
                        )
                    yield image, form, buffered
        except InputError:
            raise
        except Pillow.DecompressionBombError as error:
            raise InputLimitError(f"The {form.name} picture {path} is too large: {error}", "Make it smaller") from error
        except _DAMAGE as error:
            raise _explained(error, path, form) from error


def _check_before(file: IO[bytes], path: Path, form: Form, limits: LimitOptions) -> None:
    """Refuse what must not even be opened by Pillow."""
    if size := stated_size(file.read(HEADER_BYTES), form):
        check_pixels(path, *size, limits)
    if form is forms.JPEG:
        file.seek(0)
        if (scans := count_scans(file.read())) > _MOST_SCANS:
            raise InputDamagedError(f"The JPEG picture {path} has {scans} scans", "Save it anew")
    if form is forms.TIFF and has_several_pages(file):
        raise InputTypeError(f"The TIFF picture {path} has several pages", "Save the one you want as a file of its own")


def _explained(error: Exception, path: Path, form: Form) -> InputError:
    """Return the error of the tree that tells what Pillow meant."""
    if isinstance(error, SyntaxError) and str(error).startswith(_NOT_READ):
        return InputTypeError(
            f"The {form.name} picture {path} stores pixels in a way that is not read ({reason(error)})",
            "Save it as PNG with 8 or 16 bits",
        )
    return InputDamagedError(
        f"The {form.name} picture {path} cannot be decoded: {reason(error)}",
        "Copy it again or save it anew",
    )
