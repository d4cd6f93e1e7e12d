"""Where live frames go: pipes, files and devices."""

from __future__ import annotations

import os
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from facefusion.errors import OptionsError, OutputTypeError, OutputUnwritableError
from facefusion.media import forms
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.encoders import X264
from facefusion.media.encoding.stream import add_stream
from facefusion.media.faults import writing
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.output import atomic_output
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.source import explain

_MATROSKA = Path("live.mkv")
_FINEST_RATE = 1_000_000


class LiveSink(Protocol):
    """Takes frames as they are made; all calls come from the thread that made it."""

    @property
    def patience(self) -> float:
        """Seconds after which it wants to be called, frame or not."""
        ...

    def begin(self, info: VideoInfo) -> None:
        """Get ready for frames.

        Raises:
            OutputError: they cannot be taken.
        """
        ...

    def show(self, frame: Frame) -> bool:
        """Take a frame; False when nobody wants any more.

        Raises:
            BrokenPipeError: whoever read the frames went away.
            OutputError: it cannot be taken.
        """
        ...

    def idle(self) -> bool:
        """Do what has to be done while there is no frame; False when nobody wants any more."""
        ...

    def close(self) -> None:
        """Finish, and let go."""
        ...


class Pipe:
    """A pipe that bytes are written into, without a buffer.

    Args:
        descriptor: of the open pipe, or of a file.

    Raises:
        OptionsError: it is a terminal.
    """

    def __init__(self, descriptor: int) -> None:
        if os.isatty(descriptor):
            raise OptionsError(
                "Frames would go to the terminal", "Send stdout into a pipe or a file, or name an --output"
            )
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it.

        Raises:
            BrokenPipeError: whoever read it went away.
            OutputUnwritableError: it cannot be written, as where a disk is full.
        """
        rest = memoryview(data).cast("B")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritableError(f"Frames cannot be written to stdout ({error.strerror})") from error
        return len(data)


class _Quiet:
    """What most sinks have in common: nothing to do while there is no frame."""

    patience = 0.25

    def idle(self) -> bool:
        """Do nothing."""
        return True


class EncodedSink(_Quiet):
    """Encodes frames into a stream.

    Args:
        file: where bytes go.
        muxer: libav's name of the container; the encoding's own when empty.
        wish: how frames are encoded.
        path: its ending says what the container can hold.
        is_live: whether each frame is to come out at once, at the price of a few more bytes.
    """

    def __init__(self, file: Pipe | Path, muxer: str, wish: VideoWish, path: Path, *, is_live: bool) -> None:
        self._file, self._muxer, self._wish, self._path, self._is_live = file, muxer, wish, path, is_live
        self._output: OutputContainer
        self._stream: VideoStream
        self._resources = ExitStack()
        self._last = -1

    def begin(self, info: VideoInfo) -> None:
        """Open the encoder; see `LiveSink.begin`."""
        encoding = choose_encoding(self._path, info, self._wish)
        if encoding.form.kind != "video" or encoding.form in forms.ANIMATIONS or not encoding.is_final:
            raise OutputTypeError(f"Live frames are not written as {encoding.form.name}", "Choose .mkv or .mp4")
        if self._is_live and encoding.encoder is X264:
            encoding = replace(encoding, codec_options={**encoding.codec_options, "tune": "zerolatency"})
        self._fitter = FrameFitter(encoding.pixels)
        with writing(self._path) if isinstance(self._file, Path) else nullcontext():
            self._open(encoding)

    def show(self, frame: Frame) -> bool:
        """Encode a frame; see `LiveSink.show`."""
        picture = self._fitter.fit(frame)
        picture.pts = self._last = max(frame.pts, self._last + 1)
        for packet in self._stream.encode(picture):
            self._output.mux(packet)
        return True

    def close(self) -> None:
        """Write what the encoder still holds, and put a file in its place; of a pipe that broke nothing is left."""
        if not hasattr(self, "_stream"):
            self._resources.close()
            return
        with self._resources:
            self._output.mux(self._stream.encode(None))
            self._output.close()

    def _open(self, encoding: Encoding) -> None:
        with ExitStack() as resources:
            place: Any = self._file
            if isinstance(self._file, Path):
                place = str(resources.enter_context(atomic_output(self._file)))
            settings = {"flush_packets": "1"} if self._is_live else {}
            self._output = av.open(place, "w", format=self._muxer or encoding.form.writer, container_options=settings)
            flags = Flags.low_delay if self._is_live else None
            self._stream = add_stream(self._output, encoding, flags=flags, is_live=self._is_live)
            self._resources = resources.pop_all()


class PlainSink(_Quiet):
    """Writes frames as they are, in raw video or Y4M.

    Y4M (https://wiki.multimedia.cx/index.php/YUV4MPEG2) has one rate and no times: whoever reads it takes frames as
    they come.

    Args:
        file: where bytes go.
        pixel_format: how pixels lie; with `is_y4m` one of 4:2:0 or, for odd sides, 4:4:4 is taken.
        is_y4m: whether each frame, and the whole, has a head.
    """

    def __init__(self, file: Pipe, pixel_format: str, *, is_y4m: bool) -> None:
        self._file, self._format, self._is_y4m = file, pixel_format, is_y4m

    def begin(self, info: VideoInfo) -> None:
        """Write the head; see `LiveSink.begin`."""
        if self._is_y4m:
            self._format = "yuv420p" if info.width % 2 == info.height % 2 == 0 else "yuv444p"
            self._file.write(_y4m_head(info, self._format).encode())
        colour = replace(info.colour, full_range=False) if self._format.startswith("yuv") else info.colour
        self._fitter = FrameFitter(Pixels(info.width, info.height, self._format, colour))

    def show(self, frame: Frame) -> bool:
        """Write a frame; see `LiveSink.show`."""
        if self._is_y4m:
            self._file.write(b"FRAME\n")
        self._file.write(np.ascontiguousarray(self._fitter.fit(frame).to_ndarray()).data)
        return True

    def close(self) -> None:
        """Do nothing: all is written."""


class DeviceSink(_Quiet):
    """A virtual camera: a v4l2loopback device, which other programs take for a camera (Linux).

    Args:
        path: of the device.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, info: VideoInfo) -> None:
        """Open the device; see `LiveSink.begin`."""
        try:
            self._output = av.open(str(self._path), "w", format="v4l2")
            rate = info.frame_rate.limit_denominator(_FINEST_RATE)
            self._stream = self._output.add_stream("rawvideo", rate=rate)
            context = self._stream.codec_context
            context.width, context.height, context.pix_fmt = info.width, info.height, "yuv420p"
            context.time_base = info.time_base
            self._output.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._refused(explain(error) if isinstance(error, av.FFmpegError) else str(error)) from error
        self._fitter = FrameFitter(Pixels(info.width, info.height, "yuv420p", replace(info.colour, full_range=False)))

    def show(self, frame: Frame) -> bool:
        """Give a frame to the device; see `LiveSink.show`."""
        try:
            for packet in self._stream.encode(self._fitter.fit(frame)):
                self._output.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise self._refused(explain(error) if isinstance(error, av.FFmpegError) else str(error)) from error
        return True

    def close(self) -> None:
        """Let go of the device."""
        if hasattr(self, "_output"):
            with suppress(av.FFmpegError, OSError):
                self._output.close()

    def _refused(self, reason: str) -> OutputUnwritableError:
        return OutputUnwritableError(
            f"The video device {self._path} takes no frames: {reason}",
            "Make one with v4l2loopback (`sudo modprobe v4l2loopback exclusive_caps=1`) that you may write to",
        )


def pipe_sink(file: Pipe, form: str, pixel_format: str, wish: VideoWish) -> LiveSink:
    """Return what writes frames into a pipe.

    Args:
        file: the pipe.
        form: `auto` or `y4m`, `rawvideo`, `matroska`, `mpegts`.
        pixel_format: of raw frames.
        wish: how the last two are encoded.
    """
    if form in ("auto", "y4m", "rawvideo"):
        return PlainSink(file, pixel_format, is_y4m=form != "rawvideo")
    return EncodedSink(file, form, wish, _MATROSKA, is_live=True)


def _y4m_head(info: VideoInfo, pixel_format: str) -> str:
    """Return the first line of a Y4M stream."""
    rate, aspect = info.frame_rate.limit_denominator(_FINEST_RATE), info.pixel_aspect.limit_denominator(1000)
    chroma = "C420mpeg2 XYSCSS=420MPEG2" if pixel_format == "yuv420p" else "C444 XYSCSS=444"
    facts = (f"W{info.width}", f"H{info.height}", f"F{_ratio(rate)}", "Ip", f"A{_ratio(aspect)}", chroma)
    return f"YUV4MPEG2 {' '.join(facts)} XCOLORRANGE=LIMITED\n"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}:{value.denominator}"
