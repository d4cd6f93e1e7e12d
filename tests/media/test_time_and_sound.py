"""What was not edited comes out as it went in: every timestamp, every packet of sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from media_clips import LIMITS, lengths, make_clip, rewrite, sound_packets, times

from facefusion.errors import OutputTypeError
from facefusion.media.probe import probe
from facefusion.media.writer import VideoWriter, check_video_output
from facefusion.options import OutputOptions

NTSC = Fraction(1001, 30000)
VARIABLE = (0, 40, 80, 200, 240, 241, 900, 960, 1000, 2000, 2033, 2066)
MILLISECONDS = Fraction(1, 1000)


@pytest.mark.parametrize("target", ["out.mp4", "out.m4v", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source", ["in.mp4", "in.mov", "in.mkv", "in.avi", "in.ts"])
def test_every_frame_keeps_its_time_in_every_container(tmp_path: Path, source: str, target: str) -> None:
    clip = make_clip(tmp_path / source, sounds=["aac"])
    out = rewrite(clip, tmp_path / target)
    expected = periods(clip) if source == "in.avi" else times(clip)
    assert times(out) == expected
    assert lengths(out) == lengths(clip) == [Fraction(1, 25)] * 12


def periods(path: Path) -> list[Fraction]:
    """AVI files hold no times of frames: each packet stands for one frame period, in order."""
    with av.open(str(path)) as clip:
        return [p.dts * p.time_base for p in clip.demux(video=0) if p.size]


@pytest.mark.parametrize(
    ("pts", "time_base"),
    [
        (VARIABLE, MILLISECONDS),
        (range(100, 112), Fraction(1, 25)),
        (range(12), NTSC),
        ([7 + 3003 * n for n in range(12)], Fraction(1, 90000)),
        ([1_000_003 + 33_367 * n for n in range(12)], Fraction(1, 1_000_000)),
    ],
    ids=["variable rate", "starts at 4 s", "29.97", "odd ticks at 90 kHz", "microseconds from 1 s"],
)
def test_mp4_holds_any_clock_exactly(tmp_path: Path, pts: list[int], time_base: Fraction) -> None:
    clip = make_clip(
        tmp_path / "in.mp4",
        pts=pts,
        time_base=time_base,
        muxer={"video_track_timescale": str(time_base.denominator), "movie_timescale": str(time_base.denominator)},
    )
    assert times(clip) == [n * time_base for n in pts]
    out = rewrite(clip, tmp_path / "out.mp4")
    assert times(out) == times(clip)
    assert lengths(out)[:-1] == lengths(clip)[:-1]


def test_matroska_counts_milliseconds_so_times_are_within_half_of_one(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", time_base=NTSC)
    out = rewrite(clip, tmp_path / "out.mkv")
    assert all(abs(a - b) <= MILLISECONDS / 2 for a, b in zip(times(clip), times(out), strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_sound_is_copied_packet_for_packet_with_its_priming(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    assert sound_packets(clip)[0][0] < 0, "AAC starts before zero, by an edit list"
    out = rewrite(clip, tmp_path / f"out{suffix}")
    assert sound_packets(out) == sound_packets(clip)


def test_all_streams_of_sound_are_copied_with_their_languages(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", sounds=["aac", "libmp3lame", "flac"])
    out = rewrite(clip, tmp_path / "out.mkv")
    for track in range(3):
        assert sound_packets(out, track) == sound_packets(clip, track)


@pytest.mark.parametrize("seconds", [0.2, 3.0], ids=["shorter", "longer"])
def test_sound_that_is_shorter_or_longer_than_the_picture_is_copied_whole(tmp_path: Path, seconds: float) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"], sound_seconds=seconds)
    out = rewrite(clip, tmp_path / "out.mp4")
    assert sound_packets(out) == sound_packets(clip)
    assert times(out) == times(clip)


def test_packets_lie_in_the_file_in_the_order_in_which_they_are_needed(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(100), sounds=["aac"])
    out = rewrite(clip, tmp_path / "out.mp4")
    with av.open(str(out)) as video:
        stamps = [(p.pos, p.dts * p.time_base) for p in video.demux() if p.size]
    stamps.sort()
    late = max(max(t for _, t in stamps[: n + 1]) - stamps[n][1] for n in range(len(stamps)))
    assert late < Fraction(1, 2)


def test_sound_from_a_transport_stream_loses_only_its_framing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.ts", sounds=["aac"])
    out = rewrite(clip, tmp_path / "out.mp4")
    before, after = sound_packets(clip), sound_packets(out)
    assert [p[:3] for p in after] == [p[:3] for p in before]
    assert all(b[3].endswith(a[3]) for a, b in zip(after, before, strict=True))


def test_sound_can_be_left_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    out = rewrite(clip, tmp_path / "out.mp4", keep_audio=False)
    assert not probe(out, LIMITS).has_audio


@pytest.mark.parametrize("check", [True, False], ids=["check before work", "writer"])
def test_sound_that_the_container_cannot_hold_is_refused_before_work(tmp_path: Path, check: bool) -> None:
    clip = make_clip(tmp_path / "in.avi", sounds=["pcm_mulaw"])
    info = probe(clip, LIMITS)
    with pytest.raises(OutputTypeError, match=r"MP4.*pcm_mulaw.*Write \.mov, or.*--no-keep-audio"):
        if check:
            check_video_output(tmp_path / "out.mp4", like=info, options=OutputOptions())
        else:
            VideoWriter(tmp_path / "out.mp4", like=info, options=OutputOptions())
    check_video_output(tmp_path / "out.mov", like=info, options=OutputOptions())
    check_video_output(tmp_path / "out.mp4", like=info, options=OutputOptions(keep_audio=False))
    assert sound_packets(rewrite(clip, tmp_path / "out.mov"))[0][3] == sound_packets(clip)[0][3]


@pytest.mark.parametrize("codec", ["flac", "libopus"])
def test_sound_that_only_the_header_refuses_is_named_too(tmp_path: Path, codec: str) -> None:
    info = probe(make_clip(tmp_path / "in.mkv", sounds=["aac", codec]), LIMITS)
    name = codec.removeprefix("lib")
    with pytest.raises(OutputTypeError, match=rf"QuickTime files do not hold the sound.*\({name}\)\. Write \.mp4, or"):
        check_video_output(tmp_path / "out.mov", like=info, options=OutputOptions())
    check_video_output(tmp_path / "out.mp4", like=info, options=OutputOptions())


@pytest.mark.parametrize(("channels", "layout"), [("2 channels", "stereo"), ("6 channels", "5.1")])
@pytest.mark.parametrize("target", ["out.mp4", "out.mov"])
@pytest.mark.parametrize("source", ["in.mkv", "in.avi"])
def test_raw_samples_whose_channels_are_only_counted_are_taken_as_players_take_them(
    tmp_path: Path, source: str, target: str, channels: str, layout: str
) -> None:
    clip = make_clip(tmp_path / source, sounds=["pcm_s16le"], channels=channels)
    before, told = samples(clip)
    assert told == channels, "the file does not say which channel stands where"
    check_video_output(tmp_path / target, like=probe(clip, LIMITS), options=OutputOptions())
    out = rewrite(clip, tmp_path / target)
    assert samples(out) == (before, layout)
    assert b"".join(p[3] for p in sound_packets(out)) == b"".join(p[3] for p in sound_packets(clip))
    assert sound_packets(out)[0][0] == sound_packets(clip)[0][0]


def samples(path: Path) -> tuple[bytes, str]:
    """All sound of a file as PyAV decodes it, and the name of its layout of channels."""
    with av.open(str(path)) as clip:
        sound = b"".join(frame.to_ndarray().tobytes() for frame in clip.decode(audio=0))
        return sound, clip.streams.audio[0].layout.name


@pytest.mark.parametrize("check", [True, False], ids=["check before work", "writer"])
def test_sound_that_only_the_index_refuses_is_found_out_before_work(tmp_path: Path, check: bool) -> None:
    clip = make_clip(tmp_path / "in.mkv", sounds=["pcm_s16le"], channels="9 channels")
    info = probe(clip, LIMITS)
    with pytest.raises(OutputTypeError, match=r"MP4 files do not hold the sound.*\(pcm_s16le\)\. Write \.mov, or"):
        if check:
            check_video_output(tmp_path / "out.mp4", like=info, options=OutputOptions())
        else:
            VideoWriter(tmp_path / "out.mp4", like=info, options=OutputOptions())
    assert samples(rewrite(clip, tmp_path / "out.mov"))[0] == samples(clip)[0]


def test_a_stream_of_sound_that_starts_late_is_copied_whole(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv", pts=range(200), sounds=["aac", "libmp3lame"])
    clip = tmp_path / "in.mkv"
    with av.open(str(whole)) as source, av.open(str(clip), "w") as output:
        copies = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.size and (packet.stream_index < 2 or packet.pts * packet.time_base > 7):
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    out = rewrite(clip, tmp_path / "out.mkv")
    assert sound_packets(clip, 1)[0][0] > 7
    for track in range(2):
        assert sound_packets(out, track) == sound_packets(clip, track)


def test_sound_that_no_container_holds_must_be_left_out(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.avi", sounds=["wmav2"])
    with pytest.raises(OutputTypeError, match=r"wmav2\)\. Leave the sound out with --no-keep-audio"):
        check_video_output(tmp_path / "out.mkv", like=probe(clip, LIMITS), options=OutputOptions())


def test_checking_writes_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    check_video_output(tmp_path / "out.mp4", like=probe(clip, LIMITS), options=OutputOptions())
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def test_the_index_comes_first_so_that_a_file_plays_while_it_is_fetched(tmp_path: Path) -> None:
    out = rewrite(make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    "name", ["male_with_espeak_audio_mux.mp4", "scene_cuts_with_noface.mp4", "hand_occlusion_asl_bird.mkv"]
)
def test_real_clips_keep_times_and_sound(assets: Path, tmp_path: Path, name: str) -> None:
    clip = assets / "video" / name
    out = rewrite(clip, tmp_path / "out.mp4")
    assert times(out) == times(clip)
    if probe(clip, LIMITS).has_audio:
        assert sound_packets(out) == sound_packets(clip)
