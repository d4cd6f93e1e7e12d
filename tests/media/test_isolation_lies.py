"""A child that was taken over: whatever it says or leaves unsaid, the parent ends it and tells of a bad file."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from encoding_clips import clip, encode
from media_clips import make_clip
from PIL import Image as Pillow

from facefusion.errors import (
    CancelledError,
    FaceFusionError,
    InputDamagedError,
    InputError,
    InputLimitError,
    IsolationError,
)
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.isolation import sandbox
from facefusion.media.isolation.outputs import check_tracks_apart, join_apart
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.media.load import load_picture, load_picture_info
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions, OutputOptions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="isolation needs Linux")

PRELUDE = """
    import json, mmap, os, signal, socket, sys, time
    channel, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])

    def say(message):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        channel.sendall(len(body).to_bytes(4) + body)

    def hear():
        size = int.from_bytes(channel.recv(4, socket.MSG_WAITALL))
        return json.loads(channel.recv(size, socket.MSG_WAITALL))
"""
READY = 'say({"is": "ready"})\n'
INFO = {
    "path": "/etc/passwd",
    "container": "MP4",
    "codec": "h264",
    "width": 64,
    "height": 48,
    "frame_rate": "25",
    "time_base": "1/25",
}
CLIP = {"is": "open", "clip": {"info": INFO, "origin": 0, "stated_frames": 1, "notes": []}}
FRAME = {
    "width": 64,
    "height": 48,
    "pixel_format": "yuv420p",
    "colours": [2, 0, 2, 2],
    "chroma": "left",
    "is_interlaced": False,
    "lines": [64, 32, 32],
    "pts": 0,
    "duration": 1,
}


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[int]]]:
    """Have another script run in place of the child; gives the numbers of the processes that were begun."""
    begun: list[subprocess.Popen[bytes]] = []

    def take(script: str) -> list[int]:
        def start(self: Sandbox, connection: int, said: int, *, writes: int) -> subprocess.Popen[bytes]:
            made = subprocess.Popen(
                [
                    sys.executable,
                    "-S",
                    "-c",
                    textwrap.dedent(PRELUDE) + script,
                    f"{connection}",
                    f"{self.arena.descriptor}",
                ],
                pass_fds=(connection, self.arena.descriptor),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
            begun.append(made)
            numbers.append(made.pid)
            return made

        numbers: list[int] = []
        monkeypatch.setattr(Sandbox, "_start", start)
        return numbers

    monkeypatch.setattr(sandbox, "_GRACE", 0.3)
    yield take
    for process in begun:
        assert process.poll() is not None
        process.kill()


def limits(**more: Any) -> LimitOptions:
    return LimitOptions(isolate=True, isolate_timeout=0.5, **more)


def answers(*messages: object) -> str:
    """A script that answers whatever it is asked."""
    return READY + "".join(f"hear()\nsay({message!r})\n" for message in messages) + "time.sleep(60)\n"


def with_clip(**lie: Any) -> dict[str, Any]:
    return CLIP | {"clip": CLIP["clip"] | {"info": INFO | lie}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "in.mp4")


def read(path: Path) -> list[Any]:
    with open_reader(path, limits=limits()) as reader:
        return list(reader)


def test_a_clip_that_can_be_is_read(path: Path, taken_over: Callable[[str], list[int]]) -> None:
    """That is: what the other tests lie about is otherwise believed."""
    taken_over(answers(CLIP, {"is": "done"}, {"is": "frame", "frame": FRAME}, {"is": "end", "notes": []}))

    assert len(read(path)) == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 0},
        {"width": -64, "height": -48},
        {"width": 10**4000},
        {"time_base": "0/1"},
        {"time_base": f"1/{10**30}"},
        {"time_base": "1/0"},
        {"frame_rate": f"{10**18}"},
        {"frame_rate": "-25"},
        {"duration": f"{10**40}"},
        {"duration": "-1"},
        {"frames": -1},
        {"frames": 10**30},
        {"start": f"{10**60}/7"},
        {"pixel_aspect": f"1/{10**9}"},
        {"bit_depth": 4096},
        {"orientation": "sideways"},
        {"metadata": {"a": 5}},
        {"audio": [{"codec": "aac", "sample_rate": 10**100, "channels": 2}]},
    ],
    ids=lambda lie: str(lie)[:40],
)
def test_a_clip_that_cannot_be_is_not_believed(
    path: Path, taken_over: Callable[[str], list[int]], lie: dict[str, Any]
) -> None:
    taken_over(answers(with_clip(**lie)))

    with pytest.raises(InputDamagedError, match="went wrong"):
        read(path)


@pytest.mark.parametrize(
    "answer",
    [
        {"is": "frame", "frame": FRAME | {"pts": 10**30}},
        {"is": "frame", "frame": FRAME | {"duration": -1}},
        {"is": "frame", "frame": FRAME | {"colours": [2, 0, 2, 2000]}},
        {"is": "frame", "frame": FRAME | {"chroma": "elsewhere"}},
        {"is": "frame", "frame": FRAME | {"pixel_format": "yaf32le", "lines": [512]}},
        {"is": "frame", "frame": 5},
        {"is": "frame"},
        {"is": "end", "notes": 5},
        {"is": "end"},
    ],
    ids=lambda answer: str(answer)[:120],
)
def test_a_frame_that_cannot_be_is_not_believed(
    path: Path, taken_over: Callable[[str], list[int]], answer: dict[str, Any]
) -> None:
    taken_over(answers(CLIP, {"is": "done"}, answer))

    with pytest.raises(InputDamagedError, match="went wrong"):
        read(path)


@pytest.mark.parametrize(
    "case",
    [
        ("time.sleep(60)", InputLimitError, "stood still for more than 0.5 s"),
        (
            "body = b'{' + b' ' * 1000\nchannel.send(len(body).to_bytes(4))\nfor byte in body:\n"
            "    channel.send(bytes([byte]))\n    time.sleep(0.02)",
            InputLimitError,
            "stood still for more than 0.5 s",
        ),
        ("while True:\n    say({'is': 'busy'})\n    time.sleep(0.1)", InputLimitError, "stood still for more than 2"),
        ("channel.send(b'\\xff' * 4)\ntime.sleep(60)", InputDamagedError, "failed"),
        ("say(b'[' * 100_000)\ntime.sleep(60)", InputDamagedError, "failed"),
        ("say(b'{\"a\": ' + b'[' * 900 + b']' * 900 + b'}')\ntime.sleep(60)", InputDamagedError, "went wrong"),
        (
            "say({'error': 'CancelledError', 'what': 'The job was stopped'})\ntime.sleep(60)",
            InputDamagedError,
            "decoded",
        ),
        ("say({'error': ['InputDamagedError'], 'what': {}})\ntime.sleep(60)", InputDamagedError, "decoded"),
        ("say({'is': 'file', 'name': '/etc/passwd', 'mode': 'rb'})\ntime.sleep(60)", InputDamagedError, "went wrong"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", InputDamagedError, "crashed.*SIGSEGV"),
    ],
)
def test_whatever_it_says_or_not_the_parent_goes_on(
    path: Path,
    taken_over: Callable[[str], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, type[InputError], str],
) -> None:
    script, kind, words = case
    monkeypatch.setattr(sandbox, "_BUSIEST", 4)
    taken_over(READY + "hear()\n" + script)

    with pytest.raises(kind, match=words):
        read(path)


def job(path: Path, folder: Path, cancel: Callable[[], bool] = bool) -> None:
    """Have the output of a clip of three seconds written, with options that make the task a long message."""
    encoding, segments = encode(clip(), folder / "out.mp4", VideoWish())
    many = [segments[0]] * 20_000
    join_apart(
        folder / "out.mp4",
        encoding=encoding,
        segments=many,
        source=path,
        options=OutputOptions(),
        limits=limits(),
        cancel=cancel,
    )


@pytest.mark.parametrize("stops", [False, True])
def test_a_process_that_does_not_listen_is_ended(
    path: Path, tmp_path: Path, taken_over: Callable[[str], list[int]], stops: bool
) -> None:
    taken_over(READY + "time.sleep(60)")
    began = time.monotonic()

    with pytest.raises(CancelledError if stops else InputLimitError):
        job(path, tmp_path, cancel=lambda: stops)
    assert time.monotonic() - began < 20


def test_a_process_that_never_gets_ready_is_no_fault_of_the_file(
    path: Path, taken_over: Callable[[str], list[int]]
) -> None:
    taken_over("sys.exit(1)")

    with pytest.raises(IsolationError, match="did not start") as caught:
        read(path)
    assert "trust" not in f"{caught.value}"


NAUGHTY = "a\x1b[2Jb\r\n\x07c"


def test_texts_of_the_process_cannot_write_over_the_terminal(
    path: Path, tmp_path: Path, taken_over: Callable[[str], list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    taken_over(
        f"sys.stderr.write({NAUGHTY!r})\nsys.stderr.flush()\n"
        + answers(
            with_clip(codec=NAUGHTY, metadata={NAUGHTY: NAUGHTY}), {"is": "done"}, {"is": "frame", "frame": FRAME}
        )
    )
    with open_reader(path, limits=limits()) as reader:
        info = reader.info
    taken_over(answers({"is": "done", "notes": [NAUGHTY]}))
    notes = check_tracks_apart(
        path, encode(clip(), tmp_path / "a.mp4", VideoWish())[0].form, OutputOptions(), limits=limits()
    )
    taken_over(answers({"error": "other", "what": NAUGHTY, "trace": NAUGHTY}))
    with pytest.raises(FaceFusionError) as caught:
        read(path)

    texts = [info.codec, *info.metadata, *info.metadata.values(), *notes, str(caught.value)]
    texts += [record.getMessage() for record in caplog.records]
    assert [text for text in texts if not text.isprintable()] == []
    assert notes == ("a [2Jb   c",)


@pytest.mark.parametrize(
    "answer",
    [
        {"is": "info", "info": {"path": "a", "form": "PNG", "width": 0, "height": 0}},
        {"is": "info", "info": {"path": "a", "form": "PNG", "width": -5, "height": -5}},
        {"is": "info", "info": {"path": "a", "form": "PNG", "width": 10**4000, "height": 1}},
        {"is": "info", "info": []},
    ],
    ids=lambda answer: str(answer)[:60],
)
def test_the_header_of_a_picture_that_cannot_be_is_not_believed(
    tmp_path: Path, taken_over: Callable[[str], list[int]], answer: dict[str, Any]
) -> None:
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png")
    taken_over(answers(answer))

    with pytest.raises(InputDamagedError, match="went wrong"):
        load_picture_info(tmp_path / "a.png", limits())


EXIF = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\xff\xff\xff\xff" * 20


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"image": [1, 8, 8]},
        {"image": [2, 8, 8, 3]},
        {"image": [1, 8, 8, 3], "alpha": [1, 8, 9]},
        {"image": [1, 8, 8, 3], "mask": [1, 8, 8]},
        {"image": [1, 8, 8, 3], "exif": [1, 4, 4]},
        {"image": [1, 8, 8, 3], "exif": [1, 30 << 20]},
        {"image": [1, 100_000, 3]},
    ],
    ids=str,
)
def test_a_picture_that_cannot_be_is_not_believed(
    tmp_path: Path, taken_over: Callable[[str], list[int]], arrays: dict[str, Any]
) -> None:
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png")
    taken_over(answers({"is": "picture", "arrays": arrays}))

    with pytest.raises(InputDamagedError, match="went wrong"):
        load_picture(tmp_path / "a.png", limits())


def test_exif_that_cannot_be_comes_to_nothing(tmp_path: Path, taken_over: Callable[[str], list[int]]) -> None:
    """Either it is told at once, or the picture can be cropped and written in every form."""
    Pillow.new("RGB", (8, 8)).save(tmp_path / "a.png")
    taken_over(
        f"exif = {EXIF!r}\nmmap.mmap(memory, os.fstat(memory).st_size)[192:192 + len(exif)] = exif\n"
        + answers({"is": "picture", "arrays": {"image": [1, 8, 8, 3], "exif": [1, len(EXIF)]}})
    )

    with pytest.raises(InputDamagedError, match="went wrong"):
        load_picture(tmp_path / "a.png", limits())


def test_what_it_writes_to_its_standard_error_holds_nobody_up(
    path: Path, taken_over: Callable[[str], list[int]]
) -> None:
    flood = "try:\n    os.write(2, bytes(1 << 20))\nexcept OSError:\n    pass\n"
    taken_over(flood + answers(CLIP, {"is": "done"}, {"is": "end", "notes": []}))

    assert read(path) == []


def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    """Even one that does not notice that nobody is there."""
    script = """
        import os, subprocess, sys
        from facefusion.media.isolation.lifeline import Lifeline
        child = subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"], stdout=-1)
        child.stdout.readline()
        line = Lifeline(child.pid)
        print(child.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    parent = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=False)
    watched = os.pidfd_open(int(parent.stdout)) if Path(f"/proc/{int(parent.stdout)}").exists() else None

    assert parent.returncode == -signal.SIGKILL
    if watched is not None:
        poll = select.poll()
        poll.register(watched)
        assert poll.poll(10_000)
        os.close(watched)


def test_ctrl_c_is_for_the_job_alone(tmp_path: Path) -> None:
    """Terminals send it to all processes of a job; a child that it ended would look like one that crashed."""
    script = """
        import os, signal, sys
        from pathlib import Path
        from facefusion.media.open import open_reader
        from facefusion.options import LimitOptions
        with open_reader(Path(sys.argv[1]), limits=LimitOptions(isolate=True)) as reader:
            frames = iter(reader)
            next(frames)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            os.killpg(0, signal.SIGINT)
            print(1 + len(list(frames)))
    """
    source = make_clip(tmp_path / "in.mp4", pts=range(100))
    command = [sys.executable, "-c", textwrap.dedent(script), source]
    ended = subprocess.run(command, capture_output=True, start_new_session=True, check=False)

    assert ended.stdout == b"100\n", ended.stderr.decode()
