"""`live`, as it is typed: pipes, signals, a window."""

from __future__ import annotations

import array
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageGrab

from facefusion.cli.commands.live import describe, open_sink, open_source
from facefusion.cli.window import WindowSink
from facefusion.engine.live.figures import LiveFigures
from facefusion.errors import OutputUnwritableError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.live.camera import LibavSource
from facefusion.media.live.source import LIVE_TIME_BASE
from facefusion.options import Options

PORTRAIT = Path(__file__).parents[2] / "examples" / "portraits" / "astronaut.png"
OTHER = PORTRAIT.with_name("grace_hopper.jpg")
LIVE = [sys.executable, "-m", "facefusion", "live"]


@pytest.fixture
def clip(quiet_place: Path) -> Path:
    """A second of the portrait drifting, 12 frames/s."""
    picture = np.asarray(Image.open(PORTRAIT).convert("RGB").resize((256, 256)))
    path = quiet_place / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 192, 192, "yuv420p"
        for step in range(12):
            image = np.ascontiguousarray(picture[10:202, step : step + 192])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    return path


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.slow
def test_through_two_pipes_with_a_swap(clip):
    """One live command feeds another; the first takes a recording at its own times."""
    first = [*LIVE, "-t", str(clip), "-o", "-", "--processors", "--no-live-drop"]
    second = [*LIVE, "-s", str(OTHER), "-t", "-", "-o", "-", "--live-output-format", "matroska", "--no-live-drop"]
    with subprocess.Popen(first, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as sender:
        done = subprocess.run(second, stdin=sender.stdout, capture_output=True, check=False, timeout=200)
        assert sender.wait() == done.returncode == 0
        assert b"in all: 12 frames in, 12 out, 0 dropped" in sender.stderr.read()
    assert b"in all: 12 frames in, 12 out, 0 dropped" in done.stderr
    Path("out.mkv").write_bytes(done.stdout)
    given = np.array([frame.to_ndarray(format="rgb24") for frame in frames_of(Path("out.mkv"))]).astype(int)
    before = np.array([frame.to_ndarray(format="rgb24") for frame in frames_of(clip)]).astype(int)
    change = np.abs(given - before)
    assert len(given) == 12
    assert change[:, 40:100, 60:130].mean() > 3 * change[:, :20].mean()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_the_file_is_whole(clip, number):
    """A pipe that is never closed; the command is stopped when its first line of figures is there."""
    command = [*LIVE, "-t", "-", "-o", "out.mkv", "--processors", "--live-report", "0.05"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for frame in frames_of(clip):
            head = b"YUV4MPEG2 W192 H192 F12:1 Ip A1:1 C420mpeg2\n" if frame.pts == 0 else b""
            process.stdin.write(head + b"FRAME\n" + frame.to_ndarray().tobytes())
        process.stdin.flush()
        assert any(b"latency" in line for line in iter(process.stderr.readline, b""))
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        told = process.stderr.read().decode()
    assert "stopping" in told
    assert "in all: " in told.splitlines()[-1]
    assert frames_of(Path("out.mkv"))


@pytest.mark.slow
def test_whoever_reads_goes_away(clip):
    command = [*LIVE, "-t", str(clip), "-o", "-", "--processors"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1000)
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        told = process.stderr.read().decode()
    assert "in all: " in told
    assert "Traceback" not in told


def _waiting(pipe: int) -> int:
    """Bytes in a pipe that nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@pytest.mark.slow
def test_stopped_before_anything_came(quiet_place):
    command = [*LIVE, "-t", "-", "-o", "-", "--processors"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b"YUV4MPEG2 W64")
        process.stdin.flush()
        while _waiting(process.stdin.fileno()):  # until it reads
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stderr.read().decode() == "stopping; once more stops at once\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("-t /dev/video4321 -o out.mkv", 10, "/dev/video4321 cannot be opened"),
        ("-t nothing.mkv -o out.mkv", 10, "There is no nothing.mkv"),
        ("-t clip.mp4 -o out.txt", 30, "out.txt"),
        ("-t clip.mp4 -o clip.mp4", 32, "would replace an input"),
        ("-t clip.mp4 -o /dev/video4321", 31, "v4l2loopback"),
        ("-t clip.mp4 -o out.mkv --processors lip_syncer", 2, "follows sound"),
        ("-t clip.mp4 -o out.mkv --live-input-format y4m", 2, "is for pipes"),
        ("-t clip.mp4 -o out.mkv --live-size large", 2, "live-size"),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(facefusion, capfd, clip, words, code, told):  # noqa: PLR0917
    processors = [] if "--processors" in words else ["--processors"]
    assert facefusion("live", *words.split(), *processors) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert told in err
    assert not Path("out.mkv").exists()


def test_live_options_are_no_options_of_jobs(facefusion, capsys):
    facefusion("process", "--help")
    assert "--live-" not in capsys.readouterr().out
    facefusion("live", "--help")
    out = capsys.readouterr().out
    assert "--live-size" in out
    assert "--trim-start" not in out


def test_a_file_is_opened_as_a_recording(clip):
    with closing(open_source(Options.parse({"target_path": clip}))) as source:
        assert isinstance(source, LibavSource)
        assert not source.is_paced


def test_the_line_of_figures():
    figures = LiveFigures(10.0, came=250, shown=120, dropped=130, faces=120, latency=83, latency95=121)
    assert describe(figures) == ("250 frames in, 120 out, 130 dropped, 12.0 frames/s, latency 83 ms (95 %: 121 ms)")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A screen that nobody sees. Tk holds on to it until the process ends, so there is one for all tests."""
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb here, so no window can be tried (apt-get install xvfb)")
    pytest.importorskip("tkinter", reason="this Python has no Tk, so no window can be tried")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as started:
        os.close(writing)
        with os.fdopen(reading) as answer:
            name = f":{answer.readline().strip()}"
        yield name
        started.terminate()


@pytest.fixture
def display(server: str, monkeypatch) -> str:
    monkeypatch.setenv("DISPLAY", server)
    return server


@pytest.fixture
def window(display):
    """Open a window for frames of a size; all are closed at the end."""
    opened = []

    def start(width: int, height: int, *, mirror: bool = False) -> WindowSink:
        opened.append(WindowSink("Test", mirror=mirror))
        opened[-1].begin(VideoInfo(Path("test"), "test", "rawvideo", width, height, 25, LIVE_TIME_BASE))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def frame_of(image) -> Frame:
    return Frame(0, 0, 1, LIVE_TIME_BASE, image)


def screen(display: str):
    return np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))


