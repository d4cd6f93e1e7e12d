"""Segments on the disk: whole or not there, of one kind, and told of when the disk is full."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from encoding_clips import clip, decoded, encode, write

from facefusion.errors import CancelledError, DiskFullError
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.encoders import ENCODERS
from facefusion.media.encoding.final import final_packets
from facefusion.media.encoding.segment import Segment, SegmentWriter

SOFTWARE = [name for name, spec in ENCODERS.items() if not spec.needs]
MIB = 1 << 20


class FullDisk(io.FileIO):
    """A file on a disk that has room for so many bytes."""

    room = 0

    def write(self, data: object) -> int:
        if self.tell() + len(data) > self.room:  # type: ignore[arg-type]
            raise OSError(28, "No space left on device")
        return super().write(data)  # type: ignore[arg-type]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> type[FullDisk]:
    """Lets files that are written anew have no more than `room` bytes."""
    opened = Path.open

    def open_on_it(self: Path, mode: str = "r", **options: object) -> object:
        if mode == "wb":
            return io.BufferedWriter(FullDisk(str(self), "w"), 512)
        return opened(self, mode, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_on_it)
    return FullDisk


@pytest.mark.parametrize("room", [0, 300, 2000])
@pytest.mark.parametrize("encoder", SOFTWARE)
def test_a_full_disk_is_told_of_and_nothing_is_left(
    tmp_path: Path, full_disk: type[FullDisk], monkeypatch: pytest.MonkeyPatch, encoder: str, room: int
) -> None:
    monkeypatch.setattr(full_disk, "room", room)
    made = clip("yuv444p")
    encoding = choose_encoding(tmp_path / "out.mkv", made.info, VideoWish(encoder=encoder))

    with pytest.raises(DiskFullError, match="No space is left in"):
        write(tmp_path / "segment", encoding, made.frames)

    assert list(tmp_path.iterdir()) == []


def test_once_there_is_room_again_the_segment_is_written_as_ever(
    tmp_path: Path, full_disk: type[FullDisk], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = clip()
    encoding = choose_encoding(tmp_path / "out.mp4", made.info, VideoWish())
    monkeypatch.setattr(full_disk, "room", MIB)
    before = write(tmp_path / "before", encoding, made.frames)
    monkeypatch.setattr(full_disk, "room", 500)
    with pytest.raises(DiskFullError):
        write(tmp_path / "segment", encoding, made.frames)
    monkeypatch.setattr(full_disk, "room", MIB)

    assert write(tmp_path / "segment", encoding, made.frames).sha256 == before.sha256


def test_a_second_pass_on_a_full_disk_is_told_of(
    tmp_path: Path, full_disk: type[FullDisk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(full_disk, "room", 16 * MIB)
    encoding, segments = encode(clip(), tmp_path / "out.mp4", VideoWish(bit_rate=500_000, passes=2))
    monkeypatch.setattr(full_disk, "room", 1000)

    with pytest.raises(DiskFullError), final_packets(encoding, segments):
        pass

    assert not list((tmp_path / "out.mp4-parts").glob("pass-*"))


def test_a_writer_may_be_given_up_at_any_time_and_more_than_once(tmp_path: Path) -> None:
    made = clip()
    encoding = choose_encoding(tmp_path / "out.mp4", made.info, VideoWish())
    untouched = SegmentWriter(tmp_path / "untouched", encoding)
    untouched.abort()
    writer = SegmentWriter(tmp_path / "segment", encoding)
    for frame in made.frames:
        writer.write(frame)

    writer.abort()
    writer.abort()

    assert list(tmp_path.iterdir()) == []


def test_segments_of_different_parameters_are_not_joined(tmp_path: Path) -> None:
    made = clip()
    encoding, segments = encode(made, tmp_path / "out.mp4", VideoWish())
    other = replace(encoding, codec_options={**encoding.codec_options, "preset": "ultrafast"})
    strange = write(tmp_path / "strange", other, made.frames)

    with (
        final_packets(encoding, [*segments, strange]) as packets,
        pytest.raises(ValueError, match="encoded with other parameters"),
    ):
        list(packets)


def test_there_is_nothing_to_join_without_segments(tmp_path: Path) -> None:
    encoding = choose_encoding(tmp_path / "out.mp4", clip().info, VideoWish())

    with pytest.raises(ValueError, match="no segments"), final_packets(encoding, []):
        pass


@pytest.mark.parametrize("name", ["../elsewhere", "/etc/passwd", "a/b"])
def test_a_marker_cannot_point_out_of_its_folder(tmp_path: Path, name: str) -> None:
    values = Segment(tmp_path / "x", 1, (0,), 1, 10, "0" * 64).to_json() | {"name": name}

    with pytest.raises(ValueError, match="no file name"):
        Segment.of_json(tmp_path, values)


def test_packets_carry_the_times_of_their_frames(tmp_path: Path) -> None:
    made = clip()
    encoding, segments = encode(made, tmp_path / "out.mp4", VideoWish())

    with final_packets(encoding, segments) as packets:
        times = [packet.pts for packet in packets]

    assert sorted(times) == list(range(12))
    assert times != sorted(times)  # there are B-frames
    assert packets.delay == max(segment.delay for segment in segments) > 0


def test_what_is_encoded_only_at_the_end_is_kept_without_loss(tmp_path: Path) -> None:
    made = clip()
    encoding, segments = encode(made, tmp_path / "out.mp4", VideoWish(bit_rate=200_000, passes=2))

    kept = [frame for segment in segments for frame in decoded(segment.path)]

    assert not encoding.is_final
    for frame, source in zip(kept, made.frames, strict=True):
        assert np.array_equal(frame.to_ndarray(), source.original.planes.to_ndarray())


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("bit_rate", [200_000, 600_000])
def test_two_passes_meet_the_bitrate(tmp_path: Path, encoder: str, bit_rate: int) -> None:
    """Ten seconds of which the second half moves more: within 5 %, whatever the segments were."""
    made = clip("yuv420p", size=(320, 180), timing=(clip().info.time_base, range(50)))
    frames = [
        replace(made.frames[place % 50 if place < 125 else place * 7 % 50], index=place, pts=place)
        for place in range(250)
    ]
    encoding = choose_encoding(tmp_path / "out.mp4", made.info, VideoWish(encoder=encoder, bit_rate=bit_rate, passes=2))
    segments = [write(tmp_path / f"{at}", encoding, frames[at : at + 60]) for at in range(0, 250, 60)]

    with final_packets(encoding, segments) as packets:
        sizes = [packet.size for packet in packets]

    assert len(sizes) == 250
    assert abs(sum(sizes) * 8 / 10 / bit_rate - 1) < 0.05


def test_two_passes_can_be_stopped(tmp_path: Path) -> None:
    encoding, segments = encode(clip(), tmp_path / "out.mp4", VideoWish(bit_rate=200_000, passes=2))
    asked = iter([False] * 15)

    with (
        pytest.raises(CancelledError),
        final_packets(encoding, segments, cancel=lambda: next(asked, True)),
    ):
        pass

    assert not list((tmp_path / "out.mp4-parts").glob("pass-*"))


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
def test_two_passes_give_the_same_every_time(tmp_path: Path, encoder: str) -> None:
    encoding, segments = encode(clip(), tmp_path / "out.mp4", VideoWish(encoder=encoder, bit_rate=300_000, passes=2))

    assert packets_of(encoding, segments) == packets_of(encoding, segments)


def test_a_folder_with_signs_that_mean_something_to_the_encoder_is_no_trouble(tmp_path: Path) -> None:
    for encoder in ("libx264", "libx265"):
        folder = tmp_path / f"a:b=c, d' {encoder}"
        folder.mkdir()
        wish = VideoWish(encoder=encoder, bit_rate=300_000, passes=2)

        encoding, segments = encode(clip(), folder / "out.mp4", wish)

        assert len(packets_of(encoding, segments)) == 12


def packets_of(encoding: Encoding, segments: list[Segment]) -> list[bytes]:
    with final_packets(encoding, segments) as packets:
        return [bytes(packet) for packet in packets]


@pytest.mark.parametrize("bit_rate", [150_000, 400_000])
def test_one_pass_aims_at_the_bitrate_in_each_segment(tmp_path: Path, bit_rate: int) -> None:
    made = clip("yuv420p", size=(320, 180), timing=(clip().info.time_base, range(50)))
    frames = [replace(made.frames[place % 50], index=place, pts=place) for place in range(100)]
    encoding = choose_encoding(tmp_path / "out.mp4", made.info, VideoWish(bit_rate=bit_rate))

    segment = write(tmp_path / "segment", encoding, frames)

    with av.open(str(segment.path)) as container:
        size = sum(packet.size for packet in container.demux(video=0))
    assert 0.6 < size * 8 / 4 / bit_rate < 1.4
