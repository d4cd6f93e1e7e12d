"""What goes with the picture: sound packet for packet, and what else the container can hold."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition
from join_clips import TEXTS, cover_picture, decorated, packet_times, texts_of, through
from media_clips import LIMITS, make_clip, sound_packets, times

from facefusion.errors import InputDamagedError, OutputTypeError
from facefusion.media import forms
from facefusion.media.forms import output_form
from facefusion.media.probe import probe
from facefusion.media.tracks.check import check_tracks
from facefusion.options import OutputOptions

CONTAINERS = ("out.mp4", "out.mov", "out.mkv", "out.webm")
PLAIN = [(80, 120, "Hello World"), (240, 80, "two\\Nlines ä"), (400, 60, "last")]


def notes(source: Path, name: str, **options: object) -> tuple[str, ...]:
    return check_tracks(source, output_form(Path(name)), OutputOptions(**options))


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_sound_is_copied_packet_for_packet_with_its_priming(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    assert sound_packets(clip)[0][0] < 0, "AAC starts before zero, by an edit list"
    assert sound_packets(through(clip, tmp_path / f"out{suffix}")) == sound_packets(clip)


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("in.mkv", "libopus", "out.webm"),
        ("in.mkv", "libopus", "out.mp4"),
        ("in.mkv", "libopus", "out.mkv"),
        ("in.mkv", "flac", "out.mp4"),
        ("in.mkv", "pcm_s16le", "out.mov"),
        ("in.mkv", "pcm_s24le", "out.mkv"),
        ("in.mkv", "ac3", "out.mp4"),
        ("in.mkv", "libmp3lame", "out.mp4"),
        ("in.mp4", "aac", "out.mkv"),
        ("in.mov", "pcm_s16be", "out.mov"),
        ("in.avi", "libmp3lame", "out.mp4"),
        ("in.ts", "ac3", "out.mkv"),
    ],
)
def test_every_kind_of_sound_is_carried_unchanged(tmp_path: Path, source: str, codec: str, target: str) -> None:
    clip = make_clip(tmp_path / source, sounds=[codec])
    out = through(clip, tmp_path / target)
    before, after = sound_packets(clip), sound_packets(out)
    assert b"".join(p[3] for p in after) == b"".join(p[3] for p in before)
    assert abs(after[0][0] - before[0][0]) <= Fraction(1, 1000)
    if codec.startswith("pcm"):  # MOV divides raw samples as it likes
        return
    assert all(abs(a[0] - b[0]) <= Fraction(1, 1000) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("seconds", [0.2, 3.0], ids=["shorter", "longer"])
def test_sound_that_is_shorter_or_longer_than_the_picture_is_copied_whole(tmp_path: Path, seconds: float) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"], sound_seconds=seconds)
    out = through(clip, tmp_path / "out.mp4")
    assert sound_packets(out) == sound_packets(clip)
    assert times(out) == times(clip)


def test_a_stream_of_sound_that_starts_late_is_copied_whole(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", pts=range(200), sounds=["aac", "libmp3lame"])
    clip = tmp_path / "in.mkv"
    with av.open(str(whole)) as source, av.open(str(clip), "w") as output:
        copies = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size and (packet.stream_index < 2 or packet.pts * packet.time_base > 7):
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    assert sound_packets(clip, 1)[0][0] > 7
    for target in ("out.mkv", "out.mp4"):
        out = through(clip, tmp_path / target, length=60)
        for track in range(2):
            before, after = sound_packets(clip, track), sound_packets(out, track)
            assert [p[3] for p in after] == [p[3] for p in before]
            assert all(abs(a[0] - b[0]) <= Fraction(1, 1000) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("target", ["out.mkv", "out.mp4"])
def test_the_last_sound_of_an_ogg_has_no_time_and_follows_what_is_before_it(tmp_path: Path, target: str) -> None:
    clip = make_clip(tmp_path / "in.ogv", codec="libvpx", sounds=["vorbis"])
    with av.open(str(clip)) as video:
        before = [packet for packet in video.demux(audio=0) if packet.size]
    assert before[-1].pts is None

    after = sound_packets(through(clip, tmp_path / target))

    assert [data for _, _, _, data in after] == [bytes(packet) for packet in before]
    end = (before[-2].pts + before[-2].duration) * before[-2].time_base
    assert abs(after[-1][0] - end) <= Fraction(1, 1000)


def test_sound_from_a_transport_stream_loses_only_its_framing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.ts", sounds=["aac"])
    out = through(clip, tmp_path / "out.mp4")
    before, after = sound_packets(clip), sound_packets(out)
    assert [p[:3] for p in after] == [p[:3] for p in before]
    assert all(b[3].endswith(a[3]) for a, b in zip(after, before, strict=True))


def test_sound_can_be_left_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    out = through(clip, tmp_path / "out.mp4", keep_audio=False)
    assert not probe(out, LIMITS).audio


def test_languages_titles_and_dispositions_of_sound_are_kept(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "plain.mkv", sounds=["aac", "aac", "aac"])
    marks = (Disposition.default, Disposition.default, Disposition.comment, Disposition.visual_impaired)
    tags = ({"language": "deu", "title": "Deutsch"}, {"language": "eng"}, {"language": "swe"})
    clip = decorated(plain, tmp_path / "in.mkv", dispositions=marks, sound_tags=tags)
    for name, languages in (
        ("out.mkv", ["deu", "eng", "swe"]),
        ("out.mp4", ["deu", "eng", "swe"]),
        ("out.mov", ["ger", "eng", "sve"]),
    ):
        out = through(clip, tmp_path / name)
        with av.open(str(out)) as video:
            assert [s.language for s in video.streams.audio] == languages
            first = video.streams.audio[0]
            assert "Deutsch" in (first.metadata.get("title"), first.metadata.get("name"))
            assert [bool(s.disposition & Disposition.default) for s in video.streams.audio] == [True, False, False]
            if name == "out.mkv":
                assert [s.disposition for s in video.streams.audio] == list(marks[1:])


FLAGS = {
    Disposition.forced: "forced",
    Disposition.hearing_impaired: "for the hard of hearing",
    Disposition.visual_impaired: "for the blind",
    Disposition.comment: "commentary",
    Disposition.original: "original language",
    Disposition.dub: "dubbed",
}


@pytest.mark.parametrize("target", CONTAINERS)
@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_what_tracks_are_for_is_kept_or_said_to_be_lost(tmp_path: Path, target: str, flag: Disposition) -> None:
    plain = make_clip(tmp_path / "plain.mkv", sounds=["aac" if target == "out.mov" else "libopus"] * 2)
    with_texts = decorated(plain, tmp_path / "texts.mkv", subtitles=["srt", "srt"])
    marks = [Disposition.default, Disposition.default, flag, Disposition.default, flag]
    clip = decorated(with_texts, tmp_path / "in.mkv", dispositions=marks)

    told = [note for note in notes(clip, target) if note.startswith("Flags")]

    with av.open(str(through(clip, tmp_path / target))) as video:
        for name, streams in (("sound", video.streams.audio), ("subtitles", video.streams.subtitles)):
            lost = [note.partition(": ")[2] for note in told if note.startswith(f"Flags of {name} left out")]
            assert lost == ([] if streams[1].disposition & flag else [FLAGS[flag]])
            assert streams[0].disposition & Disposition.default


def test_what_mp4_says_twice_is_not_said_to_be_lost(tmp_path: Path) -> None:
    plain = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "texts.mkv", subtitles=["srt"])
    marks = [Disposition.default, Disposition.hearing_impaired]
    clip = through(decorated(plain, tmp_path / "in.mkv", dispositions=marks), tmp_path / "in.mp4")
    with av.open(str(clip)) as video:
        assert video.streams.subtitles[0].disposition & Disposition.captions
    assert notes(clip, "out.mkv") == ()


@pytest.mark.parametrize("codec", ["pcm_mulaw"])
def test_sound_that_the_container_cannot_hold_is_refused_before_work(tmp_path: Path, codec: str) -> None:
    clip = make_clip(tmp_path / "in.avi", sounds=[codec])
    with pytest.raises(OutputTypeError, match=r"MP4.*pcm_mulaw.*Write \.mov, or.*--no-keep-audio"):
        notes(clip, "out.mp4")
    assert notes(clip, "out.mov") == ()
    assert notes(clip, "out.mp4", keep_audio=False) == ()
    assert sound_packets(through(clip, tmp_path / "out.mov"))[0][3] == sound_packets(clip)[0][3]
    with pytest.raises(OutputTypeError, match="pcm_mulaw"):
        through(clip, tmp_path / "out.mp4")


@pytest.mark.parametrize("codec", ["flac", "libopus"])
def test_sound_that_only_the_header_refuses_is_named_too(tmp_path: Path, codec: str) -> None:
    clip = make_clip(tmp_path / "in.mkv", sounds=["aac", codec])
    name = codec.removeprefix("lib")
    with pytest.raises(OutputTypeError, match=rf"QuickTime files do not hold the sound.*\({name}\)\. Write \.mp4, or"):
        notes(clip, "out.mov")
    assert notes(clip, "out.mp4") == ()


def test_sound_that_only_the_index_refuses_is_found_out_before_work(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", sounds=["pcm_s16le"], channels="9 channels")
    with pytest.raises(OutputTypeError, match=r"MP4 files do not hold the sound.*\(pcm_s16le\)\. Write \.mov, or"):
        notes(clip, "out.mp4")
    through(clip, tmp_path / "out.mov")


def test_sound_that_no_container_holds_must_be_left_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.avi", sounds=["wmav2"])
    with pytest.raises(OutputTypeError, match=r"wmav2\)\. Leave the sound out with --no-keep-audio"):
        notes(clip, "out.mkv")


def test_webm_holds_opus_but_not_aac(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", sounds=["aac"])
    with pytest.raises(OutputTypeError, match=r"WebM files do not hold.*\(aac\)\. Write \.mp4, or"):
        notes(clip, "out.webm")


@pytest.mark.parametrize(("channels", "layout"), [("2 channels", "stereo"), ("6 channels", "5.1")])
@pytest.mark.parametrize("target", ["out.mp4", "out.mov"])
@pytest.mark.parametrize("source", ["in.mkv", "in.avi"])
def test_raw_samples_whose_channels_are_only_counted_are_taken_as_players_take_them(
    tmp_path: Path, source: str, target: str, channels: str, layout: str
) -> None:
    clip = make_clip(tmp_path / source, sounds=["pcm_s16le"], channels=channels)
    before, told = samples(clip)
    assert told == channels, "the file does not say which channel stands where"
    out = through(clip, tmp_path / target)
    assert samples(out) == (before, layout)
    assert sound_packets(out)[0][0] == sound_packets(clip)[0][0]


def samples(path: Path) -> tuple[bytes, str]:
    """All sound of a file as PyAV decodes it, and the name of its layout of channels."""
    with av.open(str(path)) as clip:
        sound = b"".join(frame.to_ndarray().tobytes() for frame in clip.decode(audio=0))
        return sound, clip.streams.audio[0].layout.name


@pytest.mark.parametrize("target", CONTAINERS)
@pytest.mark.parametrize(
    ("source", "codec"),
    [
        ("in.mp4", "mov_text"),
        ("in.mov", "mov_text"),
        ("in.mkv", "subrip"),
        ("in.mkv", "ass"),
        ("in.mkv", "webvtt"),
    ],
)
def test_subtitles_come_out_in_what_the_container_holds(tmp_path: Path, source: str, codec: str, target: str) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / source, subtitles=[codec], languages=["fra"])
    out = through(clip, tmp_path / target)
    assert [(a, b, plain(t)) for a, b, t in texts_of(out)] == PLAIN
    wanted = {"out.mp4": "mov_text", "out.mov": "mov_text", "out.webm": "webvtt"}.get(
        target, "subrip" if codec == "mov_text" else codec
    )
    with av.open(str(out)) as video:
        stream = video.streams.subtitles[0]
        assert stream.codec_context.codec.canonical_name == wanted
        assert stream.language == "fra"
    assert times(out) == times(clip) or target in ("out.mkv", "out.webm")


def plain(text: str) -> str:
    return text.replace("{\\i1}", "").replace("{\\i0}", "")


def test_subtitles_that_need_no_other_form_are_copied_byte_for_byte(tmp_path: Path) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mkv", subtitles=["ass", "subrip"])
    out = through(clip, tmp_path / "out.mkv")
    for track in range(2):
        assert packet_times(out, subtitles=track) == packet_times(clip, subtitles=track)
    assert notes(clip, "out.mkv") == ()
    assert notes(clip, "out.mp4") == (
        "Subtitles (ass) are written as mov_text, which keeps the text but not all of its styles",
    )


def test_italics_survive_the_change_of_form(tmp_path: Path) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mkv", subtitles=["subrip"])
    out = through(clip, tmp_path / "out.mp4")
    assert texts_of(out)[0][2] == "Hello {\\i1}World"
    assert texts_of(out)[0][:2] == TEXTS[0][:2]


def test_subtitles_can_be_left_out(tmp_path: Path) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mkv", subtitles=["subrip"])
    with av.open(str(through(clip, tmp_path / "out.mkv", keep_subtitles=False))) as video:
        assert not video.streams.subtitles


@pytest.mark.parametrize("target", CONTAINERS)
@pytest.mark.parametrize("source", ["in.mp4", "in.mkv"])
def test_chapters_are_kept(tmp_path: Path, source: str, target: str) -> None:
    chapters = ((0, 200, "one"), (200, 480, "two ü"))
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / source, chapters=chapters)
    out = through(clip, tmp_path / target)
    assert chapters_of(out) == list(chapters)
    assert notes(clip, target) == ()


def chapters_of(path: Path) -> list[tuple[int, int, str]]:
    with av.open(str(path)) as clip:
        return [
            (*(round(c[key] * c["time_base"] * 1000) for key in ("start", "end")), c["metadata"]["title"])
            for c in clip.chapters()
        ]


TAGS = {
    "title": "A title",
    "artist": "Somebody",
    "date": "2020-01-02",
    "comment": "said ünder",
    "copyright": "(c) me",
    "location": "+48.1372+011.5755/",
    "creation_time": "2021-03-04T05:06:07.000000Z",
}


def tags_of(path: Path) -> dict[str, str]:
    with av.open(str(path)) as clip:
        return {name.lower(): value for name, value in clip.metadata.items()}


@pytest.mark.parametrize("target", CONTAINERS)
@pytest.mark.parametrize("source", ["in.mp4", "in.mkv"])
def test_tags_are_kept_the_place_and_the_time_of_recording_among_them(tmp_path: Path, source: str, target: str) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / source, tags=TAGS)
    found = tags_of(through(clip, tmp_path / target))
    assert {name: found.get(name) for name in TAGS} == TAGS
    assert found.get("encoder", "Lavf") == "Lavf", "the one who wrote this container, which Matroska must say"


@pytest.mark.parametrize("target", CONTAINERS)
def test_tags_under_unusual_names_are_kept_too(tmp_path: Path, target: str) -> None:
    tags = {**TAGS, "com.apple.quicktime.make": "Apple", "my_own": "mine"}
    muxer = {"movflags": "use_metadata_tags"}
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mov", tags=tags, muxer=muxer)
    found = tags_of(through(clip, tmp_path / target))
    assert {name: found.get(name) for name in tags} == tags


def test_the_usual_tags_are_where_most_players_look(tmp_path: Path) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mkv", tags=TAGS)
    content = through(clip, tmp_path / "out.mp4").read_bytes()
    assert b"\xa9nam" in content
    assert b"mdta" not in content


@pytest.mark.parametrize("target", CONTAINERS)
def test_all_that_speaks_of_people_and_places_can_be_left_out(tmp_path: Path, target: str) -> None:
    clip = decorated(
        make_clip(tmp_path / "plain.mkv", sounds=["libopus"]),
        tmp_path / "in.mkv",
        tags=TAGS,
        chapters=((0, 200, "one"),),
        picture_tags={"timecode": "01:00:00:00", "title": "shot", "handler_name": "My Camera"},
    )
    if target == "out.mov":
        clip = decorated(make_clip(tmp_path / "plain.mp4", sounds=["aac"]), tmp_path / "in.mkv", tags=TAGS)
    out = through(clip, tmp_path / target, keep_metadata=False)
    found = tags_of(out)
    assert not {*TAGS, "timecode"} & found.keys()
    assert chapters_of(out) == []
    with av.open(str(out)) as video:
        assert not {"timecode", "title", "name"} & {k.lower() for k in video.streams.video[0].metadata}


@pytest.mark.parametrize("target", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source", ["in.mov", "in.mkv"])
@pytest.mark.parametrize("timecode", ["01:02:03:04", "10:00:00:00"])
def test_timecode_is_kept(tmp_path: Path, source: str, target: str, timecode: str) -> None:
    clip = decorated(make_clip(tmp_path / "plain.mkv"), tmp_path / source, picture_tags={"timecode": timecode})
    out = through(clip, tmp_path / target)
    with av.open(str(out)) as video:
        told = {k.lower(): v for k, v in video.streams.video[0].metadata.items()}
    assert told["timecode"] == timecode
    assert notes(clip, target) == ()


@pytest.mark.parametrize("source", ["in.mp4", "in.mkv"])
def test_cover_art_is_kept_where_the_container_has_a_place_for_it(tmp_path: Path, source: str) -> None:
    cover = cover_picture(tmp_path / "cover.jpg")
    picture = cover.read_bytes()
    plain_clip = make_clip(tmp_path / "plain.mkv", sounds=["aac"])
    if source == "in.mkv":
        clip = decorated(plain_clip, tmp_path / source, attachments=[("cover.jpg", "image/jpeg", picture)])
    else:
        clip = decorated(plain_clip, tmp_path / source, cover=cover)
    for target in ("out.mp4", "out.mkv"):
        out = through(clip, tmp_path / target)
        assert [bytes_of_cover(out)] == [picture]
        assert times(out) == times(clip)
        assert notes(clip, target) == ()
    assert notes(clip, "out.mov") == ("Cover art is left out: QuickTime files do not hold it",)
    through(clip, tmp_path / "out.mov")


def bytes_of_cover(path: Path) -> bytes:
    with av.open(str(path)) as clip:
        (stream,) = [s for s in clip.streams.video if s.disposition & Disposition.attached_pic]
        return bytes(next(p for p in clip.demux(stream) if p.size))


def test_beside_a_cover_mp4_holds_the_usual_tags_alone_and_says_so(tmp_path: Path) -> None:
    cover = cover_picture(tmp_path / "cover.jpg").read_bytes()
    clip = decorated(
        make_clip(tmp_path / "plain.mkv"),
        tmp_path / "in.mkv",
        attachments=[("cover.jpg", "image/jpeg", cover)],
        tags={"title": "A title", "my_own": "mine"},
    )
    assert notes(clip, "out.mp4") == ("Tags left out, which MP4 files do not hold beside a cover: my_own",)
    out = through(clip, tmp_path / "out.mp4")
    assert tags_of(out)["title"] == "A title"
    assert bytes_of_cover(out) == cover


def test_fonts_stay_attached_to_matroska(tmp_path: Path) -> None:
    clip = decorated(
        make_clip(tmp_path / "plain.mkv"),
        tmp_path / "in.mkv",
        subtitles=["ass"],
        attachments=[("f.ttf", "application/x-truetype-font", b"font bytes")],
    )
    with av.open(str(through(clip, tmp_path / "out.mkv"))) as video:
        (font,) = video.streams.attachments
        assert (font.name, font.mimetype, font.data) == ("f.ttf", "application/x-truetype-font", b"font bytes")
    assert notes(clip, "out.mp4")[1:] == ("The attached file f.ttf is left out: MP4 files do not hold any",)
    through(clip, tmp_path / "out.mp4")


def test_subtitles_that_are_pictures_are_named_where_they_cannot_be_held(tmp_path: Path) -> None:
    clip = beside(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mkv", "hdmv_pgs_subtitle")
    told = "Subtitles (hdmv_pgs_subtitle) are left out: {} files do not hold them"
    assert notes(clip, "out.mp4") == (told.format("MP4"),)
    assert notes(clip, "out.webm") == (told.format("WebM"),)
    assert notes(clip, "out.mkv") == ()
    assert notes(clip, "out.mp4", keep_subtitles=False) == ()


def test_tracks_of_data_are_named(tmp_path: Path) -> None:
    clip = beside(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.ts", "klv")
    assert notes(clip, "out.mp4") == ("A track of data (klv) is left out",)
    with av.open(str(through(clip, tmp_path / "out.mp4"))) as video:
        assert [stream.type for stream in video.streams] == ["video"]


def test_closed_captions_come_out_as_text_where_they_cannot_be_copied(tmp_path: Path) -> None:
    clip = beside(make_clip(tmp_path / "plain.mkv"), tmp_path / "in.mov", "eia_608")
    for target, codec in (("out.mov", "eia_608"), ("out.mp4", "mov_text"), ("out.mkv", "subrip")):
        with av.open(str(through(clip, tmp_path / target))) as video:
            assert video.streams.subtitles[0].codec_context.codec.canonical_name == codec


def beside(source: Path, target: Path, codec: str) -> Path:
    """Copy a clip, with a further track of a codec and one packet in it."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as output:
        copy = output.add_stream_from_template(clip.streams.video[0], opaque=True)
        further = output.add_data_stream(codec) if codec == "klv" else output.add_mux_stream(codec)
        further.time_base = Fraction(1, 1000)
        for packet in clip.demux():
            if packet.size:
                packet.stream = copy
                output.mux(packet)
        extra = av.Packet(bytes(20))
        extra.pts = extra.dts = extra.duration = 100
        extra.time_base, extra.stream, extra.is_keyframe = Fraction(1, 1000), further, True
        output.mux(extra)
    return target


