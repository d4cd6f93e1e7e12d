"""Decoding in a child process: the same results, and nothing that the child could do beside."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoding_clips import clip, encode, through
from join_clips import decorated
from media_clips import Colour, make_clip, picture
from PIL import Image as Pillow

from facefusion import process_image, process_video
from facefusion.errors import (
    CancelledError,
    FaceFusionError,
    InputDamagedError,
    InputLimitError,
    IsolationError,
    OutputTypeError,
)
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import Channel, ChannelError
from facefusion.media.isolation.clip import IsolatedClip
from facefusion.media.isolation.messages import Schema, loaded_error
from facefusion.media.isolation.outputs import Handing, join_apart
from facefusion.media.isolation.samples import Receiver, Told
from facefusion.media.isolation.seccomp import install_filter
from facefusion.media.load import load_picture, load_picture_info
from facefusion.media.open import open_reader
from facefusion.media.planes.layout import samples
from facefusion.media.probe import probe
from facefusion.media.select import Selection
from facefusion.media.sniff import open_input
from facefusion.options import LimitOptions, OutputOptions
from facefusion.options.moments import Moment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux")

HERE, APART = LimitOptions(), LimitOptions(isolate=True)


def turned(path: Path) -> Path:
    quarter = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    return make_clip(path, pixel_format="yuv422p", matrix=quarter)


def with_palette(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("qtrle", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        for index in range(5):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index, 64, 48), format="rgb24")))
        output.mux(stream.encode(None))
    return path


CLIPS = {
    "8 bits": lambda folder: make_clip(folder / "a.mp4", sounds=("aac",)),
    "variable rate": lambda folder: make_clip(folder / "a.mkv", pts=(0, 40, 45, 200, 230), time_base=Fraction(1, 1000)),
    "tagged, full range": lambda folder: make_clip(folder / "a.mp4", colour=Colour(matrix=1, full=True)),
    "10 bits": lambda folder: through(clip("yuv420p10le"), folder / "a.mkv", VideoWish()),
    "4:2:2 on its side": lambda folder: turned(folder / "a.mp4"),
    "chroma on top": lambda folder: through(
        replace(clip(), info=replace(clip().info, chroma_location="top")), folder / "a.mp4", VideoWish()
    ),
    "alpha": lambda folder: through(clip("yuva444p10le"), folder / "a.mov", VideoWish()),
    "RGB": lambda folder: with_palette(folder / "a.mov"),
    "odd sides": lambda folder: make_clip(folder / "a.mkv", size=(63, 47), codec="ffv1"),
    "interlaced": lambda folder: through(clip("yuv420p", field_order="top"), folder / "a.mp4", VideoWish()),
    "MPEG-TS": lambda folder: make_clip(folder / "a.ts"),
}


@pytest.mark.parametrize("name", CLIPS)
def test_frames_are_the_very_same(tmp_path: Path, name: str) -> None:
    path = CLIPS[name](tmp_path)

    with open_reader(path, limits=HERE) as here, open_reader(path, limits=APART) as apart:
        assert apart.info == here.info
        for one, other in zip(here, apart, strict=True):
            assert (one.index, one.pts, one.duration, one.copies) == (
                other.index,
                other.pts,
                other.duration,
                other.copies,
            )
            assert np.array_equal(one.image, other.image)
            assert one.original.planes.format.name == other.original.planes.format.name
            for index in range(len(one.original.planes.planes)):
                assert np.array_equal(samples(one.original.planes, index), samples(other.original.planes, index))
        assert apart.notes == here.notes


def test_deinterlaced_frames_are_the_very_same(tmp_path: Path) -> None:
    path = CLIPS["interlaced"](tmp_path)
    selection = Selection(deinterlace=True, start=Moment.parse("0.1"))

    with (
        open_reader(path, limits=HERE, selection=selection) as here,
        open_reader(path, limits=APART, selection=selection) as apart,
    ):
        assert all(np.array_equal(one.image, other.image) for one, other in zip(here, apart, strict=True))


def pictures(folder: Path) -> Iterator[Path]:
    """Pictures of all forms, with whatever they may bring along."""
    image = Pillow.fromarray(picture(3, 64, 48))
    alpha = image.copy()
    alpha.putalpha(Pillow.fromarray(picture(1, 64, 48)[..., 0]))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    for name, made, options in (
        ("plain.png", image, {}),
        ("alpha.png", alpha, {}),
        ("alpha.webp", alpha, {"lossless": True}),
        ("turned.jpg", image, {"exif": exif.tobytes(), "icc_profile": b"a profile"}),
        ("plain.avif", image, {}),
        ("plain.tiff", image, {"compression": "tiff_lzw"}),
        ("plain.bmp", image, {}),
        ("plain.gif", image, {}),
        ("grey16.png", Pillow.fromarray(picture(2, 64, 48)[..., 0].astype(np.uint16) * 200), {}),
    ):
        made.save(folder / name, **options)
        yield folder / name


def test_pictures_are_the_very_same(tmp_path: Path) -> None:
    for path in pictures(tmp_path):
        assert load_picture_info(path, APART) == load_picture_info(path, HERE)
        here, apart = load_picture(path, HERE), load_picture(path, APART)
        for name in ("image", "alpha", "deep", "deep_alpha"):
            one, other = getattr(here, name), getattr(apart, name)
            assert (one is None) == (other is None)
            assert one is None or (one.dtype == other.dtype and np.array_equal(one, other))
        assert (here.icc_profile, here.exif) == (apart.icc_profile, apart.exif)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("out.mp4", {}),
        ("out.mkv", {}),
        ("out.mp4", {"trim_start": "0.2", "trim_end": "0.4"}),
        ("out.mp4", {"output_video_bitrate": "300k", "output_video_passes": 2}),
        ("out.gif", {}),
        ("shots/%04d.png", {}),
    ],
    ids=str,
)
def test_outputs_are_the_same_to_the_byte(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    source = decorated(
        make_clip(tmp_path / "plain.mkv", sounds=("aac", "flac")),
        tmp_path / "in.mkv",
        subtitles=["subrip"],
        chapters=[(0, 200, "one"), (200, 480, "two")],
        tags={"title": "A clip"},
    )
    results = []
    for folder, isolate in (("here", False), ("apart", True)):
        output = tmp_path / folder / name
        (tmp_path / folder).mkdir()
        result = process_video(source, output, processors=(), isolate=isolate, **options)
        files = sorted(path for path in (tmp_path / folder).rglob("*") if path.is_file())
        results.append((result.notes, [(path.name, path.read_bytes()) for path in files]))

    assert results[0] == results[1]
    assert results[0][1]


def test_a_picture_goes_all_the_way(tmp_path: Path) -> None:
    target = list(pictures(tmp_path))[3]
    for name, isolate in (("here.png", False), ("apart.png", True)):
        process_image(target, tmp_path / name, processors=(), isolate=isolate)

    assert (tmp_path / "apart.png").read_bytes() == (tmp_path / "here.png").read_bytes()


def errors(path: Path, limits: LimitOptions) -> list[tuple[type[FaceFusionError], str]]:
    found = []
    for read in (
        lambda: probe(path, limits),
        lambda: load_picture(path, limits),
        lambda: list(open_reader(path, limits=limits)),
    ):
        try:
            read()
        except FaceFusionError as error:
            found.append((type(error), str(error)))
    return found


def test_what_is_wrong_with_a_file_is_said_in_the_same_words(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mkv").read_bytes()
    still = next(pictures(tmp_path)).read_bytes()
    for name, content in {
        "cut.mkv": whole[: len(whole) * 2 // 3],
        "cut.mp4": make_clip(tmp_path / "whole.mp4").read_bytes()[:900],
        "cut.png": still[: len(still) // 2],
        "list.m3u8": b"#EXTM3U\nhttp://127.0.0.1/a.ts\n",
        "empty.mp4": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert errors(tmp_path / name, APART) == errors(tmp_path / name, HERE) != []
    assert errors(tmp_path / "missing.mp4", APART) == errors(tmp_path / "missing.mp4", HERE)
    make_clip(tmp_path / "large.mkv", size=(128, 96))
    small = {"max_pixels": 4096}
    refused = errors(tmp_path / "large.mkv", LimitOptions(isolate=True, **small))
    assert refused == errors(tmp_path / "large.mkv", LimitOptions(**small)) != []


def test_sound_that_does_not_fit_is_refused_before_any_work(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mov", sounds=("pcm_mulaw",))

    with pytest.raises(OutputTypeError, match="pcm_mulaw"):
        process_video(source, tmp_path / "out.mp4", processors=(), isolate=True)


TRIES = {
    "read a file": "open('/etc/passwd')",
    "write a file": "open('written', 'w')",
    "remove a file": "os.unlink('there')",
    "list a folder": "os.listdir('.')",
    "make a socket": "socket.socket()",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "make a pipe": "os.pipe()",
    "start a program": "subprocess.run(['true'])",
    "become a program": "os.execv('/bin/true', ['true'])",
    "make a process": "os.fork()",
    "end another process": "os.kill(os.getppid(), 0)",
    "raise its limits": "check(libc.setrlimit(4, page))",
    "trace": "check(ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0))",
    "make code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "have a signal sent": "fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())",
    "choose the signal": "fcntl.fcntl(0, fcntl.F_SETSIG, 9)",
    "have it sent on input": "fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)",
    "break memory": "mmap.mmap(-1, 4096).madvise(100)",
    "run code of data": "check(libc.mprotect(ctypes.c_void_p(ctypes.addressof(page) & -4096), 4096, 7))",
}


def test_a_locked_process_cannot(tmp_path: Path) -> None:
    """One process tries all, one after the other: whatever is allowed shows in its number, or in the folder."""
    (tmp_path / "there").touch()
    script = f"""
        import ctypes, fcntl, json, mmap, os, socket, subprocess
        from facefusion.media.isolation.lock import lock
        libc, page = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(8192)

        def check(result):
            if result:
                raise OSError(ctypes.get_errno(), "refused")

        tries = {{what: compile(code, what, "exec") for what, code in {TRIES!r}.items()}}
        told = {{}}
        lock(memory=4, shared=0, writes=0)
        for what, code in tries.items():
            try:
                exec(code)
                told[what] = "done"
            except OSError as error:
                told[what] = error.errno
        os.write(1, json.dumps(told).encode())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, check=False
    )
    assert json.loads(ended.stdout or "{}") == dict.fromkeys(TRIES, errno.EPERM), ended.stderr.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there"]


