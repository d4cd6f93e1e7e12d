"""The joined file: every frame at its own time, whatever the segments were, and all sound beside it."""

from __future__ import annotations

import errno
import io
import struct
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from join_clips import encode, packet_times, through
from media_clips import make_clip, picture, sound_packets, times

from facefusion.errors import CancelledError, DiskFullError
from facefusion.media.files import Mode, NamedFiles
from facefusion.media.join import join
from facefusion.media.stamps import Stamps
from facefusion.options import OutputOptions

NTSC = Fraction(1001, 30000)
MILLISECONDS = Fraction(1, 1000)
VARIABLE = (0, 40, 80, 200, 240, 241, 900, 960, 1000, 2000, 2033, 2066)
CLOCKS = {
    "variable rate": (VARIABLE, MILLISECONDS),
    "starts at 4 s": (range(100, 112), Fraction(1, 25)),
    "29.97": (range(12), NTSC),
    "odd ticks at 90 kHz": ([7 + 3003 * n for n in range(12)], Fraction(1, 90000)),
    "microseconds from 1 s": ([1_000_003 + 33_367 * n for n in range(12)], Fraction(1, 1_000_000)),
}


def clip_of(path: Path, clock: str, **options: object) -> Path:
    pts, time_base = CLOCKS[clock]
    ticks = str(time_base.denominator)
    muxer = {"video_track_timescale": ticks, "movie_timescale": ticks}
    return make_clip(path, pts=pts, time_base=time_base, muxer=muxer, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [100, 5, 1], ids=["one segment", "three segments", "a segment for each frame"])
@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_frames_keep_their_times_exactly_over_all_seams(tmp_path: Path, suffix: str, clock: str, length: int) -> None:
    clip = clip_of(tmp_path / "in.mp4", clock)
    out = through(clip, tmp_path / f"out{suffix}", length=length)
    assert times(out) == times(clip)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_matroska_counts_milliseconds(tmp_path: Path, suffix: str, clock: str) -> None:
    clip = clip_of(tmp_path / "in.mp4", clock)
    out = through(clip, tmp_path / f"out{suffix}")
    assert all(abs(a - b) <= MILLISECONDS / 2 for a, b in zip(times(clip), times(out), strict=True))


