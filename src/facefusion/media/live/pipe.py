"""Streams that come through a pipe, or out of a recording."""

from __future__ import annotations

import os
import select
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import av

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError, OptionsError
from facefusion.media.live.source import LibavSource
from facefusion.media.sniff import open_input, sniff
from facefusion.media.source import explain, open_demuxer
from facefusion.options import LimitOptions, LiveOptions

DEMUXERS: Final = {
    "y4m": "yuv4mpegpipe",
    "matroska": "matroska",
    "mpegts": "mpegts",
    "flv": "flv",
    "mp4": "mov",
    "avi": "avi",
    "mjpeg": "mjpeg",
    "rawvideo": "rawvideo",
}
"""libav's demuxers by the names that the options give."""
_PEEKED = 376  # two packets of a transport stream
_USUAL_RATE = "25"
_PATIENCE = 0.25
"""Seconds after which somebody who wants to stop is heard while the first bytes are waited for."""
_LITTLE = {"probesize": str(1 << 18), "analyzeduration": "500000"}
"""What keeps libav from waiting for more than it needs to know the pictures."""


class PipeReader:
    """Bytes of a pipe, for libav to read; a wait for them can be ended from another thread.

    Args:
        descriptor: of the open pipe.
        owned: whether it is closed with this.
        cancel: reading ends soon after it is set, until `opened`.
    """

    def __init__(self, descriptor: int, *, owned: bool, cancel: threading.Event | None = None) -> None:
        self._descriptor, self._owned = descriptor, owned
        self._cancel = cancel
        self._ahead = b""
        self._woken, self._wake = os.pipe()
        self._stopped = False

    def read(self, size: int) -> bytes:
        """Return some bytes, at most `size`; none at the end, and after `stop`."""
        if self._ahead:
            given, self._ahead = self._ahead[:size], self._ahead[size:]
            return given
        return self._next(size)

    def peek(self, size: int) -> bytes:
        """Return the first bytes, which are read again later; fewer only where no more come."""
        while len(self._ahead) < size and (more := self._next(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def opened(self) -> None:
        """Go on reading until `stop`: whoever opened this can be told to now."""
        self._cancel = None

    def stop(self) -> None:
        """End reading."""
        self._stopped = True
        with suppress(OSError):
            os.write(self._wake, b".")

    def close(self) -> None:
        """Let go of the pipe."""
        for descriptor in (self._woken, self._wake, *([self._descriptor] if self._owned else [])):
            with suppress(OSError):
                os.close(descriptor)
        self._owned = False

    def _next(self, size: int) -> bytes:
        while not self._stopped:
            if os.name != "nt":  # Windows waits for sockets alone
                patience = _PATIENCE if self._cancel else None
                ready, _, _ = select.select([self._descriptor, self._woken], [], [], patience)
                if self._stopped or (self._cancel and self._cancel.is_set()):
                    break
                if not ready:
                    continue
            with suppress(BlockingIOError):
                return os.read(self._descriptor, size)
        return b""


def open_pipe(
    path: Path, live: LiveOptions, limits: LimitOptions, stdin: int, cancel: threading.Event | None = None
) -> LibavSource:
    """Open a stream that comes through stdin or a named pipe, or a recording.

    Args:
        path: `-` for stdin; a named pipe; a file, whose frames come at their own times.
        live: what comes.
        limits: what is refused.
        stdin: descriptor of stdin.
        cancel: ends the wait for the first frame, as if the stream ended.

    Raises:
        InputMissingError: there is nothing at `path`.
        InputTypeError: it is nothing that is read.
        InputDamagedError: it ends before a frame is there.
        OptionsError: frames would come from a terminal, or raw ones of which the size is not given.
    """
    if str(path) == "-":
        if os.isatty(stdin):
            raise OptionsError(
                "Frames are to come through stdin, which is a terminal", "Send a video into it by a pipe"
            )
        return _open_stream("stdin", PipeReader(stdin, owned=False, cancel=cancel), live, limits)
    if _is_pipe(path):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        return _open_stream(str(path), PipeReader(descriptor, owned=True, cancel=cancel), live, limits)
    if live.live_input_format not in ("auto", "rawvideo"):
        raise OptionsError("Option live-input-format is for pipes; files tell theirs by themselves", "Leave it out")
    return _open_raw_file(path, live, limits) if live.live_input_format == "rawvideo" else _open_file(path, limits)


def _is_pipe(path: Path) -> bool:
    """Whether something at a path can only be read from its beginning on.

    Raises:
        InputMissingError: there is nothing.
    """
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError as error:
        raise InputMissingError(
            f"There is no {path} ({error.strerror})", "Name a camera, a pipe, a file, or - for stdin"
        ) from error


def _open_stream(name: str, reader: PipeReader, live: LiveOptions, limits: LimitOptions) -> LibavSource:
    try:
        is_told = live.live_input_format != "auto"
        form = live.live_input_format if is_told else _form_of(reader.peek(_PEEKED), name)
        options = _LITTLE | (_raw_options(live) if form == "rawvideo" else {})
        container = _demuxer(name, reader, DEMUXERS[form], options)
    except BaseException:
        reader.close()
        raise
    pace = not live.live_pace
    source = LibavSource(name, container, limits, is_paced=pace, stop=reader.stop, close=reader.close)
    reader.opened()
    return source


def _open_raw_file(path: Path, live: LiveOptions, limits: LimitOptions) -> LibavSource:
    file = open_input(path)
    try:
        container = _demuxer(str(path), file, "rawvideo", _raw_options(live))
    except BaseException:
        file.close()
        raise
    return LibavSource(str(path), container, limits, is_paced=False, close=file.close)


def _open_file(path: Path, limits: LimitOptions) -> LibavSource:
    file = open_input(path)
    try:
        form = sniff(file, path, "video")
        container = open_demuxer(file, form.reader)
    except av.FFmpegError as error:
        file.close()
        raise InputDamagedError(f"{path} cannot be read: {explain(error)}", "Copy it again") from error
    except BaseException:
        file.close()
        raise
    return LibavSource(str(path), container, limits, is_paced=False, close=file.close)


def _demuxer(name: str, file: Any, demuxer: str, options: dict[str, str]) -> Any:
    """Open one of libav's demuxers on bytes; nothing else is ever opened for it."""
    refused = {"protocol_whitelist": "none", "format_whitelist": demuxer}
    try:
        return av.open(file, "r", format=demuxer, container_options=options | refused, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as error:
        reason = explain(error) if isinstance(error, av.FFmpegError) else str(error)
        raise InputDamagedError(
            f"{name} is not read as {demuxer}: {reason}", "Say what comes with --live-input-format"
        ) from error


def _raw_options(live: LiveOptions) -> dict[str, str]:
    if live.live_size is None:
        raise OptionsError("Raw frames do not tell their size", "Give it with --live-size, such as 1280x720")
    rate = live.live_rate or _USUAL_RATE
    return {"video_size": live.live_size, "pixel_format": live.live_pixel_format, "framerate": rate}


def _form_of(head: bytes, name: str) -> str:
    """Tell what a stream is by its first bytes.

    Raises:
        InputDamagedError: there are none.
        InputTypeError: it is nothing that is known.
    """
    if not head:
        raise InputDamagedError(f"{name} ended before a frame was there", "See whether whoever sends is at work")
    for start, form in (
        (b"YUV4MPEG2 ", "y4m"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"FLV", "flv"),
        (b"\xff\xd8\xff", "mjpeg"),
    ):
        if head.startswith(start):
            return form
    if head[4:8] in (b"ftyp", b"styp", b"moov"):
        return "mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:1] == head[188:189] == b"G":
        return "mpegts"
    raise InputTypeError(
        f"What comes through {name} is not known by its first bytes",
        f"Say what it is with --live-input-format: {', '.join(DEMUXERS)}",
    )
