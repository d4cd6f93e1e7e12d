"""What clips are made of: every container that is read, and many codecs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """What is put into one file.

    Attributes:
        name: of the file.
        codec: libav's name of the encoder of the pictures.
        pixels: their format.
        sounds: encoders of sound.
        size: of the pictures.
        frames: how many there are.
        options: of the encoder.
        muxer: options of the muxer.
        tags: of the file.
        texts: encoders of subtitles.
        form: libav's name of the container, where the ending does not say it.
        is_turned: whether they are to be turned for the eye.
        has_chapters: whether there are chapters.
        has_cover: whether there is cover art.
        has_font: whether a font is attached.
        rate: samples of sound a second.
    """

    name: str
    codec: str
    pixels: str = "yuv420p"
    sounds: Sequence[str] = ()
    size: tuple[int, int] = (64, 48)
    frames: int = 8
    options: Mapping[str, str] = field(default_factory=dict)
    muxer: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    texts: Sequence[str] = ()
    form: str | None = None
    is_turned: bool = False
    has_chapters: bool = False
    has_cover: bool = False
    has_font: bool = False
    rate: int = 48_000


def _x264(name: str, *sounds: str, **rest: Any) -> Recipe:
    # Whatever looks ahead in x264 makes other bytes now and then.
    steady = "mbtree=0:rc-lookahead=0:sync-lookahead=0:threads=1"
    options = {"preset": "veryfast", "qp": "30", "bf": "2", "g": "4", "x264-params": steady}
    return Recipe(name, "libx264", sounds=sounds, options=options, **rest)


def _iso() -> list[Recipe]:
    timecode = {"timecode": "01:02:03:04"}
    tags = {"title": "A clip", "artist": "Somebody", "location": "+48.2082+016.3738/"}
    x265 = {"preset": "ultrafast", "x265-params": "log-level=none:info=0:pools=none:frame-threads=1:keyint=4"}
    svt = {"preset": "12", "svtav1-params": "lp=1"}
    texts: Mapping[str, Any] = {"texts": ("mov_text",), "has_chapters": True, "tags": tags}
    return [
        _x264("rich.mp4", "aac", is_turned=True, **texts),
        _x264("cover.mp4", "ac3", "alac", has_cover=True),
        _x264("front.mp4", "aac", muxer={"movflags": "faststart"}),
        _x264("parts.mp4", "aac", muxer={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
        _x264("live.mp4", "libopus", muxer={"movflags": "dash+frag_keyframe+empty_moov+global_sidx"}),
        Recipe("hevc.mp4", "libx265", sounds=("aac",), options=x265, texts=("mov_text",)),
        Recipe("av1.mp4", "libsvtav1", size=(64, 64), sounds=("flac",), options=svt),
        Recipe("vp9.mp4", "libvpx-vp9", sounds=("libopus",), options=_REALTIME),
        Recipe("mpeg4.mp4", "mpeg4", sounds=("libmp3lame",), options={"bf": "2"}),
        Recipe("phone.3gp", "h263", sounds=("aac",), size=(128, 96), options={"b": "60000"}),
        _x264("rich.mov", "pcm_s16le", "alac", is_turned=True, tags={**tags, **timecode}, has_chapters=True),
        Recipe("prores.mov", "prores_ks", "yuva444p10le", ("pcm_s24le",), tags=timecode),
        Recipe("dnxhr.mov", "dnxhd", "yuv422p", (), (256, 128), 2, {"profile": "dnxhr_lb"}),
        Recipe("mjpeg.mov", "mjpeg", "yuvj420p", ("pcm_mulaw",)),
        Recipe("qtrle.mov", "qtrle", "argb", ("adpcm_ima_qt",)),
        Recipe("png.mov", "png", "rgb24", frames=4),
        Recipe("v210.mov", "v210", "yuv422p10le", frames=2),
        Recipe("cinepak.mov", "cinepak", "rgb24"),
        Recipe("sorenson.mov", "svq1", "yuv410p"),
        Recipe("cineform.mov", "cfhd", "yuv422p10le", frames=2),
        Recipe("graphics.mov", "smc", "pal8"),
        Recipe("road.mov", "rpza", "rgb555le"),
    ]


_REALTIME = {"deadline": "realtime", "cpu-used": "8", "crf": "40", "b": "200000", "threads": "1"}


def _ebml() -> list[Recipe]:
    tags = {"title": "A clip", "MOOD": "calm", "timecode": "01:02:03:04"}
    texts: Mapping[str, Any] = {"texts": ("ass", "subrip"), "has_chapters": True, "has_font": True, "tags": tags}
    return [
        _x264("rich.mkv", "aac", "flac", **texts),
        _x264("cover.mkv", "vorbis", has_cover=True),
        _x264("live.mkv", "eac3", muxer={"live": "1"}),
        Recipe("ffv1.mkv", "ffv1", "yuv422p", ("flac",)),
        Recipe("ffv1-deep.mkv", "ffv1", "gbrp16le", ("wavpack",), frames=3, options={"level": "3", "slicecrc": "0"}),
        Recipe("mpeg2.mkv", "mpeg2video", sounds=("mp2",), options={"bf": "2"}),
        Recipe("lossless.mkv", "prores_ks", "yuv422p10le", ("tta",), frames=2),
        Recipe("picture.mkv", "jpeg2000", "rgb24", frames=2),
        Recipe("raw.mkv", "rawvideo", "yuv420p", ("pcm_s16le",), frames=2),
        Recipe("vp8.webm", "libvpx", "yuva420p", ("vorbis",), options={**_REALTIME, "auto-alt-ref": "0"}),
        Recipe("vp9.webm", "libvpx-vp9", sounds=("libopus",), options=_REALTIME, texts=("webvtt",), has_chapters=True),
        Recipe("vp9-clear.webm", "libvpx-vp9", "yuva420p", options={**_REALTIME, "auto-alt-ref": "0"}),
        Recipe("av1.webm", "libsvtav1", size=(64, 64), options={"preset": "12", "svtav1-params": "lp=1"}),
    ]


def _others() -> list[Recipe]:
    tape: Mapping[str, Any] = {"size": (720, 576), "frames": 1}
    return [
        Recipe("mjpeg.avi", "mjpeg", "yuvj422p", ("pcm_s16le",)),
        Recipe("mpeg4.avi", "mpeg4", sounds=("libmp3lame",), options={"bf": "1"}, tags={"title": "A clip"}),
        _x264("h264.avi", "ac3"),
        Recipe("ut.avi", "utvideo", "gbrp", ("adpcm_ms",)),
        Recipe("crayon.avi", "msvideo1", "rgb555le", ("adpcm_ima_wav",)),
        Recipe("screen.avi", "zmbv", "bgr0"),
        Recipe("huffyuv.avi", "huffyuv", "yuv422p"),
        Recipe("magic.avi", "magicyuv", "yuv444p"),
        Recipe("asus.avi", "asv1", frames=4),
        Recipe("old.avi", "msmpeg4v2"),
        Recipe("raw.avi", "rawvideo", "bgr24", frames=2),
        Recipe("tape.avi", "dvvideo", "yuv420p", ("pcm_s16le",), **tape),
        _x264("h264.ts", "aac", muxer={"mpegts_flags": "resend_headers"}),
        Recipe("mpeg2.ts", "mpeg2video", sounds=("mp2", "ac3"), tags={"service_name": "Channel"}),
        Recipe("hevc.ts", "libx265", options=_iso()[5].options, sounds=("libopus",)),
        _x264("camera.m2ts", "ac3"),
        Recipe("mpeg1.mpg", "mpeg1video", sounds=("mp2",), options={"bf": "2"}),
        Recipe("mpeg2.vob", "mpeg2video", sounds=("ac3",), form="vob"),
        _x264("h264.flv", "aac", tags={"title": "A clip"}),
        Recipe("sorenson.flv", "flv", sounds=("libmp3lame",), rate=44_100),
        Recipe("screen.flv", "flashsv", "bgr24", ("adpcm_swf",), frames=4, rate=44_100),
        Recipe("vp8.ogv", "libvpx", sounds=("vorbis",), options=_REALTIME, tags={"title": "A clip"}, form="ogg"),
        Recipe("sound.ogv", "libvpx", sounds=("flac", "libopus"), options=_REALTIME, form="ogg"),
        Recipe("windows.wmv", "wmv2", sounds=("wmav2",), tags={"title": "A clip"}, form="asf"),
        Recipe("older.asf", "wmv1", sounds=("wmav1",), form="asf"),
        Recipe("msmpeg4.asf", "msmpeg4", sounds=("libmp3lame",), has_cover=True, form="asf"),
        Recipe("mpeg2.mxf", "mpeg2video", "yuv422p", ("pcm_s16le",), frames=3, tags={"timecode": "01:02:03:04"}),
        Recipe("dnxhr.mxf", "dnxhd", "yuv422p", (), (256, 128), 2, {"profile": "dnxhr_lb"}),
        Recipe("h264.mxf", "libx264", "yuv420p", ("pcm_s24le",), frames=3, options={"preset": "veryfast", "qp": "30"}),
        Recipe("tape.dv", "dvvideo", "yuv420p", ("pcm_s16le",), **tape),
        Recipe("professional.dv", "dvvideo", "yuv411p", ("pcm_s16le",), **tape),
    ]


def recipes() -> list[Recipe]:
    """Return all of them."""
    return [*_iso(), *_ebml(), *_others()]