def test_a_locked_process_still_computes_and_begins_threads(tmp_path: Path) -> None:
    script = """
        import os, threading
        from facefusion.media.isolation.lock import lock
        lock(memory=4, shared=0, writes=0)
        thread = threading.Thread(target=lambda: os.write(1, str(sum(range(1000))).encode()))
        thread.start()
        thread.join()
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=True)
    assert ended.stdout == b"499500"


def test_a_locked_process_may_no_more_than_others_whoever_began_it() -> None:
    script = """
        from facefusion.media.isolation.lock import lock
        status = open("/proc/self/status")
        lock(memory=4, shared=0, writes=0)
        print(status.read())
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=True)
    told = dict(line.split(":\t", 1) for line in ended.stdout.decode().splitlines() if line.startswith("Cap"))

    assert {told[name] for name in ("CapInh", "CapPrm", "CapEff")} == {"0000000000000000"}


def test_where_there_is_no_filter_isolation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(IsolationError, match="x86-64 or 64-bit ARM") as caught:
        install_filter()
    assert caught.value.exit_code == 14


def test_elsewhere_than_on_linux_isolation_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip(tmp_path / "in.mp4")
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(IsolationError, match="Linux"):
        process_video(source, tmp_path / "out.mp4", processors=(), isolate=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def opened(path: Path, **limits: object) -> tuple[IsolatedClip, int]:
    """Open a clip apart; return it and its process."""
    before = children()
    made = IsolatedClip(path, LimitOptions(isolate=True, **limits), deinterlace=False, file=open_input(path))
    (process,) = children() - before
    return made, process


def children() -> set[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {int(number) for task in tasks for number in (task / "children").read_text().split()}


def test_the_process_ends_with_the_reader(tmp_path: Path) -> None:
    clip, process = opened(make_clip(tmp_path / "in.mp4"))

    clip.close()
    clip.close()

    assert process not in children()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (signal.SIGSEGV, InputDamagedError, "crashed.*SIGSEGV"),
        (signal.SIGKILL, InputLimitError, "short of memory"),
        (signal.SIGALRM, InputLimitError, "stood still for more than 7 s"),
    ],
)
def test_the_end_of_the_process_is_an_error_of_the_file(
    tmp_path: Path, number: signal.Signals, kind: type[Exception], words: str
) -> None:
    clip, process = opened(make_clip(tmp_path / "in.mp4", pts=range(200)), isolate_timeout=7)
    frames = clip.frames()
    next(frames)
    os.kill(process, number)

    with pytest.raises(kind, match=words):
        list(frames)
    clip.close()


