"""Choosing what live frames go to."""

from __future__ import annotations

from pathlib import Path

from facefusion.media.encoding.choose import VideoWish
from facefusion.media.live.encoded import EncodedSink
from facefusion.media.live.plain import DeviceSink, PlainSink
from facefusion.media.live.sink import LiveSink, Pipe

__all__ = ["DeviceSink", "EncodedSink", "LiveSink", "Pipe", "PlainSink", "pipe_sink"]

_MATROSKA = Path("live.mkv")


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
