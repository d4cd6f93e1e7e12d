"""What a bad input gets: one line, its own error, and nothing that it names is ever opened."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import pytest
from media_clips import LIMITS, make_clip, times

from facefusion.errors import FaceFusionError, InputDamagedError, InputLimitError, InputMissingError, InputTypeError
from facefusion.media.probe import probe
from facefusion.media.reader import VideoReader
from facefusion.media.source import VideoSource
from facefusion.options import LimitOptions


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and the list of what it was asked for."""
    asked: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Recorder) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", asked
        http.shutdown()
        thread.join()


FOLLOWERS = {
    "HLS playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{url}/part.ts\n#EXT-X-ENDLIST\n",
    "HLS playlist after a byte order mark": "\ufeff#EXTM3U\n#EXTINF:4,\n{url}/part.ts\n",
    "concat script": "ffconcat version 1.0\nfile '{url}/part.mp4'\n",
    "DASH manifest": '<?xml version="1.0"?><MPD><Period><BaseURL>{url}/</BaseURL></Period></MPD>',
    "SMIL": '<smil><body><video src="{url}/part.mp4"/></body></smil>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "playlist of a player": "[playlist]\nFile1={url}/part.mp4\n",
    "reference file": "[Reference]\nRef1={url}/part.asf\n",
    "plain text": "This is no video, whatever its name says. {url}\n",
}


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.png", "clip"])
@pytest.mark.parametrize("kind", FOLLOWERS)
def test_text_is_never_followed_whatever_it_is_called(
    tmp_path: Path, server: tuple[str, list[str]], kind: str, name: str
) -> None:
    url, asked = server
    path = tmp_path / name
    path.write_text(FOLLOWERS[kind].format(url=url))
    for read in (lambda: probe(path, LIMITS), lambda: VideoReader(path, LIMITS)):
        with pytest.raises(InputTypeError) as caught:
            read()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert asked == []


def test_a_quicktime_file_whose_frames_lie_elsewhere_opens_nothing_else(
    tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    url, asked = server
    movie = make_clip(tmp_path / "elsewhere.mov").read_bytes()
    path = tmp_path / "reference.mov"
    for target in (f"{url}/elsewhere.mov", "elsewhere.mov", str(tmp_path / "elsewhere.mov")):
        path.write_bytes(with_reference(movie, target.encode()))
        with pytest.raises(InputDamagedError):
            VideoReader(path, LIMITS)
    assert asked == []
    trusting = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(path), options=trusting) as clip:
        assert len(list(clip.decode(video=0))) == 12, "a reader that trusted the file would have opened the other"


def with_reference(movie: bytes, target: bytes) -> bytes:
    """Have the data reference of a QuickTime file (its index last) name another file, as an alias record does."""
    alias = bytes(10) + bytes([3]) + b"vol".ljust(27, b"\0") + bytes(12) + bytes([4]) + b"name".ljust(63, b"\0")
    alias += bytes(16) + struct.pack(">hh", 0, 0) + bytes(16)
    alias += struct.pack(">hh", 2, len(target)) + target + bytes(len(target) % 2) + struct.pack(">hh", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    reference = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    start = movie.index(b"dref") - 4
    length = struct.unpack(">I", movie[start : start + 4])[0]
    grown = len(reference) - length
    content = bytearray(movie[:start] + reference + movie[start + length :])
    for atom in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        at = content.rindex(atom, 0, start) - 4
        content[at : at + 4] = struct.pack(">I", struct.unpack(">I", content[at : at + 4])[0] + grown)
    return bytes(content)


def test_the_demuxer_is_given_no_name_and_may_open_nothing(tmp_path: Path) -> None:
    source = VideoSource(make_clip(tmp_path / "clip.mp4"))
    assert str(tmp_path) not in source.container.format.name
    assert source.container.container_options["protocol_whitelist"] == "none"
    with pytest.raises(InputTypeError, match="refers to another file"):
        source.container.io_open("http://127.0.0.1/", 1, {})
    source.close()


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(InputTypeError, match="not a file"):
            probe(path, LIMITS)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError, match="picture"):
        probe(tmp_path, LIMITS)


@pytest.mark.parametrize("name", ["missing.mp4", "clip.mp4/inside.mp4", "with\0null"])
def test_what_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    with pytest.raises(InputMissingError):
        probe(tmp_path / name, LIMITS)


def test_an_empty_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(InputDamagedError, match="is empty"):
        probe(path, LIMITS)