@pytest.mark.slow
def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    clip, process = opened(make_clip(tmp_path / "in.mp4", pts=range(200)), isolate_timeout=0.2)
    frames = clip.frames()
    next(frames)
    os.kill(process, signal.SIGSTOP)

    with pytest.raises(InputLimitError, match="stood still"):
        list(frames)
    assert process not in children()


def test_the_process_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    Pillow.new("RGB", (7000, 7000)).save(tmp_path / "large.png")

    with pytest.raises(InputLimitError, match=r"memory.*--isolate-memory"):
        load_picture(tmp_path / "large.png", LimitOptions(isolate=True, isolate_memory=0.6))
    assert load_picture(tmp_path / "large.png", APART).image.shape == (7000, 7000, 3)


def test_a_stopped_job_ends_the_process_that_writes(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", sounds=("aac",))
    before = children()

    with pytest.raises(CancelledError):
        join_apart(
            tmp_path / "out.mp4",
            encoding=(made := encode(clip(), tmp_path / "out.mp4", VideoWish()))[0],
            segments=made[1],
            source=source,
            options=OutputOptions(),
            limits=APART,
            cancel=lambda: True,
        )
    assert children() == before


TOLD = Told(64, 48, "yuv420p", (2, 0, 2, 2), "left", False, (64, 32, 32), 0, 1)


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 0},
        {"width": 100_000, "height": 100_000},
        {"height": -48},
        {"pixel_format": "vaapi"},
        {"pixel_format": "no such format"},
        {"lines": (64, 32)},
        {"lines": (1 << 40, 32, 32)},
        {"lines": (-64, 32, 32)},
        {"chroma": "left,movie=/etc/passwd"},
        {"pixel_format": "yaf32le"},
        {"pixel_format": "rgb4"},
    ],
    ids=str,
)
def test_frames_that_cannot_be_are_not_believed(lie: dict[str, object]) -> None:
    with pytest.raises(ChannelError):
        Receiver(1_000_000).take(replace(TOLD, **lie), np.zeros(1 << 20, np.uint8))


