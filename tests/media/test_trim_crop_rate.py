"""What is asked for of a video, and what becomes of frames' times."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from media_clips import LIMITS, make_clip

from facefusion import process_video
from facefusion.errors import InputLimitError, OptionsError
from facefusion.media.reader import VideoReader
from facefusion.media.region import Rectangle
from facefusion.media.select import EVERYTHING, Selection
from facefusion.media.timeline import Timeline
from facefusion.options import LimitOptions, Options
from facefusion.options.moments import Moment

MILLISECONDS = Fraction(1, 1000)
Shown = list[tuple[int, int, int, int]]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12.5", "12.5"), ("0", "0"), ("90", "90"), ("1:30", "90"), ("00:01:02.5", "62.5"), ("1:00:00", "3600")],
)
def test_moments_are_given_in_seconds_minutes_and_hours(text: str, seconds: str) -> None:
    assert Moment.parse(text) == Moment(seconds=Fraction(seconds))


def test_moments_are_given_as_numbers_of_frames() -> None:
    assert Moment.parse("250f") == Moment(frame=250)


def test_a_selection_is_read_from_the_options() -> None:
    values = {"trim_start": "0:01", "trim_end": "90f", "crop": "8,4,32,16", "output_video_fps": "30000/1001"}
    selection = Selection.of(Options.parse(values | {"deinterlace": True, "sequence_rate": "12.5"}))
    assert selection == Selection(
        start=Moment(seconds=Fraction(1)),
        end=Moment(frame=90),
        crop=Rectangle(8, 4, 32, 16),
        rate=Fraction(30000, 1001),
        deinterlace=True,
        sequence_rate=Fraction(25, 2),
    )
    assert Selection.of(Options()) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("029.970", Fraction(30000, 1001)),
        ("29.97003", Fraction(30000, 1001)),
        ("47.952", Fraction(48000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        (str(30000 / 1001), Fraction(30000, 1001)),
        ("2997/100", Fraction(2997, 100)),
        ("29.9701", Fraction(299701, 10000)),
        *((text, Fraction(text)) for text in ("24", "24.0", "30", "12.5", "23.9", "29.96", "60", ".5")),
    ],
)
def test_decimals_of_ntsc_mean_its_fractions(text: str, rate: Fraction) -> None:
    selection = Selection.of(Options.parse({"output_video_fps": text, "sequence_rate": text}))
    assert (selection.rate, selection.sequence_rate) == (rate, rate)


def test_a_file_at_29_97_has_the_rate_of_ntsc(tmp_path: Path) -> None:
    clip, output = make_clip(tmp_path / "clip.mp4"), tmp_path / "out.mp4"
    process_video(clip, output, processors=(), output_video_fps=29.97)
    with av.open(str(output)) as file:
        assert file.streams.video[0].average_rate == Fraction(30000, 1001)
        assert file.streams.video[0].time_base.denominator % 30000 == 0


@pytest.mark.parametrize(("start", "end"), [("2", "1"), ("1:00", "60"), ("9f", "9f"), (None, "0"), (None, "0f")])
def test_an_end_that_is_not_after_the_start_is_refused(start: str | None, end: str) -> None:
    values = {"trim_end": end} | ({} if start is None else {"trim_start": start})
    with pytest.raises(OptionsError, match="trim-end: nothing is left"):
        Selection.of(Options.parse(values))


def select(pts: list[int], selection: Selection, *, last: int = 40) -> tuple[Timeline, Shown]:
    """Put frames with these times, in milliseconds, through a selection."""
    durations = [b - a for a, b in pairwise(pts)] + [last]
    timeline = Timeline(selection, time_base=MILLISECONDS, origin=pts[0], frame_rate=Fraction(25))
    frames = timeline.select(zip(range(len(pts)), pts, durations, strict=True))
    return timeline, [(f.picture, f.pts, f.duration, f.copies) for f in frames]


def test_without_a_selection_times_stay_as_they_are() -> None:
    assert select([7, 50, 90], EVERYTHING)[1] == [(0, 7, 43, 1), (1, 50, 40, 1), (2, 90, 40, 1)]


def test_a_frame_that_is_shown_when_the_end_comes_stays_whole() -> None:
    _, shown = select([1000, 1040, 1080, 1120], Selection(end=Moment(seconds=Fraction("0.1"))))
    assert shown == [(0, 0, 40, 1), (1, 40, 40, 1), (2, 80, 40, 1)]


def test_one_that_is_shown_for_long_ends_where_the_selection_ends() -> None:
    timeline, shown = select([1000, 1040, 3040], Selection(end=Moment(seconds=Fraction("1.5"))))
    assert shown == [(0, 0, 40, 1), (1, 40, 1460, 1)]
    assert (timeline.range.start, timeline.range.end) == (1, Fraction("2.5"))
    _, shown = select([1000, 1040, 3040], Selection(end=Moment(seconds=Fraction("0.05"))))
    assert shown == [(0, 0, 40, 1), (1, 40, 10, 1)]


def test_with_a_rate_the_end_is_met_as_nearly_as_the_rate_allows() -> None:
    _, shown = select([0, 40, 80, 120], Selection(end=Moment(seconds=Fraction("0.1")), rate=Fraction(50)))
    assert shown == [(0, 0, 2, 2), (1, 2, 2, 2), (2, 4, 1, 1)]


def test_where_a_number_of_frames_ends_is_known_when_they_have_been_read() -> None:
    timeline, shown = select([0, 40, 90, 130], Selection(end=Moment(frame=2)))
    assert shown == [(0, 0, 40, 1), (1, 40, 50, 1)]
    assert timeline.range.end == Fraction("0.09")


def test_times_that_were_rounded_to_milliseconds_make_no_frame_come_twice_or_never() -> None:
    rate = Fraction(30000, 1001)
    _, shown = select([round(n * 1000 / rate) for n in range(200)], Selection(rate=rate), last=33)
    assert shown == [(n, n, 1, 1) for n in range(200)]
    _, halved = select([round(n * 1000 / 60) for n in range(200)], Selection(rate=Fraction(30)), last=17)
    assert [picture for picture, *_ in halved] == list(range(0, 200, 2))


def test_a_frame_that_is_shown_long_is_given_once_with_its_copies() -> None:
    _, shown = select([0, 40, 1040], Selection(rate=Fraction(25)))
    assert shown == [(0, 0, 1, 1), (1, 1, 25, 25), (2, 26, 1, 1)]


def test_frames_between_ticks_are_left_out() -> None:
    _, shown = select([0, 10, 20, 100, 110, 190], Selection(rate=Fraction(10)), last=10)
    assert shown == [(0, 0, 1, 1), (3, 1, 1, 1)]


def test_a_clip_shorter_than_one_tick_keeps_one_frame() -> None:
    assert select([0], Selection(rate=Fraction(1)), last=1)[1] == [(0, 0, 1, 1)]


def test_a_grid_begins_with_the_first_frame_wherever_that_is() -> None:
    timeline, shown = select([1400, 1440, 1480], Selection(rate=Fraction(25)))
    assert [pts * timeline.time_base for _, pts, _, _ in shown] == [Fraction("1.4"), Fraction("1.44"), Fraction("1.48")]
    odd, shown = select([1337, 1377], Selection(rate=Fraction(30000, 1001)))
    assert abs(shown[0][1] * odd.time_base - Fraction("1.337")) <= Fraction(1, 20_000)


def test_a_trimmed_grid_begins_at_zero() -> None:
    timeline, shown = select([1400, 1440, 1480], Selection(start=Moment(frame=1), rate=Fraction(50)))
    assert timeline.time_base == Fraction(1, 50)
    assert shown == [(1, 0, 2, 2), (2, 2, 2, 2)]


def test_frames_that_would_be_written_often_count_often_against_the_limit(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    limits = LimitOptions(max_frames=100)
    with VideoReader(clip, limits, Selection(rate=Fraction(200))) as reader:
        assert sum(frame.copies for frame in reader) == 96
    with pytest.raises(InputLimitError, match="more frames than the limit of 100"):  # noqa: SIM117
        with VideoReader(clip, limits, Selection(rate=Fraction(300))) as reader:
            list(reader)


def test_streams_are_limited_too(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mkv", sounds=["aac", "aac"])
    with pytest.raises(InputLimitError, match=r"3 streams, above the limit of 2.*--max-streams"):
        VideoReader(clip, LimitOptions(max_streams=2))
    with VideoReader(clip, LIMITS) as reader:
        assert len(reader.info.audio) == 2
