"""The output is checked before work, and is put in place whole or not at all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from join_clips import encode
from media_clips import LIMITS, make_clip, rewrite

from facefusion.errors import (
    DiskFullError,
    OutputExistsError,
    OutputIsInputError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.media.encoding.choose import VideoWish, choose_encoding
from facefusion.media.encoding.segment import open_segment
from facefusion.media.join import join
from facefusion.media.output import atomic_output, check_output
from facefusion.media.picture import Picture, write_picture
from facefusion.media.reader import VideoReader
from facefusion.options import OutputOptions


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_good_output_passes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    check_output(tmp_path / "out.mp4", inputs=[tmp_path / "in.mp4"], overwrite=False, kind="video")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["out.avi", "out", "out.mp3"])
def test_an_unknown_ending_lists_those_that_are_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputTypeError, match=r"\.png, \.jpg, .*\.gif, .*\.mp4, .*\.webm"):
        check_output(tmp_path / name, inputs=[], overwrite=True)


def test_the_ending_must_fit_the_target(tmp_path: Path) -> None:
    with pytest.raises(OutputTypeError, match=r"asks for a video, but the target is a picture.*\.png"):
        check_output(tmp_path / "out.mp4", inputs=[], overwrite=True, kind="picture")
    with pytest.raises(OutputTypeError, match=r"asks for a picture, but the target is a video.*\.mp4"):
        check_output(tmp_path / "out.jpg", inputs=[], overwrite=True, kind="video")


def test_a_missing_folder_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritableError, match="There is no folder"):
        check_output(tmp_path / "no" / "out.mp4", inputs=[], overwrite=True)


def test_a_folder_that_takes_no_file_is_found_out_by_trying() -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc, a folder in which even root makes no file")
    with pytest.raises(OutputUnwritableError, match="cannot be written into /proc/self"):
        check_output(Path("/proc/self/out.mp4"), inputs=[], overwrite=True)


def test_an_input_is_not_replaced_by_whatever_name(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(b"x")
    (tmp_path / "symbolic.mp4").symlink_to(source)
    (tmp_path / "hard.mp4").hardlink_to(source)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("in.mp4", "symbolic.mp4", "hard.mp4", "folder/in.mp4"):
        with pytest.raises(OutputIsInputError):
            check_output(tmp_path / name, inputs=[tmp_path / "other", source], overwrite=True)


def test_what_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        check_output(out, inputs=[], overwrite=False)
    check_output(out, inputs=[], overwrite=True)
    assert out.read_bytes() == b"precious"


def test_a_folder_in_the_place_of_the_output_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(OutputUnwritableError, match="not a file"):
        check_output(tmp_path / "out.mp4", inputs=[], overwrite=True)


def test_a_link_to_itself_or_to_nowhere_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "circle.mp4").symlink_to(tmp_path / "circle.mp4")
    (tmp_path / "nowhere.mp4").symlink_to(tmp_path / "no" / "where.mp4")
    for name in ("circle.mp4", "nowhere.mp4"):
        with pytest.raises(OutputUnwritableError):
            check_output(tmp_path / name, inputs=[], overwrite=True)


def test_the_output_appears_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")
    with atomic_output(out) as part:
        assert part.parent == tmp_path
        assert part.suffix == ".png"
        assert part.name.startswith(".")
        part.write_bytes(b"new")
        assert out.read_bytes() == b"old"
    assert out.read_bytes() == b"new"
    assert names(tmp_path) == ["out.png"]


def test_a_name_as_long_as_the_disk_takes_is_taken(tmp_path: Path) -> None:
    out = tmp_path / ("张" * 83 + ".png")  # 253 of 255 bytes
    check_output(out, inputs=[], overwrite=False)
    with atomic_output(out) as part:
        part.write_bytes(b"new")
    assert names(tmp_path) == [out.name]


def test_what_a_killed_run_left_is_removed_a_day_later(tmp_path: Path) -> None:
    with atomic_output(tmp_path / "clip.mp4") as part:
        left, fresh = part.with_name(part.name[:-5] + "0.mp4"), part.with_name(part.name[:-5] + "1.mp4")
        others = [tmp_path / ".facefusion-notes.mp4", tmp_path / ".clip.0123456789ab.mp4"]
    for path in (left, fresh, *others):
        path.write_bytes(b"half")
    two_days_ago = left.stat().st_mtime - 2 * 24 * 60 * 60
    for path in (left, *others):
        os.utime(path, (two_days_ago, two_days_ago))
    with atomic_output(tmp_path / "picture.png") as part:
        part.write_bytes(b"whole")
    assert names(tmp_path) == sorted(["clip.mp4", "picture.png", fresh.name, *(path.name for path in others)])


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_on_failure_nothing_is_left_and_the_old_file_stays(tmp_path: Path, failure: type[BaseException]) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")
    with pytest.raises(failure), atomic_output(out) as part:
        part.write_bytes(b"half")
        raise failure
    assert out.read_bytes() == b"old"
    assert names(tmp_path) == ["out.png"]


def test_modes_and_links_are_respected(tmp_path: Path) -> None:
    real, link = tmp_path / "real.png", tmp_path / "link.png"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    with atomic_output(link) as part:
        part.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o600
    umask = os.umask(0o022)
    os.umask(umask)
    with atomic_output(tmp_path / "fresh.png") as part:
        part.write_bytes(b"x")
    assert (tmp_path / "fresh.png").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system needs root and the mount command")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_a_full_disk_under_a_video_is_said_so_and_nothing_is_left(small_disk: Path, tmp_path: Path, name: str) -> None:
    clip = make_clip(tmp_path / "in.mp4", size=(320, 240), pts=range(200), sounds=["aac"])
    with pytest.raises(DiskFullError, match=r"No space is left in .*/disk"):
        rewrite(clip, small_disk / name, output_video_quality=0)
    assert names(small_disk) == []


def test_a_full_disk_under_a_picture_is_said_so_and_nothing_is_left(small_disk: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    with pytest.raises(DiskFullError), atomic_output(small_disk / "out.png") as part:
        write_picture(part, Picture(noise), quality=95)
    assert names(small_disk) == []


def test_a_disk_that_fills_while_the_last_bytes_are_written_is_found_out(small_disk: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", size=(320, 240), pts=range(25), sounds=["aac"])
    encoding, segments, _ = encode(clip, tmp_path / "out.mp4", length=100)

    def write(path: Path) -> None:
        with atomic_output(path) as part:
            join(part, encoding=encoding, segments=segments, source=clip, options=OutputOptions())

    write(tmp_path / "out.mp4")
    blocks = -(-(tmp_path / "out.mp4").stat().st_size // 4096)
    for missing in (1, 2, 5):
        (small_disk / "ballast").write_bytes(bytes(4096 * (64 - blocks + missing)))
        with pytest.raises(DiskFullError):
            write(small_disk / "out.mp4")
        assert names(small_disk) == ["ballast"]


@pytest.mark.parametrize("broken", ["av.open", "facefusion.media.encoding.segment.add_stream"])
def test_a_writer_that_cannot_be_set_up_keeps_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    clip = make_clip(tmp_path / "in.mp4")
    with VideoReader(clip, LIMITS) as reader:
        encoding = choose_encoding(tmp_path / "out.mp4", reader.info, VideoWish())

    def fail(*given: object, **options: object) -> object:
        raise MemoryError

    monkeypatch.setattr(broken, fail)
    with pytest.raises(MemoryError) as caught:
        open_segment(tmp_path / "segment", encoding)
    assert open_files(tmp_path) == [], f"{caught.value!r} still holds the frames of the stack"
    assert names(tmp_path) == ["in.mp4"]


def open_files(folder: Path) -> list[str]:
    """Files below a folder that this process holds open."""
    table = Path("/proc/self/fd")
    if not table.is_dir():
        pytest.skip("this system has no /proc, which lists open files")
    links = [str(entry.readlink()) for entry in table.iterdir() if entry.is_symlink()]
    return [link for link in links if link.startswith(str(folder))]
