"""What a reader tells of a file beside its frames: what is in it, what is left out, where it ends early."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import LIMITS, make_clip, picture

from facefusion.errors import InputDamagedError
from facefusion.media.info import SubtitleTrack, VideoInfo
from facefusion.media.probe import probe
from facefusion.media.reader import VideoReader


def notes(path: Path) -> tuple[str, ...]:
    """What is known at the end."""
    with VideoReader(path, LIMITS) as reader:
        assert list(reader)
        return reader.notes


def info(path: Path) -> VideoInfo:
    found = probe(path, LIMITS)
    assert isinstance(found, VideoInfo)
    return found


def test_a_sound_file_has_nothing_to_note(tmp_path: Path) -> None:
    for suffix in (".mp4", ".mkv", ".ts", ".avi"):
        assert notes(make_clip(tmp_path / f"clip{suffix}", sounds=["aac"])) == ()


def test_what_a_file_holds_is_told(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as output:
        output.metadata.update({"title": "A clip", "artist": "Somebody"})
        videos = [output.add_stream("ffv1", rate=25) for _ in range(2)]
        for video in videos:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p10le"
        videos[0].metadata["timecode"] = "01:02:03:04"
        subtitles = output.add_stream("srt")
        subtitles.codec_context.subtitle_header = b"[Events]\n"
        subtitles.metadata["language"] = "deu"
        output.add_attachment("font.ttf", "font/ttf", b"font")
        base = Fraction(1, 1000)
        output.set_chapters([{"id": n, "start": 100 * n, "end": 100 * n + 100, "time_base": base} for n in range(3)])
        for index in range(12):
            for video in videos:
                frame = av.VideoFrame.from_ndarray(picture(index, 64, 48)).reformat(format="yuv420p10le")
                frame.pts = index
                output.mux(video.encode(frame))
        for video in videos:
            output.mux(video.encode(None))
    found = info(path)
    assert (found.codec, found.bit_depth, found.pixel_format) == ("ffv1", 10, "yuv420p10le")
    assert (found.extra_video, found.attachments, found.chapters) == (1, 1, 3)
    assert found.subtitles == (SubtitleTrack("subrip", "deu"),)
    assert found.timecode == "01:02:03:04"
    assert found.metadata["title"] == "A clip"
    assert found.notes == ("A further stream of moving pictures is left out",)


def test_a_recording_that_begins_in_mid_stream_is_noted(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", pts=range(300)).read_bytes()  # a key frame each 250
    path = tmp_path / "cut.ts"
    path.write_bytes(whole[: 188 * 3] + whole[len(whole) // 2 // 188 * 188 :])
    assert notes(path) == ("It begins in mid-stream; what comes before its first whole picture was left out",)


def test_a_recording_that_breaks_off_is_noted_with_the_time(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", size=(320, 240), pts=range(50), crf="1")
    path = tmp_path / "cut.ts"
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    (note,) = notes(path)
    assert note.startswith("It breaks off at 1.")


def test_a_file_that_ends_long_before_the_time_that_its_header_states_is_noted(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.flv", pts=range(100), codec="flv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert any("though its header states 4.000 s" in note for note in notes(path))


def test_an_asf_file_of_fewer_bytes_than_its_header_states_is_noted(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.asf", pts=range(100), codec="wmv2")
    assert notes(path) == ()
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size // 2])
    assert f"Its last {size - size // 2} bytes are missing" in notes(path)


def test_damage_is_told_by_the_time_since_the_first_frame(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mkv", pts=range(1000, 1100), size=(320, 240))
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    clip.write_bytes(content)
    with VideoReader(clip, LIMITS) as reader, pytest.raises(InputDamagedError, match=r"damaged at [12]\.\d+ s"):
        list(reader)


def test_a_stream_of_sound_of_which_nothing_is_known_is_noted(tmp_path: Path) -> None:
    packets = make_clip(tmp_path / "whole.ts", sounds=["aac"]).read_bytes()
    path = tmp_path / "clip.ts"
    sound = 0x101
    path.write_bytes(
        b"".join(
            packets[at : at + 188]
            for at in range(0, len(packets), 188)
            if int.from_bytes(packets[at + 1 : at + 3]) & 0x1FFF != sound
        )
    )
    assert info(path).notes == ("Stream 1 of sound cannot be read: nothing in it says how it is coded",)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p"])
def test_mxf_is_read(tmp_path: Path, pixel_format: str) -> None:
    path = make_clip(tmp_path / "clip.mxf", codec="mpeg2video", pixel_format=pixel_format)
    found = info(path)
    assert (found.container, found.codec, found.frames, found.timecode) == ("MXF", "mpeg2video", 12, "00:00:00:00")
    with VideoReader(path, LIMITS) as reader:
        assert [frame.time for frame in reader] == [Fraction(n, 25) for n in range(12)]


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_mxf_that_broke_off_is_found_out_before_work(tmp_path: Path, share: float) -> None:
    path = make_clip(tmp_path / "clip.mxf", codec="mpeg2video", pts=range(50))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputDamagedError, match="breaks off"):
        VideoReader(path, LIMITS)


def test_dv_is_read_and_is_interlaced(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.dv", size=(720, 576), codec="dvvideo", pts=range(3))
    found = info(path)
    assert (found.container, found.codec, found.field_order) == ("DV", "dvvideo", "bottom")
    with VideoReader(path, LIMITS) as reader:
        frames = list(reader)
    assert len(frames) == 3
    assert np.abs(frames[0].image.astype(int) - picture(0, 720, 576)).mean() < 3