def test_pictures_that_move_hold_no_sound_which_is_said(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    gif = forms.Form("GIF", "video", "gif", "gif", (".gif",))
    told = check_tracks(clip, gif, OutputOptions())
    assert told == ("GIF files hold pictures alone; left out: sound",)
    assert check_tracks(clip, gif, OutputOptions(keep_audio=False)) == ()


def test_checking_writes_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    notes(clip, "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize(
    "name", ["male_with_espeak_audio_mux.mp4", "scene_cuts_with_noface.mp4", "hand_occlusion_asl_bird.mkv"]
)
@pytest.mark.slow
def test_real_clips_keep_times_and_sound(assets: Path, tmp_path: Path, name: str) -> None:
    clip = assets / "video" / name
    out = through(clip, tmp_path / "out.mp4", length=100)
    assert times(out) == times(clip)
    if probe(clip, LIMITS).audio:
        assert sound_packets(out) == sound_packets(clip)


def test_names_from_a_file_cannot_write_over_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b[2J\n" + "b" * 100
    source = decorated(
        make_clip(tmp_path / "in.mkv"),
        tmp_path / "named.mkv",
        attachments=[(name, "application/x-truetype-font", b"-")],
    )

    told = notes(source, "out.mp4")[-1]

    assert told.startswith("The attached file a [2J bbb")
    assert told.endswith("bbb… is left out: MP4 files do not hold any")
    assert told.isprintable()


@pytest.mark.parametrize("place", [1, 3])
def test_sound_that_breaks_is_told_as_such_even_in_its_last_packet(tmp_path: Path, place: int) -> None:
    content = bytearray(make_clip(tmp_path / "in.ts", sounds=["aac"]).read_bytes())
    at = len(content)
    for _ in range(place):
        at = content.rfind(b"\xff\xf1", 0, at)  # how a packet of AAC begins
    content[at + 2 : at + 4] = b"\xfd\xff"
    (tmp_path / "broken.ts").write_bytes(content)

    with pytest.raises(InputDamagedError, match=r"sound of the target is damaged.*--no-keep-audio"):
        through(tmp_path / "broken.ts", tmp_path / "out.mp4")


def test_sound_that_breaks_while_libav_holds_it_back_is_told_as_such(tmp_path: Path) -> None:
    """As the muxer looks at it only when a later picture comes, that picture is not to blame."""
    content = bytearray(make_clip(tmp_path / "in.flv", sounds=["aac"]).read_bytes())
    first = content.index(b"\xaf\x01")  # a packet of AAC; now it says that it holds what the decoder is set up with
    content[first + 1] = 0
    (tmp_path / "broken.flv").write_bytes(content)

    with pytest.raises(InputDamagedError, match=r"sound of the target is damaged.*--no-keep-audio"):
        through(tmp_path / "broken.flv", tmp_path / "out.mkv")
