"""Options of live mode."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from facefusion.options.base import OptionGroup
from facefusion.options.media import Rate, matching

LiveInputFormat = Literal["auto", "y4m", "matroska", "mpegts", "flv", "mp4", "avi", "mjpeg", "rawvideo"]
LiveOutputFormat = Literal["auto", "y4m", "matroska", "mpegts", "rawvideo"]
RawFormat = Literal["rgb24", "bgr24", "rgba", "bgra", "gray", "yuv420p", "yuv422p", "yuv444p", "yuyv422", "nv12"]


class LiveOptions(OptionGroup):
    """Where live frames come from and where they go, beside --target and --output."""

    live_input_format: LiveInputFormat = Field(
        default="auto",
        description="what comes through a pipe; 'auto' knows all but raw frames by their first bytes; 'mjpeg' also asks"
        " a camera for JPEG, which many need for high rates",
    )
    live_output_format: LiveOutputFormat = Field(
        default="auto", description="what goes into a pipe; 'auto' is y4m, and for files their ending counts"
    )
    live_size: Annotated[str | None, matching(r"[1-9]\d*x[1-9]\d*", "1280x720")] = Field(
        default=None, description="size of raw frames that come in, or that a camera is asked for, such as 1280x720"
    )
    live_rate: Rate = Field(
        default=None,
        description="frames a second of raw frames that come in, or that a camera is asked for; in raw frames 25 when"
        " not given",
    )
    live_pixel_format: RawFormat = Field(default="rgb24", description="how pixels lie in raw frames, in and out")
    live_drop: bool = Field(
        default=True, description="leave out frames that come while others are worked on, so that the newest is shown"
    )
    live_pace: bool = Field(
        default=False,
        description="take the frames of a pipe at their own times, as those of a recording; files always are",
    )
    live_mirror: bool = Field(default=False, description="show a window's picture as in a mirror")
    live_report: float = Field(
        default=5.0, gt=0, le=3600, description="seconds between lines on stderr that tell rate and latency"
    )
