"""Choosing what of a source an output can hold, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from av.packet import Packet
from av.stream import AttachmentStream, Disposition, Stream
from av.video.stream import VideoStream

from facefusion.errors import OutputTypeError
from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.shown import shown
from facefusion.media.source import VideoSource
from facefusion.media.tracks.carriers import Carrier, Copy, TextConversion, codec_name, is_text
from facefusion.media.tracks.flags import flags_not_held
from facefusion.media.tracks.tags import Tags, container_tags
from facefusion.media.tracks.trial import holds
from facefusion.options import OutputOptions

_TEXT = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
_CHAPTER_HANDLERS = frozenset(("SubtitleHandler", "Apple Text Media Handler", "Text Media Handler"))
_COVER_NAMES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}

Firsts = Mapping[int, "Packet[Any]"]
"""The first packet of streams by their index; one that starts very late has none."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within a file, such as a font or a cover.

    Attributes:
        name: of the file.
        mime_type: of its content.
        data: its content.
    """

    name: str
    mime_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes from a source to an output.

    Attributes:
        carriers: of its streams, in their order.
        attachments: files within.
        tags: of the whole file.
        notes: what cannot be carried on, or only in part; a sentence each.
    """

    carriers: tuple[Carrier, ...]
    attachments: tuple[Attachment, ...]
    tags: Tags
    notes: tuple[str, ...]


def choose(source: VideoSource, firsts: Firsts, form: Form, options: OutputOptions) -> Chosen:
    """Choose everything that is wanted and that the form holds.

    Raises:
        OutputTypeError: the form does not hold this sound.
    """
    carriers: list[Carrier] = []
    attachments: list[Attachment] = []
    notes: list[str] = []
    for item in _items(source, firsts, form, options):
        if isinstance(item, str):
            notes.append(item)
        elif isinstance(item, Attachment):
            attachments.append(item)
        else:
            carriers.append(item)
    tags = Tags({})
    if options.keep_metadata:
        tags = container_tags(source.container, form, has_cover=any(carrier.is_first for carrier in carriers))
    if tags.lost:
        notes.append(f"Tags left out, which {form.name} files do not hold beside a cover: {', '.join(tags.lost)}")
    notes.extend(flags_not_held([carrier.stream for carrier in carriers], form))
    return Chosen(tuple(carriers), tuple(attachments), tags, tuple(notes))


def wanted_streams(source: VideoSource, options: OutputOptions) -> tuple[Stream, ...]:
    """Return the streams of which packets are read."""
    streams = source.container.streams
    sound = streams.audio if options.keep_audio else ()
    subtitles = streams.subtitles if options.keep_subtitles else ()
    covers = _covers(source) if options.keep_metadata else ()
    return (*sound, *subtitles, *covers)


def _items(
    source: VideoSource, firsts: Firsts, form: Form, options: OutputOptions
) -> Iterator[Carrier | Attachment | str]:
    """Yield what becomes of each stream: a carrier, an attachment, a note, or nothing where it is not wanted."""
    streams = source.container.streams
    if options.keep_audio:
        yield from _sound(source, firsts, form)
    if options.keep_subtitles:
        for stream in streams.subtitles:
            yield from _subtitles(stream, form)
        for attached in streams.attachments:
            yield _attachment(attached, form)
    if options.keep_metadata:
        for cover in _covers(source):
            yield from _cover(cover, firsts.get(cover.index), form)
    has_chapters = bool(source.container.chapters())
    for data in streams.data:
        if not _is_told_otherwise(data, has_chapters=has_chapters):
            yield f"A track of data ({_data_name(data)}) is left out"


def _sound(source: VideoSource, firsts: Firsts, form: Form) -> Iterator[Carrier]:
    """Copy all sound, or refuse."""
    for stream in source.container.streams.audio:
        if not holds(form, Copy(stream), firsts.get(stream.index)):
            raise OutputTypeError(
                f"{form.name} files do not hold the sound of {source.path} ({codec_name(stream)})",
                _other_choice(source, firsts),
            )
        yield Copy(stream)


def _other_choice(source: VideoSource, firsts: Firsts) -> str:
    """Say which other form would hold all the sound, if one does."""
    for form in (forms.MP4, forms.MOV, forms.MATROSKA):
        if all(holds(form, Copy(stream), firsts.get(stream.index)) for stream in source.container.streams.audio):
            return f"Write {form.suffixes[0]}, or leave the sound out with --no-keep-audio (of a rendition: sound=no)"
    return "Leave the sound out with --no-keep-audio (of a rendition: sound=no)"


def _subtitles(stream: Stream, form: Form) -> Iterator[Carrier | str]:
    """Copy subtitles, else write their text in the form's own way."""
    name = codec_name(stream)
    if holds(form, Copy(stream)):
        yield Copy(stream)
    elif is_text(stream):
        yield TextConversion(stream, _TEXT[form.writer])  # type: ignore[arg-type]
        if name == "ass":
            yield f"Subtitles (ass) are written as {_TEXT[form.writer]}, which keeps the text but not all of its styles"
    else:
        yield f"Subtitles ({name}) are left out: {form.name} files do not hold them"


def _attachment(stream: AttachmentStream, form: Form) -> Attachment | str:
    """Copy a file within."""
    name = stream.name or "attachment"
    if form.writer != "matroska":
        return f"The attached file {shown(name)} is left out: {form.name} files do not hold any"
    return Attachment(name, stream.mimetype or "application/octet-stream", stream.data)


def _cover(stream: VideoStream, first: Packet[Any] | None, form: Form) -> Iterator[Carrier | Attachment | str]:
    """Copy cover art: Matroska has it as a file within, MP4 as a tag, which libav's muxer makes of a stream."""
    if first is None:
        return
    name, mime_type = _COVER_NAMES.get(codec_name(stream), ("", ""))
    if form.writer == "matroska" and name:
        yield Attachment(stream.metadata.get("filename", name), mime_type, bytes(first))
    elif form.writer == "mp4" and name:
        yield Copy(stream, is_first=True)
    else:
        yield f"Cover art is left out: {form.name} files do not hold it"


def _covers(source: VideoSource) -> tuple[VideoStream, ...]:
    return tuple(s for s in source.container.streams.video if s.disposition & Disposition.attached_pic)


def _is_told_otherwise(stream: Stream, *, has_chapters: bool) -> bool:
    """Whether a stream of data is timecode, or the names of chapters, which are written anew from what they say."""
    if any(name.lower() == "timecode" for name in stream.metadata):
        return True
    return has_chapters and stream.metadata.get("handler_name", "") in _CHAPTER_HANDLERS


def _data_name(stream: Stream) -> str:
    return shown(stream.metadata.get("handler_name") or stream.name or "of an unknown kind")