@pytest.mark.parametrize("mirror", [False, True])
def test_the_window_shows_the_frame(display, window, mirror):
    image = np.zeros((120, 160, 3), np.uint8)
    image[:60, :80] = (200, 40, 90)
    shown = window(160, 120, mirror=mirror)
    assert all(shown.show(frame_of(image)) and shown.idle() for _ in range(5))
    assert np.array_equal(screen(display)[:120, :160], image[:, ::-1] if mirror else image)


def test_large_frames_are_shown_as_large_as_the_screen_has_room(display, window):
    shown, image = window(1920, 1080), np.full((1080, 1920, 3), 77, np.uint8)
    assert all(shown.show(frame_of(image)) for _ in range(3))
    assert (screen(display) == 77).all(2).sum() == 720 * 405


def test_a_window_that_was_closed_wants_no_more(window):
    shown = window(160, 120)
    shown._root.focus_force()
    assert shown.idle()
    shown._root.event_generate("<Escape>", when="now")
    assert not shown.idle()
    assert not shown.show(frame_of(np.zeros((120, 160, 3), np.uint8)))


def test_the_whole_command_in_a_window(display, facefusion, capfd, clip):
    assert facefusion("live", "-t", "clip.mp4", "--processors") == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "in all: 12 frames in" in err


def test_without_a_display_there_is_a_plain_error(monkeypatch):
    pytest.importorskip("tkinter", reason="this Python has no Tk")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(OutputUnwritableError, match="No window can be opened: no display"):
        open_sink(Options.parse({}))


def test_without_tk_there_is_a_plain_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(OutputUnwritableError, match="this Python has no Tk"):
        open_sink(Options.parse({"output_path": "window"}))
