"""Live mode: frames through real pipes, edited as in a job, the newest first."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest
from live_streams import encoded, read_y4m, receiving, sending, y4m

from facefusion.engine.live.figures import Tally
from facefusion.engine.live.prepare import is_camera
from facefusion.engine.live.run import run_live
from facefusion.engine.live.slot import Slot
from facefusion.errors import (
    InputDamagedError,
    InputLimitError,
    InputMissingError,
    InputTypeError,
    NoFaceError,
    OptionsError,
    OutputTypeError,
    OutputUnwritableError,
)
from facefusion.media.encoding.choose import VideoWish
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.live.camera import OpenCvCamera, open_camera
from facefusion.media.live.pipe import open_pipe
from facefusion.media.live.sinks import DeviceSink, EncodedSink, Pipe, pipe_sink
from facefusion.media.live.source import LIVE_TIME_BASE, Captured
from facefusion.media.planes.layout import samples
from facefusion.media.reader import VideoReader
from facefusion.options import LiveOptions, Options
from facefusion.options.live import RawFormat
from material import CAPTAIN, LIMITS, read_clip, save, write_clip

NOTHING = {"processors": (), "live_drop": False}
WISH = VideoWish()


def stored(path: Path) -> list[bytes]:
    """The decoded samples of each frame of a clip."""
    with VideoReader(path, LIMITS) as reader:
        planes = [frame.original.planes for frame in reader]
    return [b"".join(samples(each, number).tobytes() for number in range(3)) for each in planes]


def through(data: bytes, form: str = "auto", **values):
    """Send bytes through live mode; return what came out and the figures."""
    options = Options.parse(NOTHING | values)
    with (
        sending(data) as stdin,
        receiving() as (stdout, received),
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
    ):
        sink = pipe_sink(Pipe(stdout), form, options.live.live_pixel_format, WISH)
        figures = run_live(options, source, sink, cancel=threading.Event())
    return received.data, figures


@pytest.fixture
def images():
    """Twelve pictures with a light that wanders."""
    pictures = [np.full((48, 64, 3), 60, np.uint8) for _ in range(12)]
    for number, picture in enumerate(pictures):
        picture[8:24, 4 * number : 4 * number + 16] = (220, 180, 40)
    return pictures


def test_without_processors_every_sample_goes_through(moving_portrait):
    planes = stored(moving_portrait)
    data, figures = through(y4m(planes, 192, 192))
    head, given = read_y4m(data)
    assert head.startswith("YUV4MPEG2 W192 H192 F25:1 Ip A1:1 C420mpeg2")
    assert given == planes
    assert (figures.came, figures.shown, figures.dropped) == (20, 20, 0)
    assert 0 <= figures.latency <= figures.latency95


def test_where_no_frame_is_left_out_it_gives_what_a_job_gives(moving_portrait, job):
    planes = stored(moving_portrait)
    data, figures = through(y4m(planes, 192, 192), processors="face_swapper", source_paths=CAPTAIN)
    job(output_path="out.mkv", output_video_encoder="ffv1")
    assert read_y4m(data)[1] == stored(Path("out.mkv"))
    assert figures.faces == 20


@pytest.mark.parametrize("form", ["matroska", "mpegts", "flv", "mp4", "avi"])
def test_streams_are_known_by_their_first_bytes(images, form):
    data, figures = through(encoded(images, form), "rawvideo")
    assert figures.came == figures.shown == 12
    given = np.frombuffer(data, np.uint8).reshape(12, 48, 64, 3)
    assert np.abs(given.astype(int) - images).mean() < 8


def test_a_stream_of_jpeg(images):
    data, figures = through(encoded(images, "mjpeg", "mjpeg"), "rawvideo", live_pixel_format="bgr24")
    given = np.frombuffer(data, np.uint8).reshape(-1, 48, 64, 3)[..., ::-1]
    assert figures.came == len(given) == 12
    assert np.abs(given.astype(int) - images).mean() < 8


@pytest.mark.parametrize("pixel_format", get_args(RawFormat))
def test_raw_frames_go_through_sample_by_sample(images, pixel_format):
    frames = [av.VideoFrame.from_ndarray(each).reformat(format=pixel_format, dst_colorspace=5) for each in images]
    raw = b"".join(np.ascontiguousarray(frame.to_ndarray()).tobytes() for frame in frames)
    values = {"live_input_format": "rawvideo", "live_size": "64x48", "live_pixel_format": pixel_format}
    assert through(raw, "rawvideo", **values)[0] == raw
    assert len(read_y4m(through(raw, **values)[0])[1]) == 12


@pytest.mark.parametrize("form", ["matroska", "mpegts"])
def test_encoded_into_a_pipe(images, form, tmp_path):
    data, _ = through(encoded(images, "matroska"), form)
    (tmp_path / "out").write_bytes(data)
    with av.open(str(tmp_path / "out")) as container:
        assert container.format.name.startswith(form)
        frames = list(container.decode(video=0))
    times = [frame.time - frames[0].time for frame in frames]
    assert np.allclose(times, np.arange(12) / 25, atol=0.002)


def test_an_encoder_for_a_pipe_holds_no_frame_back(images, tmp_path):
    frames, written = [], []

    class Watched:
        def write(self, data):
            written.append(bytes(data))
            return len(data)

    sink = EncodedSink(Watched(), "mpegts", WISH, Path("live.mkv"), is_live=True)
    with VideoReader(write_clip(tmp_path / "clip.mp4", images), LIMITS) as reader:
        sink.begin(reader.info)
        for frame in reader:
            before = len(written)
            sink.show(frame)
            frames.append(len(written) - before)
    sink.close()
    assert min(frames) > 0


def test_odd_sides_go_into_y4m_with_full_chroma(images):
    odd = [each[:47, :63] for each in images]
    values = {"live_input_format": "rawvideo", "live_size": "63x47"}
    head, given = read_y4m(through(b"".join(each.tobytes() for each in odd), "y4m", **values)[0])
    assert "C444" in head
    assert len(given) == 12


def test_a_file_is_written_with_the_frames_own_times(images, tmp_path, quiet_place):
    clip = write_clip(tmp_path / "clip.mp4", images)
    options = Options.parse(NOTHING)
    with closing(open_pipe(clip, options.live, LIMITS, -1)) as source:
        run_live(
            options,
            source,
            EncodedSink(Path("out.mp4"), "", WISH, Path("out.mp4"), is_live=False),
            cancel=threading.Event(),
        )
    given = read_clip(Path("out.mp4"))
    assert len(given) == 12
    assert np.abs(np.array(given).astype(int) - read_clip(clip)).mean() < 3
    with VideoReader(Path("out.mp4"), LIMITS) as reader:
        assert [round(float(frame.time) * 25, 2) for frame in reader] == list(range(12))
    assert sorted(path.name for path in quiet_place.iterdir() if path.name.startswith((".", "out"))) == ["out.mp4"]


def test_a_recording_comes_at_its_own_times(images, tmp_path):
    """A third of a second of frames takes so long, though they could be read at once."""
    clip, taken = write_clip(tmp_path / "clip.mp4", images), Collector()
    options = Options.parse({"processors": ()})
    start = time.monotonic()
    with closing(open_pipe(clip, options.live, LIMITS, -1)) as source:
        figures = run_live(options, source, taken, cancel=threading.Event())
    assert time.monotonic() - start >= 11 / 25
    assert figures.came == figures.shown + figures.dropped == 12


def test_a_named_pipe(images, tmp_path):
    fifo = tmp_path / "frames"
    os.mkfifo(fifo)
    sender = threading.Thread(target=lambda: fifo.write_bytes(encoded(images, "matroska")))
    sender.start()
    options, taken = Options.parse(NOTHING), Collector()
    with closing(open_pipe(fifo, options.live, LIMITS, -1)) as source:
        run_live(options, source, taken, cancel=threading.Event())
    sender.join()
    assert len(taken.frames) == 12


class Collector:
    """A sink that keeps what it is shown, and stops wanting more after `most`."""

    patience = 0.05

    def __init__(self, most: int = 10_000) -> None:
        self.frames, self.most, self.info, self.is_closed = [], most, None, False

    def begin(self, info):
        self.info = info

    def show(self, frame):
        self.frames.append(frame)
        return len(self.frames) < self.most

    def idle(self):
        return True

    def close(self):
        self.is_closed = True


class Burst:
    """A source of which the frames come only when somebody says so."""

    is_paced = True
    info = VideoInfo(Path("test"), "test", "rawvideo", 64, 48, Fraction(25), LIVE_TIME_BASE, pixel_format="gbrp")

    def __init__(self, images, *, go: threading.Event, gone: threading.Event) -> None:
        self._images, self._go, self._gone = images, go, gone

    def frames(self):
        for number, image in enumerate(self._images):
            yield Captured(av.VideoFrame.from_ndarray(image), number / 25, time.perf_counter())
            if number == 0:
                self._go.wait()
        self._gone.set()

    def stop(self):
        self._go.set()

    def close(self):
        pass


def test_the_newest_frame_wins_and_the_others_are_counted(images):
    """While the first frame is shown all others come; then there is room for the one at work and the newest."""
    go, gone = threading.Event(), threading.Event()

    class Slow(Collector):
        def show(self, frame):
            if not self.frames:
                go.set()
                gone.wait()
            return super().show(frame)

    sink = Slow()
    figures = run_live(
        Options.parse({"processors": ()}), Burst(images, go=go, gone=gone), sink, cancel=threading.Event()
    )
    shown = [frame.time * 25 for frame in sink.frames]
    assert shown[0] == 0
    assert shown[-1] == 11
    assert shown == sorted(set(shown))
    assert figures.came == 12 == figures.shown + figures.dropped
    assert sink.is_closed


def test_it_ends_when_nobody_wants_more(images):
    sink = Collector(most=3)
    options = Options.parse(NOTHING)
    with (
        sending(encoded(images, "matroska"), ends=False) as stdin,
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
    ):
        figures = run_live(options, source, sink, cancel=threading.Event())
    assert figures.shown == 2, "the last was taken, but nobody looked"
    assert sink.is_closed


def test_it_can_be_stopped_while_no_frame_comes(images):
    cancel, told = threading.Event(), []

    class Stopping(Collector):
        def idle(self):
            cancel.set()
            return True

    options = Options.parse({"processors": (), "live_report": 0.001})
    with (
        sending(encoded(images, "matroska"), ends=False) as stdin,
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
    ):
        threads = set(threading.enumerate())
        run_live(options, source, Stopping(), cancel=cancel, report=told.append, end=told.append)
        assert set(threading.enumerate()) <= threads
    assert told[-1].came > 0
    assert [each.came for each in told] == sorted(each.came for each in told)


def test_whoever_reads_may_go_away(images):
    options = Options.parse(NOTHING)
    reading, writing = os.pipe()
    os.close(reading)
    ended = []
    with (
        sending(encoded(images, "matroska")) as stdin,
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
    ):
        sink = pipe_sink(Pipe(writing), "matroska", "rgb24", WISH)
        with pytest.raises(BrokenPipeError):
            run_live(options, source, sink, cancel=threading.Event(), end=ended.append)
    os.close(writing)
    assert len(ended) == 1


@pytest.mark.parametrize("form", ["matroska", "mpegts"])
def test_whoever_reads_may_go_away_in_the_middle_of_an_encoded_stream(images, form):
    reading, writing = os.pipe()
    sink = pipe_sink(Pipe(writing), form, "rgb24", WISH)
    with (
        sending(encoded(images, "matroska")) as stdin,
        closing(open_pipe(Path("-"), LiveOptions(), LIMITS, stdin)) as source,
    ):
        sink.begin(source.info)
        frames = [Frame(at, 3600 * at, 3600, LIVE_TIME_BASE, image) for at, image in enumerate(images)]
        assert sink.show(frames[0])
        os.close(reading)
        with pytest.raises(BrokenPipeError):
            for frame in frames[1:]:
                sink.show(frame)
        sink.close()
    os.close(writing)


@pytest.mark.parametrize(("form", "held"), [("matroska", 1), ("mpegts", 0)])
def test_an_encoded_frame_leaves_at_once_or_with_the_next(images, form, held):
    parts = []

    class Heard(Pipe):
        def write(self, data):
            parts.append(bytes(data))
            return len(data)

    with (
        sending(encoded(images, "matroska")) as stdin,
        closing(open_pipe(Path("-"), LiveOptions(), LIMITS, stdin)) as source,
    ):
        sink = pipe_sink(Heard(stdin), form, "rgb24", WISH)
        sink.begin(source.info)
        left = []
        for at, image in enumerate(images):
            before = len(parts)
            sink.show(Frame(at, 3600 * at, 3600, LIVE_TIME_BASE, image))
            left.append(len(parts) > before)
        sink.close()
    assert all(left[held:])
    assert len(parts) >= len(images)


def test_a_pipe_that_does_not_block_is_waited_for():
    with receiving() as (stdout, received):
        os.set_blocking(stdout, False)
        assert Pipe(stdout).write(bytes(1 << 20)) == 1 << 20
    assert received.data == bytes(1 << 20)


def test_stopped_before_the_first_frame_a_file_stays_as_it_was(images, tmp_path):
    path, options, cancel = tmp_path / "out.mkv", Options.parse(NOTHING), threading.Event()
    path.write_bytes(b"an earlier recording")
    cancel.set()
    with (
        sending(encoded(images, "matroska")) as stdin,
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
    ):
        run_live(options, source, EncodedSink(path, "", WISH, path, is_live=False), cancel=cancel)
    assert path.read_bytes() == b"an earlier recording"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_waits_for_a_reader_who_takes_nothing_once_the_work_is_to_stop():
    reading, writing = os.pipe()
    cancel = threading.Event()
    pipe = Pipe(writing, cancel)
    threading.Timer(0.2, cancel.set).start()
    assert pipe.write(bytes(1 << 20)) == 1 << 20
    assert pipe.is_over
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("head", [b"", b"\x1a\x45\xdf\xa3" + bytes(400)])
def test_nobody_waits_for_a_sender_who_sends_nothing_once_the_work_is_to_stop(head):
    stdin, sender = os.pipe()
    os.write(sender, head)
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(InputDamagedError):
        open_pipe(Path("-"), LiveOptions(), LIMITS, stdin, cancel)
    os.close(stdin)
    os.close(sender)


def test_an_error_of_the_input_is_told_after_the_frames_before_it(images):
    data = encoded(images, "matroska")
    options, sink = Options.parse(NOTHING), Collector()

    class Breaking(Burst):
        def frames(self):
            yield from super().frames()
            raise InputDamagedError("The camera was unplugged")

    go = threading.Event()
    go.set()
    with pytest.raises(InputDamagedError, match="unplugged"):
        run_live(options, Breaking(images, go=go, gone=threading.Event()), sink, cancel=threading.Event())
    assert len(sink.frames) == 12
    assert sink.is_closed
    assert data


def test_a_source_without_a_face_is_told_before_any_frame(images, quiet_place):
    save(Path("grey.png"), np.full((300, 300, 3), 90, np.uint8))
    options, sink = Options.parse({"source_paths": "grey.png"}), Collector()
    with (
        sending(encoded(images, "matroska"), ends=False) as stdin,
        closing(open_pipe(Path("-"), options.live, LIMITS, stdin)) as source,
        pytest.raises(NoFaceError) as caught,
    ):
        run_live(options, source, sink, cancel=threading.Event())
    assert caught.value.picture is None
    assert (sink.frames, sink.is_closed) == ([], True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"processors": "lip_syncer"}, "follows sound"),
        ({"processors": (), "isolate": True}, "process of their own"),
        ({"processors": (), "trim_start": "3"}, "trim-start is not for live frames"),
        ({"processors": (), "fill_region": "1,1,4,4"}, "fill-region"),
        ({"processors": (), "frame_sampling": 2}, "frame-sampling is not for live frames"),
        ({"source_paths": ()}, "No source picture"),
        ({"face_map": f"{CAPTAIN}=0"}, "frames are live"),
    ],
)
def test_what_it_does_not_have_is_refused(values, words):
    go = threading.Event()
    with pytest.raises(OptionsError, match=words):
        run_live(Options.parse(values), Burst([], go=go, gone=go), Collector(), cancel=threading.Event())


@pytest.mark.parametrize(
    ("data", "values", "error", "words"),
    [
        (b"", {}, InputDamagedError, "ended before a frame"),
        (b"YUV4MPEG2 W64 H48 F25:1\n", {}, InputDamagedError, "ended before a frame"),
        (b"hello, I am a text " * 30, {}, InputTypeError, "not known by its first bytes"),
        (b"hello, I am a text " * 30, {"live_input_format": "matroska"}, InputDamagedError, "is not read as matroska"),
        (b"x", {"live_input_format": "rawvideo"}, OptionsError, "do not tell their size"),
    ],
)
def test_what_comes_and_is_no_stream(data, values, error, words):
    live = LiveOptions(**values)
    with sending(data) as stdin, pytest.raises(error, match=words):
        open_pipe(Path("-"), live, LIMITS, stdin)


def test_frames_beyond_the_limit_are_refused(images):
    limits = LIMITS.model_copy(update={"max_pixels": 64 * 40})
    with sending(encoded(images, "matroska")) as stdin, pytest.raises(InputLimitError, match="64x48"):
        open_pipe(Path("-"), LiveOptions(), limits, stdin)


def test_a_terminal_neither_sends_nor_shows_frames():
    inner, outer = os.openpty()
    with pytest.raises(OptionsError, match="stdin, which is a terminal"):
        open_pipe(Path("-"), LiveOptions(), LIMITS, outer)
    with pytest.raises(OptionsError, match="would go to the terminal"):
        Pipe(outer)
    os.close(inner)
    os.close(outer)


def test_a_camera_that_is_not_there():
    with pytest.raises(InputMissingError, match=r"The camera /dev/video\d+ cannot be opened"):
        open_camera("/dev/video4321", LiveOptions(), LIMITS)
    with pytest.raises(InputMissingError, match="cannot be opened"):
        OpenCvCamera("no such camera.mp4", LiveOptions(), LIMITS)


def test_what_a_camera_is_asked_for(monkeypatch):
    """Linux, macOS and Windows each in libav's words; none of them has a camera here."""
    asked = []

    def refuse(name, mode, **wanted):
        asked.append((name, wanted["format"], wanted["options"]))
        raise av.error.FileNotFoundError(2, "no such file")

    monkeypatch.setattr("facefusion.media.live.camera.av.open", refuse)
    monkeypatch.setattr("facefusion.media.live.camera._inputs", lambda: {"v4l2", "avfoundation", "dshow"})
    monkeypatch.setattr("facefusion.media.live.camera.cameras", list)
    live = LiveOptions(live_size="1280x720", live_rate="30", live_input_format="mjpeg")
    for system, name in (("linux", ""), ("darwin", "1"), ("win32", "Webcam")):
        monkeypatch.setattr("sys.platform", system)
        with pytest.raises(InputMissingError, match="No camera is seen here"):
            open_camera(name, live, LIMITS)
    size = {"video_size": "1280x720", "framerate": "30"}
    assert asked == [
        ("/dev/video0", "v4l2", size | {"input_format": "mjpeg"}),
        ("1", "avfoundation", size),
        ("video=Webcam", "dshow", size | {"vcodec": "mjpeg"}),
    ]