@pytest.mark.parametrize(
    "lie",
    [
        {"a": [1, 1 << 40]},
        {"a": [3, 4]},
        {"a": [1, -4]},
        {"a": [1, 0]},
        {"a": [2]},
        {"a": [1, 2, 2, 2, 2]},
        {"a": [1, *[10**4000] * 3]},
        {"a": [1, 4096], "b": [1, 1 << 31]},
    ],
    ids=str,
)
def test_samples_that_cannot_be_are_not_believed(lie: dict[str, list[int]]) -> None:
    arena = Arena.make(4096, 1)
    with pytest.raises(ValueError, match="samples"):
        arena.take(lie)
    arena.close()


def test_shared_memory_cannot_be_made_smaller() -> None:
    arena = Arena.make(4096, 1)
    with pytest.raises(PermissionError):
        os.ftruncate(arena.descriptor, 0)
    arena.close()


@pytest.mark.parametrize(
    "content", [b"", b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\4\xff\xff\xff\xff", b"\0\0\0\3{]x"]
)
def test_what_is_no_message_is_not_believed(content: bytes) -> None:
    here, there = socket.socketpair()
    channel = Channel(here, takes_files=False)
    there.sendall(content)
    there.close()

    with pytest.raises(ChannelError):
        channel.receive(1)
    channel.close()


def test_a_value_of_another_type_is_not_believed() -> None:
    with pytest.raises(ChannelError, match="no Told"):
        Schema(Told).load({"width": "wide"})


def test_an_error_that_is_told_cannot_write_over_the_terminal() -> None:
    error = loaded_error({"error": "InputDamagedError", "what": "a\x1b[2Jb\nc", "hint": "x" * 9000}, "clip")

    assert isinstance(error, InputDamagedError)
    assert error.what == "a [2Jb c"
    assert len(error.hint) == 4000


def test_the_process_gets_no_file_but_those_of_its_task(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for path in (inside, outside):
        path.write_bytes(b"content")
    handing = Handing({inside: ("rb",)})

    with handing({"name": str(inside), "mode": "rb"}) as file:
        assert file.read() == b"content"
    for name, mode in ((str(outside), "rb"), (str(inside), "wb"), (f"{inside}/../outside", "rb"), (None, "rb")):
        with pytest.raises(ChannelError):
            handing({"name": name, "mode": mode})


def test_the_command_line_isolates(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", sounds=("aac",))
    command = [sys.executable, "-m", "facefusion", "--target", source, "--output", tmp_path / "out.mp4", "--processors"]
    log = tmp_path / "calls"

    subprocess.run(
        ["strace", "-f", "-e", "trace=execve,seccomp", "-o", log, *command, "--isolate"],
        check=True,
        capture_output=True,
    )

    calls = log.read_text()
    assert calls.count("facefusion.media.isolation.child") >= 3
    assert calls.count("SECCOMP_SET_MODE_FILTER") == calls.count("facefusion.media.isolation.child")
    assert (tmp_path / "out.mp4").stat().st_size > 0
