"""A camera for Chromium that shows a portrait, for tests."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from material import ASTRONAUT, read

SIZE = (640, 480)


def camera_clip(path: Path, frames: int = 8) -> Path:
    """Write what the camera shows: a portrait that drifts to and fro."""
    portrait = read(ASTRONAUT)
    with av.open(str(path), "w", format="yuv4mpegpipe") as container:
        stream = container.add_stream("rawvideo", rate=15)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            step = 2 * min(number, frames - number)
            view = cv2.resize(portrait[0:288, 64 + step : 448 + step], SIZE)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(view), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def camera_flags(clip: Path) -> list[str]:
    """Return what makes Chromium take a clip for its camera, and ask nobody whether it may."""
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    ]
