"""Writing marks into a finished file, and reading them from any."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO, FileIO
from pathlib import Path
from typing import IO

from facefusion.errors import DisclosureError, InputError
from facefusion.media.faults import writing
from facefusion.media.forms import Form
from facefusion.media.muxing import is_ebml, is_iso
from facefusion.media.sniff import open_input, sniff
from facefusion.trust.metadata import avif, gif, jpeg, matroska, mp4, png, tiff, webp
from facefusion.trust.metadata.marks import Marks, parsed_aigc
from facefusion.trust.metadata.splice import Edit, splice
from facefusion.trust.metadata.xmp import SENTENCES, marks_in, packet

_NAMES = ("AIGC", "DIGITAL_SOURCE_TYPE", "CREATOR_TOOL", "AI_SYSTEM_USED", "AI_DISCLOSURE")
"""Of tags in Matroska; MP4 has the first."""
_AIGC, _SOURCE_TYPE, _TOOL, _MODELS, _SENTENCE = _NAMES
_DAMAGE = (ValueError, struct.error, IndexError, KeyError, OverflowError, RecursionError)
"""What looking through a damaged file raises; none of it leaves this module."""

_WRITERS: dict[str, Callable[[IO[bytes], Callable[[bytes], bytes]], list[Edit]]] = {
    "PNG": png.packet_edits,
    "apng": png.packet_edits,
    "JPEG": jpeg.packet_edits,
    "WEBP": webp.packet_edits,
    "webp": webp.packet_edits,
    "gif": gif.packet_edits,
    "TIFF": tiff.packet_edits,
    "AVIF": avif.packet_edits,
}
_READERS: dict[str, Callable[[IO[bytes]], bytes]] = {
    "PNG": png.read_packet,
    "apng": png.read_packet,
    "JPEG": jpeg.read_packet,
    "WEBP": webp.read_packet,
    "GIF": gif.read_packet,
    "gif": gif.read_packet,
    "TIFF": tiff.read_packet,
    "AVIF": avif.read_packet,
}


def stream_tags(marks: Marks, form: Form) -> dict[str, str]:
    """Return marks as tags of the container, for a muxer.

    MP4 and QuickTime hold the AIGC object so, where tags may have any name; what the muxer has written already, `embed`
    leaves where it is, so that the index need not grow. Matroska and WebM hold all marks so.

    Args:
        marks: what to say.
        form: of the video; none of the others has tags.
    """
    if is_ebml(form):
        return _tags(marks)
    return {_AIGC: marks.aigc} if is_iso(form) else {}


def embed(path: Path, form: Form, marks: Marks) -> None:
    """Write marks into a finished file.

    Not a pixel and not a packet is encoded anew. XMP, EXIF, colour profiles, tags and chapters that the file has stay;
    marks that it has are replaced. A file that is only overwritten and appended to is changed in place; any other is
    copied, and the copy takes its place when it is whole.

    Args:
        path: of the file.
        form: in which it was written.
        marks: what to say.

    Raises:
        DisclosureError: the form does not hold marks, the file cannot take them, or they may not be written.
        DiskFullError: no space is left.
        OutputUnwritableError: the system refuses.
    """
    marks.check()
    with writing(path), path.open("rb", buffering=0) as file:
        try:
            edits = _edits(file, form, marks)
        except _DAMAGE as error:
            raise DisclosureError(
                f"The {form.name} output cannot bear its metadata marks: {error}", "Choose another form for the output"
            ) from error
    splice(path, edits)


def with_marks(content: bytes, marks: Marks) -> bytes:
    """Return the bytes of a JPEG picture with marks in them, as `embed` writes them into a file.

    Args:
        content: the picture.
        marks: what to say.

    Raises:
        DisclosureError: the marks may not be written.
    """
    marks.check()
    parts, place = [], 0
    for edit in _jpeg_edits(content, marks):
        parts += [content[place : edit.start], edit.content]
        place = edit.end
    return b"".join((*parts, content[place:]))


def _jpeg_edits(content: bytes, marks: Marks) -> list[Edit]:
    try:
        return sorted(jpeg.packet_edits(BytesIO(content), partial(packet, marks)), key=lambda edit: edit.start)
    except _DAMAGE as error:
        raise DisclosureError(f"A picture cannot bear its metadata marks: {error}", "Shorten the texts of marks") from (
            error
        )


def read_marks(path: Path) -> Marks | None:
    """Read the marks of a file, also of one by others; None where it has none, is damaged, or is of a form without.

    Of the file only a few megabytes are ever held, whatever it claims.

    Raises:
        InputMissingError: there is no such file, or it may not be read.
        InputTypeError: a folder, a pipe or a device.
        InputDamagedError: the file is empty.
    """
    with open_input(path) as file:
        try:
            return _marks_of(file, path)
        except (*_DAMAGE, InputError):
            return None


class _Making:
    """Makes a packet, and knows whether it is another one.

    Args:
        make: makes it of the one that is there.

    Attributes:
        is_new: whether it was not there already.
    """

    def __init__(self, make: Callable[[bytes], bytes]) -> None:
        self._make = make
        self.is_new = True

    def __call__(self, old: bytes) -> bytes:
        new = self._make(old)
        self.is_new = new != old
        return new


def _edits(file: IO[bytes], form: Form, marks: Marks) -> list[Edit]:
    if is_iso(form):
        return mp4.mark_edits(file, partial(packet, marks, aigc=False), marks.aigc)
    if is_ebml(form):
        return matroska.tag_edits(file, _tags(marks))
    if form.writer not in _WRITERS:
        raise ValueError("this form holds none")
    make = _Making(partial(packet, marks))
    edits = _WRITERS[form.writer](file, make)
    return edits if make.is_new else []


def _marks_of(file: FileIO, path: Path) -> Marks | None:
    reader = sniff(file, path).reader
    if reader == "mov":
        return _of_movie(file)
    if reader == "matroska":
        return _of_tags(matroska.read_tags(file, _NAMES))
    return marks_in(_READERS[reader](file)) if reader in _READERS else None


def _tags(marks: Marks) -> dict[str, str]:
    """Return marks as tags of a Matroska file."""
    tags = {_AIGC: marks.aigc, _SOURCE_TYPE: marks.source_type, _TOOL: marks.tool, _MODELS: ", ".join(marks.models)}
    sentence = " ".join(dict.fromkeys(SENTENCES.values()))
    return {name: value for name, value in tags.items() if value} | {_SENTENCE: sentence}


def _of_tags(tags: dict[str, str]) -> Marks | None:
    """Return the marks that tags of a Matroska file hold."""
    aigc = parsed_aigc(tags.get(_AIGC, ""))
    source_type = tags.get(_SOURCE_TYPE, "")
    if aigc is None and not source_type:
        return None
    models = tuple(name for name in tags.get(_MODELS, "").split(", ") if name)
    return Marks.of(aigc or {}, source_type=source_type, tool=tags.get(_TOOL, ""), models=models)


def _of_movie(file: IO[bytes]) -> Marks | None:
    """Return the marks of an MP4 or QuickTime file: what it says of itself in two places."""
    described = marks_in(mp4.read_packet(file))
    aigc = parsed_aigc(mp4.read_aigc(file))
    if aigc is None:
        return described
    named = Marks.of(aigc)
    if described is None:
        return named
    return replace(named, source_type=described.source_type, tool=described.tool, models=described.models)