def test_cameras_by_opencv(images, tmp_path):
    """OpenCV takes a clip for a camera, too."""
    clip, taken = write_clip(tmp_path / "clip.mp4", images), Collector()
    with closing(OpenCvCamera(str(clip), LiveOptions(), LIMITS)) as camera:
        assert (camera.info.width, camera.info.height, camera.info.frame_rate) == (64, 48, 25)
        run_live(Options.parse(NOTHING), camera, taken, cancel=threading.Event())
    assert len(taken.frames) == 11, "the first tells the size"
    assert np.abs(taken.frames[0].image.astype(int) - images[1]).mean() < 8


def test_a_virtual_camera_that_is_not_there():
    with pytest.raises(OutputUnwritableError, match="v4l2loopback"):
        DeviceSink(Path("/dev/video4321")).begin(Burst.info)


def test_animations_are_not_written_live(tmp_path):
    path = tmp_path / "out.gif"
    sink = EncodedSink(path, "", WISH, path, is_live=False)
    with pytest.raises(OutputTypeError, match="Live frames are not written"):
        sink.begin(Burst.info)
    sink.close()
    assert not path.exists()


def test_what_a_camera_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert is_camera(None)
    assert is_camera(Path("camera"))
    assert is_camera(Path("/dev/video0"))
    assert not is_camera(Path("-"))
    assert not is_camera(tmp_path / "pipe")


def test_a_slot_holds_the_newest_until_it_is_taken():
    slot: Slot[int] = Slot()
    assert slot.take(0) is None
    assert [slot.put(1), slot.put(2), slot.put(3)] == [False, True, True]
    assert slot.take() == 3
    slot.put(4)
    slot.finish(ValueError("over"))
    assert not slot.is_over
    assert slot.take() == 4
    assert slot.is_over
    with pytest.raises(ValueError, match="over"):
        slot.take()


def test_figures():
    tally = Tally()
    assert tally.figures().rate == tally.figures().latency == 0
    for latency in [*([0.02] * 90), *([0.3] * 9), 60]:
        tally.came()
        tally.shown(time.perf_counter() - latency, faces=2)
    tally.dropped()
    figures = tally.figures()
    assert (figures.came, figures.shown, figures.dropped, figures.faces) == (100, 100, 1, 200)
    assert 20 <= figures.latency < 40
    assert 300 <= figures.latency95 < 330
