"""Live frames as an encoded stream, in a pipe or a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from facefusion.errors import OutputTypeError
from facefusion.media import forms
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.encoders import X264
from facefusion.media.encoding.stream import add_stream
from facefusion.media.faults import writing
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.live.sink import Pipe, Quiet
from facefusion.media.planes.fit import FrameFitter

FilePlace = Callable[[Path], AbstractContextManager[Path]]
"""Gives, for the path of an output, one to write to, which takes its place when the block ends well."""


class EncodedSink(Quiet):
    """Encodes frames into a stream. A file is written only by a way that was given by `leave_by`.

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
        self._place: FilePlace | None = None
        self._last = -1

    def leave_by(self, place: FilePlace) -> None:
        """Say by which way a file leaves."""
        self._place = place

    def begin(self, info: VideoInfo) -> None:
        """Open the encoder; see `LiveSink.begin`."""
        encoding = choose_encoding(self._path, info, self._wish)
        if encoding.form.kind != "video" or encoding.form in forms.ANIMATIONS or not encoding.is_final:
            raise OutputTypeError(f"Live frames are not written as {encoding.form.name}", "Choose .mkv or .mp4")
        if self._is_live and encoding.encoder is X264:
            encoding = replace(encoding, codec_options={**encoding.codec_options, "tune": "zerolatency"})
        self._fitter = FrameFitter(encoding.pixels)
        self._encoding = encoding
        if not isinstance(self._file, Path):  # a file is begun with the first frame: without any it stays as it was
            self._open(encoding)

    def show(self, frame: Frame) -> bool:
        """Encode a frame; see `LiveSink.show`."""
        if not hasattr(self, "_stream"):
            with writing(self._path):
                self._open(self._encoding)
        picture = self._fitter.fit(frame)
        picture.pts = self._last = max(frame.pts, self._last + 1)
        for packet in self._stream.encode(picture):
            self._output.mux(packet)
        return True

    def close(self) -> None:
        """Write what the encoder still holds, and put a file in its place; of a pipe that broke nothing is left."""
        if not hasattr(self, "_stream"):
            return
        with self._resources:
            stream = self._stream
            del self._stream
            if isinstance(self._file, Pipe) and self._file.is_over:
                with suppress(av.FFmpegError):  # libav repeats the error, which is known
                    self._output.close()
                return
            self._output.mux(stream.encode(None))
            self._output.close()

    def discard(self, error: BaseException) -> None:
        """Leave nothing of a file behind; what a pipe was given is gone.

        Args:
            error: why.
        """
        if hasattr(self, "_stream") and isinstance(self._file, Path):
            del self._stream
            with suppress(av.FFmpegError):
                self._output.close()
            self._resources.__exit__(type(error), error, error.__traceback__)

    def _open(self, encoding: Encoding) -> None:
        with ExitStack() as resources:
            place: Any = self._file
            if isinstance(self._file, Path):
                if self._place is None:
                    raise RuntimeError("a file leaves by the way of its work alone")
                place = str(resources.enter_context(self._place(self._file)))
            settings = {"flush_packets": "1", "cluster_time_limit": "0"} if self._is_live else {}
            self._output = av.open(place, "w", format=self._muxer or encoding.form.writer, container_options=settings)
            flags = Flags.low_delay if self._is_live else None
            self._stream = add_stream(self._output, encoding, flags=flags, is_live=self._is_live)
            self._resources = resources.pop_all()
