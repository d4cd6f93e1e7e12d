"""Clips in many codecs and containers, with sound, subtitles, chapters, tags, timecode, cover art and fonts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from av.stream import Disposition

from benchmarks.matrix.case import Case
from benchmarks.matrix.making import Clip, Pictures, Sound
from benchmarks.matrix.samples import BT601, BT709, Tags

_SDR = Tags.all_of(BT709)
_SD = Tags.all_of(BT601)
_H264 = Pictures(tags=_SDR, options={"crf": "4", "preset": "veryfast"})
_RICH = {"b": "20000000", "g": "6"}
_VPX = {"crf": "4", "b": "5000000", "deadline": "realtime"}
_AAC, _MP3, _MP2, _AC3 = Sound("aac"), Sound("libmp3lame"), Sound("mp2"), Sound("ac3")
_OPUS, _FLAC, _VORBIS, _PCM = Sound("libopus"), Sound("flac"), Sound("vorbis"), Sound("pcm_s16le")
_RAW_TIMES = "AVI tells times by the order of packets alone"


def _pictures(codec: str, form: str = "yuv420p", options: Mapping[str, str] | None = None, **rest: object) -> Pictures:
    given = {"tags": Tags(), "options": _RICH if options is None else options, **rest}
    return Pictures(codec, form, **given)  # type: ignore[arg-type]


def _dnxhr() -> Pictures:
    return _pictures("dnxhd", "yuv422p", {"profile": "dnxhr_hq"}, size=(256, 144), tags=_SDR)


def _codecs() -> list[Case]:
    def case(
        name: str, file: str, to: str, pictures: Pictures, *sounds: Sound, format: str | None = None, **rest: object
    ) -> Case:
        clip = Clip(pictures, sounds, format=format)
        return Case("Codecs and containers", name, file, to, clip, **rest)  # type: ignore[arg-type]

    x265 = {"crf": "4", "preset": "ultrafast", "x265-params": "log-level=error:info=0:open-gop=1:keyint=6:bframes=3"}
    vp9 = {"crf": "4", "b": "0", "deadline": "realtime", "cpu-used": "8"}
    layer = {"lost": frozenset(("sound's codec",)), "remark": "MP4 does not tell MP2 from MP3"}
    dv = {"size": (720, 576), "times": range(4), "fields": "bottom"}
    return [
        case("HEVC, open GOP", "hevc.mp4", ".mp4", _pictures("libx265", options=x265, tags=_SDR), _AAC),
        case("H.264, M4V", "h264.m4v", ".m4v", _H264, _AAC, format="mp4"),
        case("H.264, transport stream", "h264.ts", ".mp4", _H264, _AAC),
        case("H.264, camera's transport stream", "h264.m2ts", ".mkv", _H264, _AC3),
        case("H.264, Flash", "h264.flv", ".mp4", _H264, _AAC),
        case("H.264, AVI", "h264.avi", ".mp4", _H264, _MP3, remark=_RAW_TIMES, times=Clip(_H264).times),
        case("H.264, 3GP", "h264.3gp", ".mp4", _H264, _AAC),
        case("AV1", "av1.mp4", ".mp4", _pictures("libsvtav1", options={"crf": "8", "preset": "11"}, tags=_SDR), _OPUS),
        case("VP8", "vp8.webm", ".webm", _pictures("libvpx", options=_VPX), _VORBIS),
        case("VP9", "vp9.webm", ".webm", _pictures("libvpx-vp9", options=vp9, tags=_SDR), _OPUS),
        case("VP8, Ogg", "vp8.ogv", ".mkv", _pictures("libvpx", options=_VPX), _VORBIS),
        case("MPEG-1, program stream", "mpeg1.mpg", ".mp4", _pictures("mpeg1video"), _MP2, **layer),
        case("MPEG-2, program stream", "mpeg2.vob", ".mp4", _pictures("mpeg2video"), _AC3),
        case("MPEG-2, MXF", "mpeg2.mxf", ".mov", _pictures("mpeg2video", "yuv422p"), _PCM),
        case("MPEG-4, AVI", "mpeg4.avi", ".mp4", _pictures("mpeg4"), _MP3),
        case("MPEG-4 with B-frames, MP4", "mpeg4.mp4", ".mp4", _pictures("mpeg4", options={**_RICH, "bf": "2"}), _AAC),
        case("Motion JPEG, AVI", "mjpeg.avi", ".mkv", _pictures("mjpeg", "yuvj422p"), _PCM),
        case("Motion JPEG, QuickTime", "mjpeg.mov", ".mov", _pictures("mjpeg", "yuvj420p"), _PCM),
        case("ProRes 422", "prores.mov", ".mov", _pictures("prores_ks", "yuv422p10le", {}, tags=_SDR), _PCM),
        case("DNxHR", "dnxhr.mov", ".mov", _dnxhr(), _PCM),
        case("DV", "tape.dv", ".mov", _pictures("dvvideo", "yuv420p", {}, **dv), _PCM),
        case("DV, AVI", "tape.avi", ".mov", _pictures("dvvideo", "yuv420p", {}, **dv), _PCM),
        case("Windows Media", "windows.wmv", ".mp4", _pictures("wmv2"), Sound("wmav2"), options={"keep_audio": False}),
        case("Sorenson, Flash", "sorenson.flv", ".mp4", _pictures("flv"), _MP3),
        case("FFV1", "ffv1.mkv", ".mkv", _pictures("ffv1", "yuv422p", {}), _FLAC),
        case("HuffYUV, AVI", "huffyuv.avi", ".mkv", _pictures("ffvhuff", "yuv420p", {}), _PCM),
        case("uncompressed 10 bits", "v210.mov", ".mov", _pictures("v210", "yuv422p10le", {}, tags=_SDR), _PCM),
        case("QuickTime Animation", "animation.mov", ".mov", _pictures("qtrle", "rgb24", {}), _PCM),
        case("Ut Video, AVI", "ut.avi", ".mkv", _pictures("utvideo", "gbrp", {}), _PCM),
        case("H.263, 3GP", "h263.3gp", ".mp4", _pictures("h263", options=_RICH), _AAC),
    ]


def _sounds() -> list[Case]:
    def case(name: str, file: str, to: str, *sounds: Sound, **rest: object) -> Case:
        return Case("Sound", name, file, to, Clip(_H264, sounds), **rest)  # type: ignore[arg-type]

    english = Sound("aac", language="eng", title="English")
    german = Sound("ac3", "5.1(side)", language="ger", title="Deutsch", disposition=Disposition(0))
    commentary = Sound("libopus", "mono", language="fre", disposition=Disposition.comment)
    return [
        case("none", "silent.mp4", ".mp4"),
        case("AAC", "aac.mp4", ".mp4", _AAC),
        case("AAC, 44.1 kHz, mono", "aac-mono.mov", ".mov", Sound("aac", "mono", 44_100)),
        case("Opus, MP4", "opus.mp4", ".mp4", _OPUS),
        case("Opus, Matroska", "opus.mkv", ".mkv", _OPUS),
        case("FLAC, MP4", "flac.mp4", ".mp4", _FLAC),
        case("FLAC, Matroska to MP4", "flac.mkv", ".mp4", _FLAC),
        case("ALAC", "alac.mov", ".mp4", Sound("alac")),
        case("PCM 16 bits, QuickTime", "pcm.mov", ".mov", _PCM),
        case("PCM 24 bits, QuickTime", "pcm24.mov", ".mov", Sound("pcm_s24le")),
        case("PCM, Matroska", "pcm.mkv", ".mkv", _PCM),
        case("AC-3", "ac3.mp4", ".mp4", Sound("ac3", "5.1(side)")),
        case("E-AC-3", "eac3.mkv", ".mp4", Sound("eac3")),
        case("MP3", "mp3.mp4", ".mp4", _MP3),
        case("Vorbis", "vorbis.mkv", ".mkv", _VORBIS),
        case("three tracks, languages", "three.mkv", ".mkv", english, german, commentary),
        case("two tracks, languages", "two.mp4", ".mp4", english, german),
    ]


def _beside() -> list[Case]:
    chapters = ((0, 200, "First"), (200, 480, "Second ä"))
    tags = {"title": "A clip", "artist": "Somebody", "date": "2024-05-06", "comment": "made by a test"}
    own = {"title": "A clip", "MOOD": "calm", "SCENE": "4 b"}
    phone = {"location": "+48.2082+016.3738/", "make": "Maker", "model": "Phone 3", "creation_time": _CREATED}

    def case(name: str, file: str, to: str, **rest: object) -> Case:
        mine = {key: rest.pop(key) for key in ("lost", "remark", "options") if key in rest}
        return Case("Beside the picture", name, file, to, Clip(_H264, (_AAC,), **rest), **mine)  # type: ignore[arg-type]

    timecode = {"timecode": "01:02:03:04"}
    styles = {"lost": frozenset(("styles",)), "remark": "styles that the new form has no signs for are left out"}
    return [
        case("subtitles (MP4)", "text.mp4", ".mp4", subtitles=(("mov_text", "eng"),)),
        case("subtitles (SubRip)", "text.mkv", ".mkv", subtitles=(("subrip", "eng"),)),
        case("subtitles (ASS), font", "styled.mkv", ".mkv", subtitles=(("ass", "ger"),), fonts=True),
        case("subtitles, several", "texts.mkv", ".mkv", subtitles=(("subrip", "eng"), ("ass", "ger"))),
        case("SubRip to MP4", "text-to.mkv", ".mp4", subtitles=(("subrip", "fre"),), **styles),
        case("ASS to MP4", "styled-to.mkv", ".mp4", subtitles=(("ass", "ger"),), **styles),
        case("MP4's text to Matroska", "text-to.mp4", ".mkv", subtitles=(("mov_text", "eng"),), **styles),
        Case(
            "Beside the picture",
            "subtitles (WebVTT)",
            "text.webm",
            ".webm",
            Clip(
                _pictures("libvpx", options=_VPX),
                (_OPUS,),
                subtitles=(("webvtt", "eng"),),
                chapters=chapters,
                tags={"title": "A clip"},
            ),
        ),
        case("chapters (MP4)", "chapters.mp4", ".mp4", chapters=chapters),
        case("chapters (QuickTime)", "chapters.mov", ".mov", chapters=chapters),
        case("chapters (Matroska)", "chapters.mkv", ".mkv", chapters=chapters),
        case("chapters, Matroska to MP4", "chapters-to.mkv", ".mp4", chapters=chapters),
        case("tags (MP4)", "tags.mp4", ".mp4", tags=tags),
        case("tags (QuickTime)", "tags.mov", ".mov", tags=tags),
        case("tags (Matroska)", "tags.mkv", ".mkv", tags={**tags, **own}),
        case("tags, Matroska to MP4", "tags-to.mkv", ".mp4", tags={**tags, **own}),
        case("tags of a phone", "phone-tags.mov", ".mov", tags=phone, muxer={"movflags": "use_metadata_tags"}),
        case("place (MP4)", "place.mp4", ".mp4", tags={"location": "+48.2082+016.3738/"}),
        case("timecode (QuickTime)", "timecode.mov", ".mov", picture_tags=timecode),
        case("timecode (MP4)", "timecode.mp4", ".mp4", picture_tags=timecode),
        case("timecode (Matroska)", "timecode.mkv", ".mkv", tags=timecode),
        case("timecode, QuickTime to Matroska", "timecode-to.mov", ".mkv", picture_tags=timecode),
        Case(
            "Beside the picture",
            "timecode, dropped frames",
            "timecode-drop.mov",
            ".mov",
            Clip(
                replace(_H264, clock=Fraction(1001, 30000)), (_PCM,), picture_tags={"timecode": "01:00:59;28"}
            ),
        ),
        case("cover art (MP4)", "cover.mp4", ".mp4", cover=True, tags={"title": "A clip"}),
        case("everything (Matroska)", "all.mkv", ".mkv", subtitles=(("subrip", "eng"),), chapters=chapters, tags=own, fonts=True),
        case("everything (MP4)", "all.mp4", ".mp4", subtitles=(("mov_text", "eng"),), chapters=chapters, tags=tags),
    ]


_CREATED = "2024-05-06T07:08:09.000000Z"


def container_cases() -> list[Case]:
    """Return all of them."""
    return [*_codecs(), *_sounds(), *_beside()]