def test_clocks_too_fine_for_mp4_are_counted_in_microseconds(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", pts=[0, 1, 200, 201], sounds=["aac"])
    encoding, segments, _ = encode(clip, tmp_path / "out.mp4")
    million = 1_000_000
    finest = replace(encoding, time_base=encoding.time_base / million)
    finer = [replace(s, times=tuple(t * million for t in s.times), end=s.end * million) for s in segments]
    out = tmp_path / "out.mp4"
    join(out, encoding=finest, segments=finer, source=clip, options=OutputOptions())
    assert times(out) == times(clip), "8 seconds between two frames are 8 000 000 000 of their ticks"


@pytest.mark.parametrize("length", [100, 5, 1])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_packets_are_decoded_in_order_and_never_after_they_are_shown(tmp_path: Path, suffix: str, length: int) -> None:
    out = through(clip_of(tmp_path / "in.mp4", "variable rate"), tmp_path / f"out{suffix}", length=length)
    with av.open(str(out)) as video:
        stamps = [(p.dts, p.pts) for p in video.demux(video=0) if p.size and p.dts is not None]
    assert all(a < b for (a, _), (b, _) in pairwise(stamps))
    assert all(dts <= pts for dts, pts in stamps)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_file_lasts_until_its_last_frame_ends(tmp_path: Path, suffix: str, clock: str) -> None:
    clip = clip_of(tmp_path / "in.mp4", clock)
    out = through(clip, tmp_path / f"out{suffix}")
    encoding, segments, _ = encode(clip, tmp_path / f"again{suffix}")
    end = segments[-1].end * encoding.time_base
    with av.open(str(out)) as video:
        stream = video.streams.video[0]
        found = Fraction(video.duration, av.time_base)
        if stream.duration is not None:
            found = stream.duration * stream.time_base
            end -= times(clip)[0]
    assert abs(found - end) <= (MILLISECONDS if suffix == ".mkv" else 0)


def test_every_segment_begins_with_a_key_frame(tmp_path: Path) -> None:
    out = through(make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4", length=4)
    with av.open(str(out)) as video:
        keys = [p.is_keyframe for p in video.demux(video=0) if p.size]
    assert [n for n, key in enumerate(keys) if key] == [0, 4, 8]


def test_joining_the_same_segments_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", sounds=["aac"])
    for suffix in (".mp4", ".mkv"):
        encoding, segments, cut = encode(clip, tmp_path / f"out{suffix}")
        made = []
        for name in ("a", "b"):
            path = tmp_path / f"{name}{suffix}"
            join(path, encoding=encoding, segments=segments, source=clip, options=OutputOptions(), range=cut)
            made.append(path.read_bytes())
        assert made[0] == made[1]


def test_the_index_comes_first_so_that_a_file_plays_while_it_is_fetched(tmp_path: Path) -> None:
    content = through(make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_packets_lie_in_the_file_in_the_order_in_which_they_are_needed(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(100), sounds=["aac"])
    out = through(clip, tmp_path / "out.mp4", length=20)
    with av.open(str(out)) as video:
        stamps = [(p.pos, p.dts * p.time_base) for p in video.demux() if p.size]
    stamps.sort()
    late = max(max(t for _, t in stamps[: n + 1]) - stamps[n][1] for n in range(len(stamps)))
    assert late < Fraction(1, 2)


def test_pixel_aspect_and_colour_tags_are_those_of_the_encoding(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", aspect=Fraction(4, 3))
    with av.open(str(through(clip, tmp_path / "out.mov"))) as video:
        assert video.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_what_is_copied_is_neither_more_nor_less_than_once(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", pts=range(60), sounds=["aac", "libmp3lame", "flac"])
    out = through(clip, tmp_path / "out.mkv", length=7)
    for track in range(3):
        assert sound_packets(out, track) == sound_packets(clip, track)
    assert len(packet_times(out)) == 60


def test_frames_before_time_0_are_shown_nevertheless(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mkv", pts=range(12), sounds=["aac"])
    encoding, segments, _ = encode(clip, tmp_path / "out.mp4")
    early = round(Fraction(3, 25) / encoding.time_base)
    moved = [replace(s, times=tuple(t - early for t in s.times), end=s.end - early) for s in segments]
    for name, parts in (("usual.mp4", segments), ("out.mp4", moved)):
        join(tmp_path / name, encoding=encoding, segments=parts, source=clip, options=OutputOptions())
    assert times(tmp_path / "out.mp4") == times(tmp_path / "usual.mp4")
    late = sound_packets(tmp_path / "out.mp4")[0][0] - sound_packets(tmp_path / "usual.mp4")[0][0]
    assert late == Fraction(3, 25), "sound keeps its distance to the picture"


def test_joining_stops_when_it_is_told_to(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4")
    encoding, segments, _ = encode(clip, tmp_path / "out.mp4")
    asked: list[bool] = []

    def cancel() -> bool:
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(CancelledError):
        join(
            tmp_path / "out.mp4",
            encoding=encoding,
            segments=segments,
            source=clip,
            options=OutputOptions(),
            cancel=cancel,
        )
    assert len(asked) == 4


def test_progress_counts_frames(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4")
    encoding, segments, _ = encode(clip, tmp_path / "out.mp4")
    told: list[int] = []
    join(
        tmp_path / "out.mp4",
        encoding=encoding,
        segments=segments,
        source=clip,
        options=OutputOptions(),
        progress=told.append,
    )
    assert told == list(range(1, 13))


class FullDisk(io.FileIO):
    """A file on a disk that has room for so many bytes."""

    room = 4096

    def write(self, data: object) -> int:
        if self.tell() + len(data) > self.room:  # type: ignore[arg-type]
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]


class FilesOnFullDisk(NamedFiles):
    """Opens one file for writing on such a disk, all others as they are."""

    def __init__(self, full: Path) -> None:
        self.full = full

    def open(self, path: Path, mode: Mode) -> io.FileIO:
        return FullDisk(path, mode) if (path, mode) == (self.full, "wb") else super().open(path, mode)


@pytest.mark.parametrize("room", [0, 500, 4096, 20_000])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, room: int) -> None:
    clip = make_clip(tmp_path / "in.mp4", pts=range(50), sounds=["aac"])
    encoding, segments, _ = encode(clip, tmp_path / f"out{suffix}")
    output = tmp_path / f"out{suffix}"
    monkeypatch.setattr(FullDisk, "room", room)

    with pytest.raises(DiskFullError):
        join(
            output,
            encoding=encoding,
            segments=segments,
            source=clip,
            options=OutputOptions(),
            files=FilesOnFullDisk(output),
        )


@pytest.mark.parametrize(
    ("order", "delay", "decoded"),
    [
        ((0, 10, 20), 0, (0, 10, 20)),
        ((0, 20, 10, 30), 1, (-10, 0, 10, 20)),
        ((0, 40, 20, 10, 30), 2, (-20, -10, 0, 10, 20)),
        ((5,), 2, (-15,)),
    ],
)
def test_decoding_runs_ahead_by_as_little_as_the_order_allows(
    order: Sequence[int], delay: int, decoded: Sequence[int]
) -> None:
    stamps = Stamps(sorted(order), max(order) + 10, delay=delay, usual=10)
    made = [stamps.next(pts) for pts in order]
    stamps.check_end()
    assert [stamp.dts for stamp in made] == list(decoded)
    assert [stamp.pts for stamp in made] == list(order)


def test_a_long_first_frame_does_not_put_decoding_long_before_it() -> None:
    stamps = Stamps((0, 10_000, 10_040), 10_080, delay=1, usual=40)
    assert stamps.next(0).dts == -40


def test_packets_that_are_not_those_of_the_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="must rise"):
        Stamps((0, 10, 10), 20, delay=0, usual=10)
    with pytest.raises(ValueError, match="must rise"):
        Stamps((), 0, delay=0, usual=10)
    stamps = Stamps((0, 10), 20, delay=0, usual=10)
    with pytest.raises(ValueError, match="no frame is shown at 5"):
        stamps.next(5)
    with pytest.raises(ValueError, match="0 packets for 2 frames"):
        stamps.check_end()
    stamps.next(10)
    with pytest.raises(ValueError, match="decoded only at 10"):
        stamps.next(0)


HDR10 = (
    "log-level=error:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    ":max-cll=1000,400"
)


@pytest.fixture(scope="module")
def graded_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graded") / "in.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx265", rate=25, options={"preset": "ultrafast", "x265-params": HDR10})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 64, 48, "yuv420p10le"
        context.colorspace = context.color_primaries = 9
        context.color_trc, context.color_range = 16, 1
        for index in range(6):
            frame = av.VideoFrame.from_ndarray(picture(index, 64, 48)).reformat(format="yuv420p10le")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_container_too_says_how_a_video_was_graded(tmp_path: Path, graded_clip: Path, suffix: str) -> None:
    out = through(graded_clip, tmp_path / f"out{suffix}", length=3)
    with av.open(str(out)) as video:
        stream = video.streams.video[0]
        context = stream.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (9, 9, 16)
        assert (context.pix_fmt, context.profile) == ("yuv420p10le", "Main 10")
        header = io.BytesIO()
        with av.open(header, "w", format="mp4", container_options={"movflags": "empty_moov"}) as copy:
            copy.add_stream_from_template(stream, opaque=True)
            copy.start_encoding()
    boxes = header.getvalue()
    light, screen = (boxes.index(name) + 4 for name in (b"clli", b"mdcv"))
    assert struct.unpack(">2H", boxes[light : light + 4]) == (1000, 400)
    told = struct.unpack(">8H2I", boxes[screen : screen + 24])
    assert told == (13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10_000_000, 50)
    assert times(out) == times(graded_clip)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_hevc_is_tagged_as_all_players_take_it(tmp_path: Path, graded_clip: Path, suffix: str) -> None:
    with av.open(str(through(graded_clip, tmp_path / f"out{suffix}"))) as video:
        assert video.streams.video[0].codec_tag == "hvc1"
