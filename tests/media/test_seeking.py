"""Reading that begins in the middle gives the very frames that reading from the beginning gives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import LIMITS, picture

from facefusion.media.access import is_random_access
from facefusion.media.encoding.priority import kept_priority
from facefusion.media.planes.layout import samples
from facefusion.media.reader import VideoReader
from facefusion.media.select import EVERYTHING, Selection, Start
from facefusion.options.moments import Moment

Kind = tuple[str, dict[str, str], str]
"""A codec, its options and its pixel format."""

FRAMES, SIZE, GOP = 40, (64, 48), 8
X264 = {"preset": "veryfast", "g": "8", "bf": "3"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=8:min-keyint=8:bframes=3:b-adapt=0:open-gop=1"}
VP = {"deadline": "realtime", "cpu-used": "8", "g": "8", "lag-in-frames": "8", "auto-alt-ref": "1"}
VARIABLE = [sum((40, 33, 17, 100, 41)[n % 5] for n in range(index)) for index in range(FRAMES)]
SOUGHT = {
    "closed groups": (("libx264", X264, "yuv420p"), (".mp4", ".mov", ".mkv")),
    "open groups": (("libx264", X264 | {"x264-params": "open-gop=1"}, "yuv420p"), (".mp4", ".mkv")),
    "HEVC, leading pictures": (("libx265", X265, "yuv420p"), (".mp4", ".mkv")),
    "AV1, film grain": (
        ("libsvtav1", {"preset": "12", "svtav1-params": "keyint=8:film-grain=8"}, "yuv420p"),
        (".mp4",),
    ),
    "VP9, hidden frames": (("libvpx-vp9", VP, "yuv420p"), (".webm", ".mp4")),
    "VP9, alpha": (("libvpx-vp9", VP | {"auto-alt-ref": "0"}, "yuva420p"), (".webm",)),
    "VP8": (("libvpx", VP, "yuv420p"), (".webm",)),
    "ProRes": (("prores_ks", {}, "yuv422p10le"), (".mov",)),
    "FFV1": (("ffv1", {"g": "8"}, "yuv420p10le"), (".mkv",)),
    "MPEG-4": (("mpeg4", {"g": "8", "bf": "2"}, "yuv420p"), (".mkv",)),
}
COUNTED = {
    "transport stream": (("libx264", X264, "yuv420p"), ".ts"),
    "program stream": (("mpeg2video", {"g": "8", "bf": "2"}, "yuv420p"), ".mpg"),
    "AVI": (("libx264", X264, "yuv420p"), ".avi"),
    "bit by bit": (("libx264", {"preset": "veryfast", "g": "60", "bf": "0", "intra-refresh": "1"}, "yuv420p"), ".mp4"),
}


def encode(path: Path, kind: Kind, *, pts: Sequence[int], time_base: Fraction) -> Path:
    """Write a clip with key frames every few frames."""
    codec, options, pixel_format = kind
    noise = np.random.default_rng(0).integers(0, 40, (SIZE[1], SIZE[0], 3), np.uint8)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixel_format
        stream.codec_context.time_base = time_base
        with kept_priority():
            output.start_encoding()
        for index, time in enumerate(pts):
            image = picture(index, *SIZE) // 2 + np.roll(noise, 3 * index, axis=1)
            frame = av.VideoFrame.from_ndarray(image).reformat(format=pixel_format)
            frame.pts, frame.time_base = time, time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def clip(path: Path, kind: Kind) -> Path:
    return encode(path, kind, pts=range(FRAMES), time_base=Fraction(1, 25))


def frames(path: Path, start: Start | None = None, selection: Selection = EVERYTHING) -> list[tuple[object, ...]]:
    """Everything that there is to frames, down to each decoded sample."""
    with VideoReader(path, LIMITS, selection, start) as reader:
        return [(f.index, f.pts, f.duration, f.copies, f.image.tobytes(), stored(f.original.planes)) for f in reader]


def stored(planes: av.VideoFrame) -> bytes:
    return b"".join(samples(planes, number).tobytes() for number in range(len(planes.planes)))


def assert_same_from(path: Path, indexes: range, selection: Selection = EVERYTHING) -> None:
    whole = frames(path, selection=selection)
    for index in indexes:
        start = Start(*whole[index][:2])
        assert frames(path, start, selection) == whole[index:]


@pytest.fixture
def never_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading up to the wanted frame from the beginning an error."""
    monkeypatch.delattr(VideoReader, "_counted_from")


