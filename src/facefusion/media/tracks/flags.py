"""What a stream is for, such as forced subtitles: which of it each form can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from av.stream import Disposition, Stream

from facefusion.media.forms import Form

_NAMES = {"audio": "sound", "subtitle": "subtitles"}
_SAID = {
    Disposition.default: "default",
    Disposition.dub: "dubbed",
    Disposition.original: "original language",
    Disposition.comment: "commentary",
    Disposition.lyrics: "lyrics",
    Disposition.karaoke: "karaoke",
    Disposition.forced: "forced",
    Disposition.hearing_impaired: "for the hard of hearing",
    Disposition.visual_impaired: "for the blind",
    Disposition.clean_effects: "without voices",
    Disposition.captions: "captions",
    Disposition.descriptions: "descriptions",
}
_IMPAIRED = Disposition.hearing_impaired | Disposition.visual_impaired
_FORCED = Disposition.default | Disposition.forced
_MATROSKA = _FORCED | _IMPAIRED | Disposition.dub | Disposition.comment | Disposition.original
_MP4 = _FORCED | _IMPAIRED | Disposition.dub | Disposition.comment | Disposition.captions | Disposition.descriptions
# What libav's muxers write, and its readers find there again.
_HELD: Mapping[tuple[str, str], Disposition] = {
    ("mp4", "audio"): _MP4,
    ("mp4", "subtitle"): _MP4,
    ("mov", "audio"): Disposition.default,
    ("mov", "subtitle"): Disposition.default,
    ("matroska", "audio"): _MATROSKA,
    ("matroska", "subtitle"): _MATROSKA | Disposition.descriptions,
    ("webm", "audio"): _FORCED,
    ("webm", "subtitle"): _FORCED | Disposition.captions | Disposition.descriptions,
}


def flags_not_held(streams: Sequence[Stream], form: Form) -> Iterator[str]:
    """Yield a sentence for sound and for subtitles of which a form cannot say what they are for.

    Args:
        streams: of the source, those that go to the output.
        form: of the output.
    """
    for kind, name in _NAMES.items():
        lost = Disposition(0)
        for stream in streams:
            if stream.type == kind:
                lost |= _told_apart(Disposition(stream.disposition)) & ~_HELD[form.writer, kind]
        words = [said for flag, said in _SAID.items() if flag & lost]
        if words:
            yield f"Flags of {name} left out, which {form.name} files do not hold: {', '.join(words)}"


def _told_apart(flags: Disposition) -> Disposition:
    """Return flags without those that say once more what others say, as MP4's readers give them."""
    if flags & Disposition.hearing_impaired:
        flags &= ~Disposition.captions
    if flags & Disposition.visual_impaired:
        flags &= ~Disposition.descriptions
    return flags
