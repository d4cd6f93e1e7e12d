"""What every writer of moving pictures does, whichever encoder it has and whichever container it fills."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import av
import pytest
from encoding_clips import clip, decoded, encode, here, join_sequence, planes, same, through, worst_mean, write

from facefusion.errors import OutputUnwritableError
from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.encoding.encoders import ENCODERS
from facefusion.media.encoding.segment import Segment, open_segment

ENDINGS = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv", "webm": ".webm"}
VIDEOS = [
    pytest.param(spec.name, ENDINGS[muxer], id=f"{spec.name}{ENDINGS[muxer]}")
    for spec in ENCODERS.values()
    if here(spec.name)
    for muxer in spec.muxers
]
FORMATS = {"prores": "yuv422p10le"}
TIMINGS = {
    "constant": (Fraction(1, 25), tuple(range(12))),
    "NTSC": (Fraction(1001, 30000), tuple(range(12))),
    "variable": (Fraction(1, 90000), tuple(place * 3000 + place * place * 37 % 2500 for place in range(12))),
    "a clock of its own": (Fraction(7, 123_456), tuple(place * 700 + place % 3 for place in range(12))),
    "microseconds, late": (Fraction(1, 1_000_000), tuple(3_600_000_000 + place * 40_001 for place in range(12))),
}
BEST = VideoWish(quality=8, preset="veryfast")
ANY = pytest.mark.parametrize(("encoder", "ending"), VIDEOS)
EVERY = pytest.mark.parametrize("name", [*(f"{v.values[0]}:out{v.values[1]}" for v in VIDEOS), "auto:out/%04d.png"])


def wish(encoder: str) -> VideoWish:
    quality = 8 if encoder in ENCODERS and ENCODERS[encoder].quality_option else None
    return VideoWish(encoder=encoder, quality=quality, preset="veryfast")


def made(encoder: str, timing: str = "constant"):
    size = (256, 144) if encoder in ENCODERS and ENCODERS[encoder].needs else (96, 64)
    return clip(FORMATS.get(encoder, "yuv420p"), size=size, timing=TIMINGS[timing])


@ANY
@pytest.mark.parametrize("timing", TIMINGS)
def test_frames_come_out_at_the_very_times_at_which_they_went_in(
    tmp_path: Path, encoder: str, ending: str, timing: str
) -> None:
    given = made(encoder, timing)

    path = through(given, tmp_path / f"out{ending}", wish(encoder))

    frames = decoded(path)
    times = [frame.pts * frame.time_base for frame in frames]
    if ending in (".mp4", ".mov"):
        assert times == given.times
    else:  # Matroska counts milliseconds
        assert len(times) == len(given.times)
        assert all(abs(out - time) <= Fraction(1, 2000) for out, time in zip(times, given.times, strict=True))


@ANY
def test_the_last_frame_is_shown_as_long_as_it_was(tmp_path: Path, encoder: str, ending: str) -> None:
    given = made(encoder, "variable")

    path = through(given, tmp_path / f"out{ending}", wish(encoder))

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if stream.duration is None:  # Matroska knows only the length of the whole file
            end = Fraction(container.duration, av.time_base)
        else:
            end = (stream.start_time + stream.duration) * stream.time_base
    wanted = given.frames[-1].time + given.frames[-1].duration * given.info.time_base
    assert abs(end - wanted) <= (0 if ending in (".mp4", ".mov") else Fraction(1, 1000))


@ANY
def test_all_segments_have_the_same_parameters(tmp_path: Path, encoder: str, ending: str) -> None:
    _, segments = encode(made(encoder), tmp_path / f"out{ending}", wish(encoder))

    parameters = []
    for segment in segments:
        with av.open(str(segment.path)) as container:
            context = container.streams.video[0].codec_context
            parameters.append((context.extradata, context.pix_fmt, context.width, context.height))
    assert len(segments) == 3
    assert len(set(parameters)) == 1


@ANY
def test_each_segment_begins_with_a_key_frame_and_refers_to_no_other(tmp_path: Path, encoder: str, ending: str) -> None:
    given = made(encoder)
    _, segments = encode(given, tmp_path / f"out{ending}", wish(encoder))

    alone = [frame for segment in segments for frame in decoded(segment.path)]
    joined = decoded(through(given, tmp_path / f"out{ending}", wish(encoder)))

    for segment in segments:
        with av.open(str(segment.path)) as container:
            assert next(container.demux(video=0)).is_keyframe
    assert same(alone, joined)


@ANY
def test_each_segment_can_be_played_from_its_place_in_the_output(tmp_path: Path, encoder: str, ending: str) -> None:
    given = made(encoder)
    path = through(given, tmp_path / f"out{ending}", wish(encoder))
    straight = decoded(path)

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        container.seek(straight[5].pts, stream=stream)
        frames = [frame for frame in container.decode(stream) if frame.pts >= straight[5].pts]

    assert same(frames, straight[5:])


@ANY
def test_pictures_and_colour_tags_are_those_given(tmp_path: Path, encoder: str, ending: str) -> None:
    given = made(encoder)

    frames = decoded(through(given, tmp_path / f"out{ending}", wish(encoder)))

    originals = [frame.original.planes for frame in given.frames]
    assert {(frame.width, frame.height) for frame in frames} == {(given.info.width, given.info.height)}
    assert {(int(f.colorspace), int(f.color_primaries), int(f.color_trc), int(f.color_range)) for f in frames} == {
        (1, 1, 1, 1)
    }
    if frames[0].format.name == "nv12":
        frames = [frame.reformat(format="yuv420p") for frame in frames]
    assert worst_mean(frames, originals) < (1e-9 if encoder == "ffv1" else 3.5 / 255)


@ANY
def test_pixels_keep_their_shape(tmp_path: Path, encoder: str, ending: str) -> None:
    given = clip(FORMATS.get(encoder, "yuv420p"), size=(96, 64), aspect=Fraction(16, 15))

    path = through(given, tmp_path / f"out{ending}", wish(encoder))

    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(16, 15)


@EVERY
def test_a_frame_shown_several_times_is_written_as_often(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    given = made(encoder)
    encoding = choose_encoding(tmp_path / output, given.info, wish(encoder))
    first, second = given.frames[:2]
    long = type(first)(0, 0, 7, first.time_base, first.image, first.original, copies=3)
    after = type(first)(1, 7, 1, first.time_base, second.image, second.original)

    segment = write(tmp_path / "segment", encoding, [long, after])

    assert tuple(segment.times) == (0, 2, 4, 7)
    assert segment.end == 8
    assert segment.frames == 4


@EVERY
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    given = made(encoder)
    encoding = choose_encoding(tmp_path / output, given.info, wish(encoder))

    one, other = (write(tmp_path / part, encoding, given.frames) for part in ("one", "other"))

    assert one.sha256 == other.sha256


@EVERY
def test_a_segment_says_what_it_is_and_can_be_found_again(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    given = made(encoder, "variable")
    encoding = choose_encoding(tmp_path / output, given.info, wish(encoder))

    segment = write(tmp_path / "segment", encoding, given.frames)

    content = segment.path.read_bytes()
    assert tuple(segment.times) == tuple(frame.pts for frame in given.frames)
    assert segment.end == given.frames[-1].pts + given.frames[-1].duration
    assert (segment.bytes, segment.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert Segment.of_json(tmp_path, json.loads(json.dumps(segment.to_json()))) == segment


@EVERY
def test_a_segment_is_there_when_it_is_finished_and_not_before(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    given = made(encoder)
    encoding = choose_encoding(tmp_path / output, given.info, wish(encoder))
    writer = open_segment(tmp_path / "segment", encoding)
    for frame in given.frames:
        writer.write(frame)
    assert not (tmp_path / "segment").exists()

    writer.close()

    assert [path.name for path in tmp_path.iterdir()] == ["segment"]


@EVERY
def test_nothing_is_left_of_a_segment_that_is_given_up(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    given = made(encoder)
    writer = open_segment(tmp_path / "segment", choose_encoding(tmp_path / output, given.info, wish(encoder)))
    writer.write(given.frames[0])

    writer.abort()

    assert list(tmp_path.iterdir()) == []


@EVERY
def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path, name: str) -> None:
    encoder, output = name.split(":")
    encoding = choose_encoding(tmp_path / output, made(encoder).info, wish(encoder))

    with pytest.raises(OutputUnwritableError, match="cannot be written"):
        open_segment(tmp_path / "missing" / "segment", encoding)


def test_a_sequence_of_pictures_holds_the_frames_of_all_segments_in_order(tmp_path: Path) -> None:
    given = clip("gbrp")
    _, segments = encode(given, tmp_path / "%04d.png", VideoWish(), length=5)

    join_sequence(tmp_path / "out" / "%04d.png", segments)

    pictures = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in pictures] == [f"{number:04d}.png" for number in range(1, 13)]
    frames = [decoded(path)[0].reformat(format="gbrp") for path in pictures]
    assert all(
        (a == b).all()
        for frame, source in zip(frames, given.frames, strict=True)
        for a, b in zip(planes(frame), planes(source.original.planes), strict=True)
    )
