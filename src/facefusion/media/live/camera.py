"""Cameras: by libav's device input where the build of PyAV has it, else by OpenCV's."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from facefusion.errors import InputDamagedError, InputLimitError, InputMissingError
from facefusion.media.info import VideoInfo, check_pixels
from facefusion.media.live.source import LIVE_TIME_BASE, Captured, LibavSource, LiveSource
from facefusion.media.rates import frame_rate
from facefusion.media.source import explain
from facefusion.options import LimitOptions, LiveOptions

_INPUTS: Final = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_FIRST: Final = {"linux": "/dev/video0", "darwin": "0", "win32": ""}
_JPEG: Final = {"v4l2": {"input_format": "mjpeg"}, "dshow": {"vcodec": "mjpeg"}}
"""How cameras are asked for JPEG; through USB 2 many give 30 frames of 720 lines a second in no other way."""
_OPENING, _READING = 10.0, 5.0
"""Seconds after which a camera that gives nothing is given up."""


def open_camera(name: str, live: LiveOptions, limits: LimitOptions) -> LiveSource:
    """Open a camera.

    Args:
        name: a device such as `/dev/video0` on Linux, a number on macOS, a name on Windows; the first when empty.
        live: size, rate and format to ask for; the camera's own where they are not given.
        limits: what is refused.

    Raises:
        InputMissingError: there is no such camera, or it may not be used.
        InputDamagedError: it gives no frame.
    """
    device = _INPUTS.get(sys.platform)
    if device is None or device not in _inputs():
        return OpenCvCamera(name or "0", live, limits)
    name = name or _FIRST[sys.platform] or next(iter(cameras()), "")
    options = {"video_size": live.live_size, "framerate": live.live_rate}
    if live.live_input_format == "mjpeg":
        options |= _JPEG.get(device, {})
    wanted = {key: value for key, value in options.items() if value is not None}
    place = f"video={name}" if device == "dshow" else name
    try:
        container = av.open(place, "r", format=device, options=wanted, timeout=(_OPENING, _READING))
    except (av.FFmpegError, OSError) as error:
        raise _missing(name, explain(error) if isinstance(error, av.FFmpegError) else str(error)) from error
    return LibavSource(f"camera {name}", container, limits, is_paced=True)


def cameras() -> list[str]:
    """Return the names of the cameras that libav knows of, as `open_camera` takes them."""
    device = _INPUTS.get(sys.platform)
    with suppress(av.FFmpegError, OSError, ValueError):
        if device is not None and device in _inputs():
            found = av.enumerate_input_devices(device)
            return [each.name for each in found if not each.media_types or "video" in each.media_types]
    return []


class OpenCvCamera:
    """A camera by OpenCV's capture, which knows no times: a frame is shown when it comes.

    Args:
        name: a number, or a device.
        live: size and rate to ask for.
        limits: what is refused.

    Raises:
        InputMissingError: there is no such camera.
        InputDamagedError: it gives no frame.
        InputLimitError: its frames are larger than allowed.
    """

    is_paced = True

    def __init__(self, name: str, live: LiveOptions, limits: LimitOptions) -> None:
        self._name, self._stopped = f"camera {name}", False
        self._camera = cv2.VideoCapture(int(name) if name.isdecimal() else name)
        try:
            self.info = self._begun(name, live, limits)
        except (InputMissingError, InputDamagedError, InputLimitError):
            self.close()
            raise

    def frames(self) -> Iterator[Captured]:
        """Yield the frames; see `LiveSource.frames`."""
        while not self._stopped:
            there, image = self._camera.read()
            if not there:
                return
            came = time.perf_counter()
            yield Captured(av.VideoFrame.from_ndarray(np.asarray(image, np.uint8), format="bgr24"), None, came)

    def stop(self) -> None:
        """End with the next frame."""
        self._stopped = True

    def close(self) -> None:
        """Let go of the camera."""
        self._camera.release()

    def _begun(self, name: str, live: LiveOptions, limits: LimitOptions) -> VideoInfo:
        if not self._camera.isOpened():
            raise _missing(name, "it does not open")
        if live.live_size is not None:
            for side, value in zip(
                (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT), live.live_size.split("x"), strict=True
            ):
                self._camera.set(side, int(value))
        if live.live_rate is not None:
            self._camera.set(cv2.CAP_PROP_FPS, float(frame_rate(live.live_rate)))
        there, image = self._camera.read()
        if not there:
            raise InputDamagedError(f"{self._name} gives no frame", "See whether another program uses it")
        height, width = image.shape[:2]
        check_pixels(Path(self._name), width, height, limits)
        rate = Fraction(self._camera.get(cv2.CAP_PROP_FPS) or 25).limit_denominator(1001)
        return VideoInfo(
            Path(self._name), "camera", "rawvideo", width, height, rate, LIVE_TIME_BASE, pixel_format="gbrp"
        )


def _inputs() -> set[str]:
    """Return the short names of libav's formats in this build."""
    return {name for each in av.formats_available for name in each.split(",")}


def _missing(name: str, reason: str) -> InputMissingError:
    there: Any = cameras()
    hint = f"There is: {', '.join(there)}" if there else "No camera is seen here; is it plugged in, and may it be used"
    return InputMissingError(f"The camera {name or '(the first)'} cannot be opened: {reason}", hint)
