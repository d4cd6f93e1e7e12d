"""Clips in many codecs and containers, and with many kinds of sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from av.stream import Disposition

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import Clip, Pictures, Sound
from benchmarks.matrix.usual import AAC, H264, MPEG, SDR, VP9, VPX, x265

_MP3, _MP2, _AC3 = Sound("libmp3lame"), Sound("mp2"), Sound("ac3")
_OPUS, _FLAC, _VORBIS, _PCM = Sound("libopus"), Sound("flac"), Sound("vorbis"), Sound("pcm_s16le")
_RAW_TIMES = "AVI tells times by the order of packets alone"


def _pictures(codec: str, form: str = "yuv420p", options: Mapping[str, str] = MPEG, **rest: Any) -> Pictures:
    return Pictures(codec, form, options=options, **rest)


def _dnxhr() -> Pictures:
    return _pictures("dnxhd", "yuv422p", {"profile": "dnxhr_hq"}, size=(256, 144), tags=SDR)


def _codecs() -> list[Case]:
    def case(
        name: str, file: str, to: str, pictures: Pictures, *sounds: Sound, form: str | None = None, **rest: Any
    ) -> Case:
        clip = Clip(pictures, sounds, format=form)
        return Case("Codecs and containers", name, file, to, clip, **rest)

    open_groups = x265("open-gop=1", "keyint=6", "bframes=3")
    layer: dict[str, Any] = {"lost": frozenset(("sound's codec",)), "remark": "MP4 does not tell MP2 from MP3"}
    no_sound: dict[str, Any] = {
        "lost": frozenset(("sound",)),
        "remark": "no form that is written holds its sound: refused until that is left out",
        "options": {"keep_audio": False},
    }
    dv: dict[str, Any] = {"size": (720, 576), "times": range(4), "fields": "bottom"}
    return [
        case("HEVC, open GOP", "hevc.mp4", ".mp4", _pictures("libx265", options=open_groups, tags=SDR), AAC),
        case("H.264, M4V", "h264.m4v", ".m4v", H264, AAC, form="mp4"),
        case("H.264, transport stream", "h264.ts", ".mp4", H264, AAC),
        case("H.264, camera's transport stream", "h264.m2ts", ".mkv", H264, _AC3),
        case("H.264, Flash", "h264.flv", ".mp4", H264, AAC),
        case("H.264, AVI", "h264.avi", ".mp4", H264, _MP3, remark=_RAW_TIMES, times=Clip(H264).times),
        case("H.264, 3GP", "h264.3gp", ".mp4", H264, AAC),
        case("AV1", "av1.mp4", ".mp4", _pictures("libsvtav1", options={"crf": "8", "preset": "11"}, tags=SDR), _OPUS),
        case("VP8", "vp8.webm", ".webm", _pictures("libvpx", options=VPX), _VORBIS),
        case("VP9", "vp9.webm", ".webm", _pictures("libvpx-vp9", options=VP9, tags=SDR), _OPUS),
        case("VP8, Ogg", "vp8.ogv", ".mkv", _pictures("libvpx", options=VPX), _VORBIS),
        case("MPEG-1, program stream", "mpeg1.mpg", ".mp4", _pictures("mpeg1video"), _MP2, **layer),
        case("MPEG-2, program stream", "mpeg2.vob", ".mp4", _pictures("mpeg2video"), _AC3),
        case("MPEG-2, MXF", "mpeg2.mxf", ".mov", _pictures("mpeg2video", "yuv422p"), _PCM),
        case("MPEG-4, AVI", "mpeg4.avi", ".mp4", _pictures("mpeg4"), _MP3),
        case("MPEG-4 with B-frames, MP4", "mpeg4.mp4", ".mp4", _pictures("mpeg4", options={**MPEG, "bf": "2"}), AAC),
        case("Motion JPEG, AVI", "mjpeg.avi", ".mkv", _pictures("mjpeg", "yuvj422p"), _PCM),
        case("Motion JPEG, QuickTime", "mjpeg.mov", ".mov", _pictures("mjpeg", "yuvj420p"), _PCM),
        case("ProRes 422", "prores.mov", ".mov", _pictures("prores_ks", "yuv422p10le", {}, tags=SDR), _PCM),
        case("DNxHR", "dnxhr.mov", ".mov", _dnxhr(), _PCM),
        case("DV", "tape.dv", ".mov", _pictures("dvvideo", "yuv420p", {}, **dv), _PCM),
        case("DV, AVI", "tape.avi", ".mov", _pictures("dvvideo", "yuv420p", {}, **dv), _PCM),
        case("Windows Media", "windows.wmv", ".mp4", _pictures("wmv2"), Sound("wmav2"), **no_sound),
        case("Sorenson, Flash", "sorenson.flv", ".mp4", _pictures("flv"), _MP3),
        case("FFV1", "ffv1.mkv", ".mkv", _pictures("ffv1", "yuv422p", {}), _FLAC),
        case("HuffYUV, AVI", "huffyuv.avi", ".mkv", _pictures("ffvhuff", "yuv420p", {}), _PCM),
        case("uncompressed 10 bits", "v210.mov", ".mov", _pictures("v210", "yuv422p10le", {}, tags=SDR), _PCM),
        case("QuickTime Animation", "animation.mov", ".mov", _pictures("qtrle", "rgb24", {}), _PCM),
        case("Ut Video, AVI", "ut.avi", ".mkv", _pictures("utvideo", "gbrp", {}), _PCM),
        case("H.263, 3GP", "h263.3gp", ".mp4", _pictures("h263", options=MPEG), AAC),
    ]


def _sounds() -> list[Case]:
    def case(name: str, file: str, to: str, *sounds: Sound, **rest: Any) -> Case:
        return Case("Sound", name, file, to, Clip(H264, sounds), **rest)

    english = Sound("aac", language="eng", title="English")
    german = Sound("ac3", "5.1(side)", language="ger", title="Deutsch", disposition=Disposition(0))
    commentary = Sound("libopus", "mono", language="fre", disposition=Disposition.comment)
    return [
        case("none", "silent.mp4", ".mp4"),
        case("AAC", "aac.mp4", ".mp4", AAC),
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


def container_cases() -> list[Case]:
    """Return all of them."""
    return [*_codecs(), *_sounds()]
