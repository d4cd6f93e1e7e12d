"""Live frames as they are: raw video, Y4M, and virtual cameras."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from facefusion.errors import OutputUnwritableError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.live.sink import Pipe, Quiet
from facefusion.media.planes.fit import FrameFitter, Pixels
from facefusion.media.source import explain

_FINEST_RATE = 1_000_000


class PlainSink(Quiet):
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


class DeviceSink(Quiet):
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


def _y4m_head(info: VideoInfo, pixel_format: str) -> str:
    """Return the first line of a Y4M stream."""
    rate, aspect = info.frame_rate.limit_denominator(_FINEST_RATE), info.pixel_aspect.limit_denominator(1000)
    chroma = "C420mpeg2 XYSCSS=420MPEG2" if pixel_format == "yuv420p" else "C444 XYSCSS=444"
    facts = (f"W{info.width}", f"H{info.height}", f"F{_ratio(rate)}", "Ip", f"A{_ratio(aspect)}", chroma)
    return f"YUV4MPEG2 {' '.join(facts)} XCOLORRANGE=LIMITED\n"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}:{value.denominator}"