@pytest.mark.parametrize(
    "content", [os.urandom(5000), b"\0" * 5000, b"PK\x03\x04" + bytes(900), b"\x7fELF" + bytes(99)]
)
def test_other_kinds_of_files_are_refused_with_a_list_of_those_that_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(InputTypeError, match=r"PNG, JPEG.*MP4.*Matroska"):
        probe(path, LIMITS)


def test_sound_alone_is_not_a_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        from media_clips import _add_noise

        _add_noise(output, output.add_stream("aac", rate=48000), 20, seed=0)
    with pytest.raises(InputTypeError, match="no moving pictures"):
        probe(path, LIMITS)


def test_the_name_does_not_matter_when_the_bytes_are_right(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mkv")
    renamed = clip.rename(tmp_path / "http:clip.jpg")
    with VideoReader(renamed, LIMITS) as reader:
        assert reader.info.container == "Matroska"
        assert len(list(reader)) == 12


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".ts"])
def test_frames_above_the_limit_are_refused_before_any_is_decoded(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / f"clip{suffix}", size=(128, 96))
    with pytest.raises(InputLimitError, match=r"128x96 = 12288 pixels.*limit of 12287.*--max-pixels"):
        VideoReader(clip, LimitOptions(max_pixels=12287))
    with VideoReader(clip, LimitOptions(max_pixels=12288)) as reader:
        assert len(list(reader)) == 12


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_copy_that_broke_off_is_found_out_before_work(tmp_path: Path, suffix: str, share: float) -> None:
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    content = make_clip(tmp_path / f"whole{suffix}", codec=codec).read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputDamagedError, match=r"breaks off|broke off"):
        VideoReader(path, LIMITS)


@pytest.mark.parametrize("suffix", [".ts", ".flv"])
def test_a_recording_that_ends_in_mid_frame_is_read_up_to_there(tmp_path: Path, suffix: str) -> None:
    codec = "flv" if suffix == ".flv" else "libx264"
    whole = make_clip(tmp_path / f"whole{suffix}", size=(320, 240), pts=range(50), codec=codec, crf="1")
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    with VideoReader(path, LIMITS) as reader:
        read = [frame.time for frame in reader]
    assert 10 < len(read) < 50
    with VideoReader(whole, LIMITS) as reader:
        assert set(read) < {frame.time for frame in reader}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_damage_in_mid_stream_says_when(tmp_path: Path, suffix: str) -> None:
    clip = make_clip(tmp_path / f"clip{suffix}", pts=range(100), size=(320, 240), sounds=[])
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    clip.write_bytes(content)
    with VideoReader(clip, LIMITS) as reader, pytest.raises(InputDamagedError, match=r"damaged at [12]\.\d+ s"):
        list(reader)


def test_a_recording_that_begins_in_mid_stream_starts_at_its_first_whole_picture(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", pts=range(300))  # a key frame each 250
    packets = whole.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(packets[: 188 * 3] + packets[len(packets) // 2 // 188 * 188 :])
    with VideoReader(cut, LIMITS) as reader:
        read = [frame.time for frame in reader]
    assert 40 < len(read) <= 50
    assert read == times(whole)[-len(read) :]


def test_frames_that_change_their_size_are_refused(tmp_path: Path) -> None:
    parts = [make_clip(tmp_path / f"{w}.ts", size=(w, 48), pts=range(n, n + 12)) for w, n in ((64, 0), (96, 12))]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    with VideoReader(both, LIMITS) as reader, pytest.raises(InputDamagedError, match="64x48 to 96x48 at"):
        list(reader)


def test_parts_pasted_together_are_refused(tmp_path: Path) -> None:
    part = make_clip(tmp_path / "part.ts", pts=range(100)).read_bytes()
    both = tmp_path / "both.ts"
    both.write_bytes(part + part)
    with VideoReader(both, LIMITS) as reader, pytest.raises(InputDamagedError, match="jump back at"):
        list(reader)


def test_every_refusal_is_one_line_with_a_hint(tmp_path: Path) -> None:
    text = tmp_path / "a.mp4"
    text.write_text("hello")
    for path in (text, tmp_path, tmp_path / "nothing"):
        with pytest.raises(FaceFusionError) as caught:
            probe(path, LIMITS)
        assert caught.value.hint
        assert len(str(caught.value).splitlines()) == 1


def test_a_gif_in_millions_of_pieces_is_refused_in_a_moment(tmp_path: Path) -> None:
    """Nothing but walking through it tells whether there is a second picture."""
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + bytes(7) + b"!\xfe" + b"\x01a" * 3_000_000 + b"\0;")

    with pytest.raises(InputLimitError, match=r"a\.gif is made of more than 2000000 pieces"):
        probe(tmp_path / "a.gif", LIMITS)
