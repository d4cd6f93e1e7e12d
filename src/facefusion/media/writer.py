"""Writing frames as H.264 video, with the sound of the video that they came from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.errors import InputDamagedError, OutputTypeError, OutputUnwritableError
from facefusion.media.audio import AudioCopier
from facefusion.media.colour import YuvConverter
from facefusion.media.encoder import add_encoder, container_options, pixel_format
from facefusion.media.faults import writing
from facefusion.media.forms import Form, output_form
from facefusion.media.frame import Frame
from facefusion.media.guard import GuardedFile
from facefusion.media.info import VideoInfo
from facefusion.media.source import explain
from facefusion.options import OutputOptions

_BUFFER = 256 * 1024


class VideoWriter:
    """Encodes upright frames with x264 and copies the sound beside them.

    Frames keep their timestamps and durations. 4:2:0 colour needs even sides; videos with an odd side are written as
    4:4:4 instead, which holds every pixel (cropping or padding would not), though fewer players show it.

    Matrix, range, primaries and transfer are tagged as in `like`, and the conversion uses them; what `like` leaves
    untagged stays so, and players go on guessing as they did.

    Args:
        path: file to write; an unfinished one is left there on failure (see `atomic_output`).
        like: the video whose timing, size, colours and sound the output has.
        options: preset, rate factor, and whether there is sound.

    Raises:
        OutputTypeError: the suffix is not one that is written, or its form does not hold this video's sound.
        OutputUnwritableError: the file cannot be made.
        DiskFullError: no space is left (here, in `write` or in `close`).
        InputError: the sound cannot be read.
    """

    def __init__(self, path: Path, *, like: VideoInfo, options: OutputOptions) -> None:
        form = _video_form(path)
        self._path = path
        with writing(path):
            self._file = GuardedFile(path.open("wb", buffering=_BUFFER))
        try:
            self._mux = _Muxer(self._file, form, like, options, path)
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    def write(self, frame: Frame) -> None:
        """Add the next frame in presentation order.

        Raises:
            ValueError: the frame has another size than the video.
            OutputError: the file cannot be written.
        """
        with _muxing(self._path, self._file):
            self._mux.write(frame)

    def close(self) -> None:
        """Write all that is still held back, the rest of the sound and the index; the file is then complete.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._file.closed:
            return
        try:
            with _muxing(self._path, self._file):
                self._mux.finish()
                self._file.close()
        finally:
            self.abort()

    def abort(self) -> None:
        """Let go of the file as it is, unfinished."""
        self._discard()
        self._mux.close()

    def _discard(self) -> None:
        """Close the file first: libav then cannot write an index into it."""
        with suppress(OSError):
            self._file.close()


def check_video_output(path: Path, *, like: VideoInfo, options: OutputOptions) -> None:
    """Find out before any work whether a video like this, with its sound, can be put into a file named `path`.

    Opens encoder and container in memory, exactly as `VideoWriter` does on disk.

    Raises:
        OutputTypeError: the suffix is not one that is written, or its form does not hold this video's sound.
        InputError: the sound cannot be read.
    """
    memory = io.BytesIO()
    with _muxing(path, GuardedFile(memory)) as file:
        mux = _Muxer(file, _video_form(path), like, options, path)
    memory.close()
    mux.close()


class _Muxer:
    """Encoder, sound and container on an open file."""

    def __init__(self, file: GuardedFile, form: Form, like: VideoInfo, options: OutputOptions, path: Path) -> None:
        self._like = like
        with ExitStack() as undo:
            self._audio = AudioCopier(like.path) if options.keep_audio and like.has_audio else None
            if self._audio:
                undo.callback(self._audio.close)
            rates = self._audio.clock_rates if self._audio else ()
            self._output = av.open(
                file,
                "w",
                format=form.writer,
                container_options=container_options(form, like.time_base, rates),
                buffer_size=_BUFFER,
                # The only thing libav opens again is the output itself, to move its index to the front.
                io_open=lambda url, flags, options: path.open("rb"),
            )
            undo.callback(self._close_output)
            undo.callback(file.close)  # before the output: libav then cannot write an index into it
            self._stream: VideoStream = add_encoder(self._output, like, options)
            if self._audio:
                self._audio.add_to(self._output, form)
            self._start(form)
            undo.pop_all()
        self._convert = YuvConverter(
            like.colour, like.width, like.height, pixel_format(like.width, like.height)
        ).convert

    def write(self, frame: Frame) -> None:
        """Encode one frame, and copy the sound up to what the encoder gives out."""
        height, width = frame.image.shape[:2]
        if (width, height) != (self._like.width, self._like.height):
            raise ValueError(f"{frame!r} is not {self._like.width}x{self._like.height}")
        picture = self._convert(frame.image)
        picture.pts, picture.duration, picture.time_base = frame.pts, frame.duration, frame.time_base
        self._put(self._stream.encode_lazy(picture))

    def finish(self) -> None:
        """Write what the encoder holds, the rest of the sound, and the index."""
        self._put(self._stream.encode_lazy(None))
        self._copy_audio(None)
        self._output.close()

    def close(self) -> None:
        """Let go of everything."""
        if self._audio:
            self._audio.close()
        self._close_output()

    def _close_output(self) -> None:
        """Let go of the container; where it is not finished, this fails to finish it."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._output.close()

    def _start(self, form: Form) -> None:
        """Open the encoder and write the header, which is where libav refuses what it cannot do."""
        try:
            self._output.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise OutputTypeError(
                f"{form.name} files cannot hold the video {self._like.path} ({explain(error)})",
                "Choose another of .mp4, .mov and .mkv",
            ) from error

    def _put(self, packets: Iterator[Packet[Any]]) -> None:
        """Write packets of the encoder, each after the sound that is due before it."""
        for packet in packets:
            packet.stream = self._stream
            if packet.dts is not None:
                self._copy_audio(packet.dts * packet.time_base)
            self._output.mux_one(packet)

    def _copy_audio(self, until: Fraction | None) -> None:
        """Copy the sound due before a moment, or all of it."""
        for packet in self._audio.until(until) if self._audio else ():
            try:
                self._output.mux_one(packet)
            except OSError:
                raise
            except av.FFmpegError as error:
                raise InputDamagedError(
                    f"The sound of {self._like.path} is damaged: {explain(error)}",
                    "Copy the file again, or leave the sound out with --no-keep-audio",
                ) from error


def _video_form(path: Path) -> Form:
    """Return the form of a video output."""
    form = output_form(path)
    if form.kind != "video":
        raise OutputTypeError(f"The output {path} asks for a picture, not a video", "Choose .mp4, .mov or .mkv")
    return form


@contextmanager
def _muxing(path: Path, file: GuardedFile) -> Iterator[GuardedFile]:
    """Turn what libav and the system raise while writing into errors of the tree; the file's own error comes first."""
    with writing(path):
        try:
            yield file
            file.check()
        except OSError:
            file.check()
            raise
        except av.FFmpegError as error:
            file.check()
            raise OutputUnwritableError(
                f"The video cannot be written into {path.parent}: {explain(error)}", "Choose another form or folder"
            ) from error
