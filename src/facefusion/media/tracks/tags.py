"""Tags: what a file says about itself, as far as it is still true of an output and can be said there.

What was said by the one who wrote the source's container (brands, encoder, statistics of streams) is not true of the
output. The time of creation is that of the recording, and is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.stream import Stream

from facefusion.media.forms import Form
from facefusion.media.muxing import is_iso
from facefusion.media.select import Trimmed
from facefusion.media.tracks.languages import quicktime_language
from facefusion.media.tracks.timecode import later

_OF_THE_WRITER = (
    frozenset(("major_brand", "minor_version", "compatible_brands", "vendor_id"))  # MP4, QuickTime
    | frozenset(("encoder", "encoding_tool", "duration", "bps", "number_of_frames", "number_of_bytes"))  # Matroska
    | frozenset(("metadatacreator", "wmfsdkversion", "wmfsdkneeded", "isvbr", "devicconformancetemplate"))  # FLV, ASF
    | frozenset(("filename", "mimetype", "rotate", "timecode"))  # carried over in other ways, or no longer true
)
_STATISTICS = re.compile(r"_statistics_.*|(bps|duration|number_of_(frames|bytes))-\w+|location-\w+", re.IGNORECASE)
_USUAL = frozenset(("title", "artist", "album", "date", "comment", "genre", "copyright", "location", "creation_time"))
_ILST = _USUAL | frozenset(
    (
        *("album_artist", "composer", "grouping", "lyrics", "description", "synopsis", "keywords", "track", "disc"),
        *("show", "episode_id", "network", "episode_sort", "season_number", "media_type", "hd_video"),
        *("compilation", "gapless_playback"),
    )
)
_UDTA = _USUAL | frozenset(("make", "model"))
_OF_STREAMS = ("language", "title", "handler_name", "comment")


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of an output.

    Attributes:
        container: of the whole file.
        any_name: MP4 and QuickTime: whether they must be written under any name (`mdta`).
        lost: names of those that the form does not hold.
    """

    container: Mapping[str, str]
    any_name: bool = False
    lost: tuple[str, ...] = ()


def container_tags(source: InputContainer, form: Form, *, has_cover: bool) -> Tags:
    """Return the tags of a container, for an output.

    MP4 and QuickTime hold tags either under the usual names, which most players show, or under any name, beside which
    no cover has a place. The usual ones are taken where they are enough, and where there is a cover.
    """
    tags = dict(sorted((_plain(name, form), value) for name, value in source.metadata.items() if _is_kept(name, value)))
    usual = {"mp4": _ILST, "mov": _UDTA}.get(form.writer)
    unusual = () if usual is None else tuple(name for name in tags if name not in usual)
    if has_cover:
        return Tags({name: value for name, value in tags.items() if name not in unusual}, lost=unusual)
    return Tags(tags, any_name=bool(unusual))


def stream_tags(stream: Stream, form: Form, *, keep_all: bool) -> dict[str, str]:
    """Return the tags of a stream, for an output.

    Args:
        stream: of the source.
        form: of the output.
        keep_all: whether to keep more than the language, without which people do not find their sound or subtitles.
    """
    tags = {name.lower(): value for name, value in stream.metadata.items() if _is_kept(name, value)}
    if "name" in tags:
        tags.setdefault("title", tags["name"])
    kept = {name: tags[name] for name in (_OF_STREAMS if keep_all else ("language",)) if name in tags}
    if form.writer == "mov" and "language" in kept:
        kept["language"] = quicktime_language(kept["language"])
    return kept


def find_timecode(source: InputContainer) -> str:
    """Return the timecode of the first frame; empty where there is none."""
    for metadata in (*(stream.metadata for stream in source.streams), source.metadata):
        for name, value in metadata.items():
            if name.lower() == "timecode":
                return value
    return ""


def timecode_from(timecode: str, rate: Fraction | None, *, start: Fraction, cut: Trimmed | None, new: Fraction) -> str:
    """Return the timecode of the first frame that is kept.

    Args:
        timecode: of the source's first frame.
        rate: frames a second of the source.
        start: when its first frame is shown.
        cut: the range that is kept.
        new: frames a second of the output.
    """
    if not timecode or rate is None:
        return timecode
    seconds = Fraction(0) if cut is None else cut.start - start
    return later(timecode, seconds, rate, new_rate=new)


def _is_kept(name: str, value: str) -> bool:
    return bool(value) and name.lower() not in _OF_THE_WRITER and not _STATISTICS.fullmatch(name)


def _plain(name: str, form: Form) -> str:
    """Return the name of a tag as libav's muxers look for it: Matroska shouts, MP4 does not."""
    return name if not is_iso(form) or "." in name else name.lower()
