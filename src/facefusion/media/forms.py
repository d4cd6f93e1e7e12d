"""Which forms of pictures and videos are read and written, and by which suffix an output asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facefusion.errors import OutputTypeError

Kind = Literal["picture", "video"]


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which pictures or videos are stored.

    Attributes:
        name: as people call it.
        kind: whether it holds a picture or a video.
        reader: Pillow plug-in or libavformat demuxer that reads it; exactly this one is ever used.
        writer: Pillow plug-in or libavformat muxer that writes it; empty where it is only read.
        suffixes: endings of file names that ask for it, lower case; the first is the usual one.
    """

    name: str
    kind: Kind
    reader: str
    writer: str = ""
    suffixes: tuple[str, ...] = ()


PNG = Form("PNG", "picture", "PNG", "PNG", (".png",))
JPEG = Form("JPEG", "picture", "JPEG", "JPEG", (".jpg", ".jpeg"))
WEBP = Form("WebP", "picture", "WEBP", "WEBP", (".webp",))
AVIF = Form("AVIF", "picture", "AVIF", "AVIF", (".avif",))
TIFF = Form("TIFF", "picture", "TIFF", "TIFF", (".tiff", ".tif"))
BMP = Form("BMP", "picture", "BMP")
GIF = Form("GIF", "picture", "GIF")

ANIMATED_GIF = Form("animated GIF", "video", "gif", "gif", (".gif",))
ANIMATED_PNG = Form("animated PNG", "video", "apng", "apng", (".apng",))
ANIMATED_WEBP = Form("animated WebP", "video", "WEBP", "webp", (".webp",))  # libavformat has no demuxer for it
ANIMATIONS = (ANIMATED_GIF, ANIMATED_PNG, ANIMATED_WEBP)
"""Pictures that move."""

MP4 = Form("MP4", "video", "mov", "mp4", (".mp4", ".m4v"))
MOV = Form("QuickTime", "video", "mov", "mov", (".mov",))
MATROSKA = Form("Matroska", "video", "matroska", "matroska", (".mkv",))
WEBM = Form("WebM", "video", "matroska", "webm", (".webm",))
AVI = Form("AVI", "video", "avi")
MPEG_TS = Form("MPEG-TS", "video", "mpegts")
MPEG_PS = Form("MPEG-PS", "video", "mpeg")
FLV = Form("FLV", "video", "flv")
OGG = Form("Ogg", "video", "ogg")
ASF = Form("ASF", "video", "asf")
MXF = Form("MXF", "video", "mxf")
DV = Form("DV", "video", "dv")

FORMS: tuple[Form, ...] = (
    *(PNG, JPEG, WEBP, AVIF, TIFF, BMP, GIF),
    *ANIMATIONS,
    *(MP4, MOV, MATROSKA, WEBM, AVI, MPEG_TS, MPEG_PS, FLV, OGG, ASF, MXF, DV),
)


def written_suffixes(kind: Kind | None = None) -> tuple[str, ...]:
    """Return the suffixes of forms that are written, of one kind or of both."""
    fitting = (form for form in FORMS if form.writer and kind in (None, form.kind))
    return tuple(dict.fromkeys(suffix for form in fitting for suffix in form.suffixes))


def output_form(path: Path, kind: Kind | None = None) -> Form:
    """Return the form that the suffix of `path` asks for.

    Args:
        path: of the output.
        kind: what will be written, where that is known: some endings serve pictures and animations alike.

    Raises:
        OutputTypeError: no form of this suffix is written.
    """
    fitting = [form for form in FORMS if form.writer and path.suffix.lower() in form.suffixes]
    for form in sorted(fitting, key=lambda form: form.kind != kind):
        return form
    asked = f"has the ending {path.suffix!r}, which is not written" if path.suffix else "has no ending to tell its form"
    raise OutputTypeError(f"The output {path} {asked}", f"Choose one of {', '.join(written_suffixes(kind))}")
