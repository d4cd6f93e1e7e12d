"""Clips with something beside picture and sound: subtitles, chapters, tags, timecode, cover art, fonts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import Clip, Pictures, Sound
from benchmarks.matrix.usual import AAC, H264, VPX

_CHAPTERS = ((0, 200, "First"), (200, 480, "Second ä"))
_PLACE = "+48.2082+016.3738/"


def _case(
    name: str, file: str, to: str, *, pictures: Pictures = H264, sound: Sound = AAC, remark: str = "", **held: Any
) -> Case:
    """Return a clip that holds more than picture and sound; subtitles are compared without styles where remarked."""
    lost = frozenset(("styles",)) if remark else frozenset[str]()
    return Case("Beside the picture", name, file, to, Clip(pictures, (sound,), **held), lost=lost, remark=remark)


def _texts() -> list[Case]:
    styles: dict[str, Any] = {"remark": "styles that the new form has no signs for are left out"}
    title = {"title": "A clip"}
    webm: dict[str, Any] = {"pictures": Pictures("libvpx", options=VPX), "sound": Sound("libopus"), "tags": title}
    return [
        _case("subtitles (MP4)", "text.mp4", ".mp4", subtitles=(("mov_text", "eng"),)),
        _case("subtitles (SubRip)", "text.mkv", ".mkv", subtitles=(("subrip", "eng"),)),
        _case("subtitles (ASS), font", "styled.mkv", ".mkv", subtitles=(("ass", "ger"),), fonts=True),
        _case("subtitles, several", "texts.mkv", ".mkv", subtitles=(("subrip", "eng"), ("ass", "ger"))),
        _case("SubRip to MP4", "text-to.mkv", ".mp4", subtitles=(("subrip", "fre"),), **styles),
        _case("ASS to MP4", "styled-to.mkv", ".mp4", subtitles=(("ass", "ger"),), **styles),
        _case("MP4's text to Matroska", "text-to.mp4", ".mkv", subtitles=(("mov_text", "eng"),), **styles),
        _case("subtitles (WebVTT)", "text.webm", ".webm", subtitles=(("webvtt", "eng"),), chapters=_CHAPTERS, **webm),
    ]


def _chapters_and_tags() -> list[Case]:
    tags = {"title": "A clip", "artist": "Somebody", "date": "2024-05-06", "comment": "made by a test"}
    own = {"title": "A clip", "MOOD": "calm", "SCENE": "4 b"}
    created = "2024-05-06T07:08:09.000000Z"
    phone = {"location": _PLACE, "make": "Maker", "model": "Phone 3", "creation_time": created}
    everything: dict[str, Any] = {"subtitles": (("subrip", "eng"),), "chapters": _CHAPTERS, "tags": own, "fonts": True}
    iso: dict[str, Any] = {"subtitles": (("mov_text", "eng"),), "chapters": _CHAPTERS, "tags": tags}
    return [
        _case("chapters (MP4)", "chapters.mp4", ".mp4", chapters=_CHAPTERS),
        _case("chapters (QuickTime)", "chapters.mov", ".mov", chapters=_CHAPTERS),
        _case("chapters (Matroska)", "chapters.mkv", ".mkv", chapters=_CHAPTERS),
        _case("chapters, Matroska to MP4", "chapters-to.mkv", ".mp4", chapters=_CHAPTERS),
        _case("tags (MP4)", "tags.mp4", ".mp4", tags=tags),
        _case("tags (QuickTime)", "tags.mov", ".mov", tags=tags),
        _case("tags (Matroska)", "tags.mkv", ".mkv", tags={**tags, **own}),
        _case("tags, Matroska to MP4", "tags-to.mkv", ".mp4", tags={**tags, **own}),
        _case("tags of a phone", "phone-tags.mov", ".mov", tags=phone, muxer={"movflags": "use_metadata_tags"}),
        _case("place (MP4)", "place.mp4", ".mp4", tags={"location": _PLACE}),
        _case("everything (Matroska)", "all.mkv", ".mkv", **everything),
        _case("everything (MP4)", "all.mp4", ".mp4", **iso),
    ]


def _timecodes_and_covers() -> list[Case]:
    timecode = {"timecode": "01:02:03:04"}
    ntsc: dict[str, Any] = {"pictures": replace(H264, clock=Fraction(1001, 30000)), "sound": Sound("pcm_s16le")}
    dropping = {"timecode": "01:00:59;28"}
    return [
        _case("timecode (QuickTime)", "timecode.mov", ".mov", picture_tags=timecode),
        _case("timecode (MP4)", "timecode.mp4", ".mp4", picture_tags=timecode),
        _case("timecode (Matroska)", "timecode.mkv", ".mkv", tags=timecode),
        _case("timecode, QuickTime to Matroska", "timecode-to.mov", ".mkv", picture_tags=timecode),
        _case("timecode, dropped frames", "timecode-drop.mov", ".mov", picture_tags=dropping, **ntsc),
        _case("cover art (MP4)", "cover.mp4", ".mp4", cover=True, tags={"title": "A clip"}),
        _case("cover art (Matroska)", "cover.mkv", ".mkv", cover=True),
        _case("cover art, MP4 to Matroska", "cover-to.mp4", ".mkv", cover=True),
        _case("cover art, Matroska to MP4", "cover-to.mkv", ".mp4", cover=True),
    ]


def addition_cases() -> list[Case]:
    """Return all of them."""
    return [*_texts(), *_chapters_and_tags(), *_timecodes_and_covers()]