@pytest.mark.usefixtures("never_counting")
@pytest.mark.parametrize(("kind", "suffix"), [(kind, suffix) for kind in SOUGHT for suffix in SOUGHT[kind][1]])
def test_a_frame_is_gone_to_and_is_the_same_down_to_each_sample(tmp_path: Path, kind: str, suffix: str) -> None:
    path = clip(tmp_path / f"clip{suffix}", SOUGHT[kind][0])
    assert_same_from(path, range(GOP + 1, FRAMES, 5))


@pytest.mark.parametrize("kind", COUNTED)
def test_where_going_there_is_not_certain_all_before_is_decoded(tmp_path: Path, kind: str) -> None:
    kind_of_file, suffix = COUNTED[kind]
    assert_same_from(clip(tmp_path / f"clip{suffix}", kind_of_file), range(GOP + 1, FRAMES, 9))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(start=Moment(seconds=Fraction("0.7"))),
        Selection(start=Moment(frame=9), end=Moment(frame=35)),
        Selection(start=Moment(seconds=Fraction("0.4")), end=Moment(frame=30)),
        Selection(rate=Fraction(30)),
        Selection(rate=Fraction(12), start=Moment(seconds=Fraction("0.4"))),
    ],
    ids=["all", "from a time", "by numbers", "mixed", "more a second", "fewer a second"],
)
def test_at_a_variable_rate_and_with_any_selection(tmp_path: Path, suffix: str, selection: Selection) -> None:
    path = encode(tmp_path / f"clip{suffix}", SOUGHT["open groups"][0], pts=VARIABLE, time_base=Fraction(1, 1000))
    assert_same_from(path, range(1, 14, 4), selection)


def test_frames_before_an_edit_list_begins_are_neither_given_out_nor_counted(tmp_path: Path) -> None:
    kind = SOUGHT["closed groups"][0]
    path = encode(tmp_path / "clip.mp4", kind, pts=range(-7, FRAMES - 7), time_base=Fraction(1, 25))
    whole = frames(path)
    assert (len(whole), whole[0][1]) == (FRAMES - 7, 0)
    with VideoReader(path, LIMITS) as reader:
        assert reader.info.frames == FRAMES - 7
    assert_same_from(path, range(1, 30, 4))


def test_a_frame_that_is_not_there_any_more_is_taken_by_its_index(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mp4", SOUGHT["closed groups"][0])
    whole = frames(path)
    assert frames(path, Start(20, whole[20][1] + 1)) == whole[20:]


def test_trimming_goes_to_where_it_begins(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mkv", SOUGHT["open groups"][0])
    whole = frames(path)
    trimmed = frames(path, selection=Selection(start=Moment(seconds=Fraction(1))))
    assert [frame[4:] for frame in trimmed] == [frame[4:] for frame in whole[25:]]


@pytest.mark.parametrize("kind", ["open groups", "HEVC, leading pictures"])
def test_the_first_picture_of_an_open_group_is_a_place_to_begin_at(tmp_path: Path, kind: str) -> None:
    places = key_frames(clip(tmp_path / "clip.mp4", SOUGHT[kind][0]))
    assert len(places) >= FRAMES / GOP
    assert all(places)


def test_where_pictures_are_refreshed_bit_by_bit_only_the_beginning_is(tmp_path: Path) -> None:
    (codec, options, pixel_format), suffix = COUNTED["bit by bit"]
    places = key_frames(clip(tmp_path / f"clip{suffix}", (codec, options | {"g": "8"}, pixel_format)))
    assert len(places) > 1
    assert places == [True] + [False] * (len(places) - 1)


def key_frames(path: Path) -> list[bool]:
    """Whether decoding may begin there, for each packet that the container marks as a key frame."""
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        return [is_random_access(packet, stream) for packet in opened.demux(stream) if packet.is_keyframe]
