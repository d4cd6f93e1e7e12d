"""Cutting: what lies in the range is kept, and keeps its distance to the picture."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from join_clips import decorated, encode, texts_of, through
from media_clips import lengths, make_clip, rewrite, sound_packets, times

from facefusion.media.select import Selection
from facefusion.media.tracks.timecode import later
from facefusion.options.moments import Moment

MILLISECOND = Fraction(1, 1000)
NTSC = Fraction(1001, 30000)


def part(start: str | None, end: str | None = None) -> Selection:
    return Selection(start=Moment.parse(start) if start else None, end=Moment.parse(end) if end else None)


@pytest.mark.parametrize("target", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source", ["in.mp4", "in.mkv", "in.ts"])
@pytest.mark.parametrize(("start", "end"), [("0.5", None), ("13f", "31f"), ("0.777", "1.3"), (None, "0.9")])
def test_sound_keeps_its_distance_to_the_picture(
    tmp_path: Path, source: str, target: str, start: str | None, end: str | None
) -> None:
    clip = make_clip(tmp_path / source, pts=range(60), time_base=NTSC, sounds=["aac"])
    selection = part(start, end)
    _, _, cut = encode(clip, tmp_path / "range.mp4", selection=selection)
    out = through(clip, tmp_path / target, selection=selection)
    assert times(out)[0] == 0
    before, after = sound_packets(clip), sound_packets(out)
    payloads = {p[3]: p[0] for p in before}
    if source == "in.ts" and target != "in.ts":
        payloads = {p[3][7:]: p[0] for p in before}
    for pts, _, _, payload in after:
        if payload in payloads:
            assert abs(pts - (payloads[payload] - cut.start)) <= MILLISECOND
    assert -Fraction(2 * 1024, 48000) - MILLISECOND < after[0][0] <= 0
    last = after[-1][0]
    if cut.end is None:
        assert after[-1][3] == before[-1][3][-len(after[-1][3]) :]
    else:
        assert last < cut.end - cut.start <= last + Fraction(2 * 1024, 48000)


def test_no_packet_is_divided_doubled_or_skipped(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(60), sounds=["aac", "flac"])
    out = through(clip, tmp_path / "out.mp4", selection=part("0.5", "1.5"))
    for track in range(2):
        whole = [p[3] for p in sound_packets(clip, track)]
        kept = [p[3] for p in sound_packets(out, track)]
        first = whole.index(kept[0])
        assert kept == whole[first : first + len(kept)]
        begin = sound_packets(clip, track)[first][0]
        assert begin < Fraction(1, 2) < begin + Fraction(4608 if track else 2048, 48000) + MILLISECOND


def test_sound_that_needs_the_packet_before_it_is_decoded_right_from_the_cut(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(60), sounds=["aac"])
    out = through(clip, tmp_path / "out.mp4", selection=part("0.5"))
    assert loudness(out, Fraction(0)) == pytest.approx(loudness(clip, Fraction(1, 2)), rel=0.02)


def loudness(path: Path, moment: Fraction) -> float:
    """Root of the mean square of the sound in the 40 ms after a moment."""
    with av.open(str(path)) as clip:
        total, count = 0.0, 0
        for frame in clip.decode(audio=0):
            begin = frame.pts * frame.time_base
            samples = frame.to_ndarray().astype(float)
            for n in range(samples.shape[1]):
                if moment <= begin + Fraction(n, 48000) < moment + Fraction(40, 1000):
                    total, count = total + float((samples[:, n] ** 2).sum()), count + samples.shape[0]
        return float((total / count) ** 0.5)


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_subtitles_begin_and_end_within_the_range(tmp_path: Path, target: str) -> None:
    texts = (
        (40, 80, "gone"),
        (440, 120, "begun before"),
        (600, 100, "whole"),
        (960, 200, "cut off"),
        (1200, 80, "late"),
    )
    clip = decorated(
        make_clip(tmp_path / "plain.mkv", pts=range(50)), tmp_path / "in.mkv", subtitles=["subrip"], texts=texts
    )
    out = through(clip, tmp_path / target, selection=part("0.48", "1.0"))
    assert texts_of(out) == [(0, 80, "begun before"), (120, 100, "whole"), (480, 40, "cut off")]


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_chapters_are_cut_and_moved(tmp_path: Path, target: str) -> None:
    chapters = ((0, 400, "one"), (400, 800, "two"), (800, 1600, "three"), (1600, 2000, "four"))
    clip = decorated(make_clip(tmp_path / "plain.mkv", pts=range(50)), tmp_path / "in.mkv", chapters=chapters)
    out = through(clip, tmp_path / target, selection=part("0.48", "1.0"))
    with av.open(str(out)) as video:
        found = [
            (round(c["start"] * c["time_base"] * 1000), round(c["end"] * c["time_base"] * 1000), c["metadata"]["title"])
            for c in video.chapters()
        ]
    assert found == [(0, 320, "two"), (320, 520, "three")]


def test_timecode_moves_on_by_what_is_cut_off(tmp_path: Path) -> None:
    clip = decorated(
        make_clip(tmp_path / "plain.mkv", pts=range(50)), tmp_path / "in.mov", picture_tags={"timecode": "01:00:59:20"}
    )
    out = through(clip, tmp_path / "out.mov", selection=part("8f"))
    with av.open(str(out)) as video:
        assert video.streams.video[0].metadata["timecode"] == "01:01:00:03"


@pytest.mark.parametrize(
    ("timecode", "frames", "rate", "after"),
    [
        ("00:00:00:00", 1, Fraction(25), "00:00:00:01"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        ("00:00:59:29", 1, Fraction(30), "00:01:00:00"),
        ("00:00:59;29", 1, Fraction(30000, 1001), "00:01:00;02"),
        ("00:09:59;29", 1, Fraction(30000, 1001), "00:10:00;00"),
        ("00:00:00;00", 17982, Fraction(30000, 1001), "00:10:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("01:00:00:00", 24, Fraction(24000, 1001), "01:00:01:00"),
    ],
)
def test_timecode_counts_as_cameras_do(timecode: str, frames: int, rate: Fraction, after: str) -> None:
    assert later(timecode, frames / rate, rate) == after


def test_timecode_at_another_rate_shows_the_same_moment() -> None:
    assert later("01:00:00:20", Fraction(0), Fraction(50), new_rate=Fraction(25)) == "01:00:00:10"
    assert later("01:00:00:12", Fraction(0), Fraction(25), new_rate=Fraction(50)) == "01:00:00:24"


def test_what_is_no_timecode_is_left_out() -> None:
    assert later("noon", Fraction(0), Fraction(25)) == ""


def edits(path: Path) -> dict[str, Fraction]:
    """How long, by the edit lists of an MP4 or QuickTime file, picture and sound are shown and heard, in seconds."""
    found: dict[str, Fraction] = {}
    rate, length = 1, 0

    def walk(data: bytes) -> None:
        nonlocal rate, length
        at = 0
        while at + 8 <= len(data):
            size, kind = struct.unpack(">I4s", data[at : at + 8])
            inner = data[at + 8 : at + size]
            if kind in (b"moov", b"trak", b"edts", b"mdia"):
                walk(inner)
            elif kind == b"mvhd":
                (rate,) = struct.unpack(">I", inner[20:24] if inner[0] else inner[12:16])
            elif kind == b"elst":
                count, form = struct.unpack(">I", inner[4:8])[0], ">Qq4x" if inner[0] else ">Ii4x"
                step = struct.calcsize(form)
                entries = [struct.unpack(form, inner[8 + step * n : 8 + step * (n + 1)]) for n in range(count)]
                length = sum(duration for duration, begin in entries if begin >= 0)
            elif kind == b"hdlr" and inner[8:12] in (b"vide", b"soun"):
                found[inner[8:12].decode()] = Fraction(length, rate)
            at += size

    walk(path.read_bytes())
    return found


SOUNDS = [("aac", "out.mp4"), ("aac", "out.mov"), ("mp3", "out.mp4"), ("libopus", "out.mp4"), ("flac", "out.mp4")]


@pytest.mark.parametrize(("codec", "target"), [*SOUNDS, ("pcm_s16le", "out.mov")])
@pytest.mark.parametrize(
    ("trim", "length"),
    [
        ({"trim_start": "0.5", "trim_end": "1.22"}, "0.72"),
        ({"trim_start": "10f", "trim_end": "11f"}, "0.04"),
        ({"trim_start": "0.777", "trim_end": "1.3"}, "0.52"),
        ({"trim_end": "0.9"}, "0.92"),
    ],
)
def test_sound_ends_with_the_picture_to_the_tick(
    tmp_path: Path, codec: str, target: str, trim: dict[str, str], length: str
) -> None:
    clip = make_clip(tmp_path / ("in.mov" if codec == "pcm_s16le" else "in.mkv"), pts=range(60), sounds=[codec])

    rewrite(clip, tmp_path / target, **trim)

    assert edits(tmp_path / target) == {"vide": Fraction(length), "soun": Fraction(length)}


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_a_constant_rate_stays_constant_wherever_the_end_is(tmp_path: Path, target: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(60), sounds=["aac"])

    rewrite(clip, tmp_path / target, trim_start="0.5", trim_end="1.213")

    assert set(lengths(tmp_path / target)) == {Fraction(1, 25)}
    with av.open(str(tmp_path / target)) as video:
        assert video.streams.video[0].average_rate == 25
