"""Opening a video for reading so that nothing but that one open file can ever be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, NoReturn

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from facefusion.errors import FaceFusionError, InputDamagedError, InputLimitError, InputTypeError
from facefusion.media import forms
from facefusion.media.complete import check_complete, missing_bytes
from facefusion.media.forms import Form
from facefusion.media.shown import reason
from facefusion.media.sniff import open_input, sniff

_BUFFER = 256 * 1024


class VideoSource:
    """An open video file: its real form, its bytes and its demuxer.

    The demuxer is the one of the form that the bytes show. It is given the open file and no name, so that there is
    nothing for it to resolve; whatever else it asks to open, local or remote, is refused.

    Args:
        path: the file.
        max_pixels: largest frame that a decoder may set up; no limit where nothing is decoded.
        max_streams: most streams that the file may have.
        file: the file, open; opened by name where it is not given. It is closed with this.

    Attributes:
        form: its real form.
        is_complete: whether the file declares its size and has it; False where it may end anywhere.
        missing_bytes: how many it has less than it declares, where that is no reason to refuse it.
        container: libav's demuxer.

    Raises:
        InputError: there is no such file, it is no video, or it is damaged.
        InputLimitError: it has more streams than allowed.
    """

    def __init__(
        self, path: Path, *, max_pixels: int | None = None, max_streams: int | None = None, file: FileIO | None = None
    ) -> None:
        self.path = path
        self._max_pixels = max_pixels
        self._file = open_input(path) if file is None else file
        try:
            self.form = sniff(self._file, path, "video")
            if self.form in forms.ANIMATIONS:
                raise InputTypeError(f"The file {path} is an {self.form.name}, not a video", "Open it as an animation")
            self.is_complete = check_complete(self._file, path, self.form)
            self.missing_bytes = missing_bytes(self._file, self.form)
            self.container = self._open()
            self._check_streams(max_streams)
        except BaseException:
            self._file.close()
            raise

    def reopen(self) -> None:
        """Begin again at the start of the file, with a new demuxer and new decoders."""
        self.container.close()
        self._file.seek(0)
        self.container = self._open()

    def close(self) -> None:
        """Close the demuxer and the file, as often as one likes."""
        self.container.close()
        self._file.close()

    def picture_stream(self) -> VideoStream:
        """Return the first stream of moving pictures; cover art does not count.

        Raises:
            InputTypeError: there is none, or its codec is unknown.
        """
        streams = self.moving_streams()
        if not streams:
            raise InputTypeError(f"The file {self.path} holds no moving pictures", "Give a picture or a video")
        if streams[0].codec_context is None:
            raise InputTypeError(
                f"The pictures of {self.path} are in a codec that is not known", "Convert it to H.264 first"
            )
        return streams[0]

    def moving_streams(self) -> list[VideoStream]:
        """Return all streams of moving pictures."""
        stills = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
        return [stream for stream in self.container.streams.video if not stream.disposition & stills]

    def keep_only(self, *wanted: Stream) -> None:
        """Have the demuxer pass over all other streams."""
        kept = {stream.index for stream in wanted}
        for stream in self.container.streams:
            stream.discard = Discard.default if stream.index in kept else Discard.all

    def packets(self, *streams: Stream) -> Iterator[Packet[Any]]:
        """Yield the packets of some streams from where the demuxer is, and at the end one without bytes for each.

        A transport stream may go on to have streams that it did not have at first; PyAV gives up at the first packet
        of one, and is asked again.
        """
        while True:
            try:
                yield from self.container.demux(*streams)
            except IndexError:
                continue
            return

    def _check_streams(self, most: int | None) -> None:
        """Refuse files of too many streams."""
        count = len(self.container.streams)
        if most is not None and count > most:
            self.container.close()
            raise InputLimitError(
                f"{self.path} has {count} streams, above the limit of {most}", "Leave some out, or raise --max-streams"
            )

    def _open(self) -> InputContainer:
        """Open the demuxer on the file."""
        with reading(self.path, self.form):
            options = {} if self._max_pixels is None else {"max_pixels": str(self._max_pixels)}
            return open_demuxer(self._file, self.form.reader, options)


def open_demuxer(file: FileIO, reader: str, options: dict[str, str] | None = None) -> InputContainer:
    """Open one of libav's demuxers on an open file; nothing else is ever opened for it.

    Args:
        file: the bytes.
        reader: name of the demuxer.
        options: of the decoders.

    Raises:
        av.FFmpegError: it is nothing that the demuxer reads.
    """
    return av.open(
        _Bytes(file),
        "r",
        format=reader,
        options=options or {},
        container_options={"protocol_whitelist": "none", "format_whitelist": reader},
        metadata_errors="replace",
        buffer_size=_BUFFER,
        io_open=_refuse_to_open,
    )


class _Bytes:
    """A file for libav to read, in which damaged offsets lead nowhere.

    PyAV prints what a failed seek raises; a negative place tells libav the same, quietly.

    Args:
        file: where the bytes are.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.read = file.read
        self.tell = file.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place and return it; -1 where there is none."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError):
            return -1


@contextmanager
def reading(path: Path, form: Form) -> Iterator[None]:
    """Turn what the demuxer raises on opening into an error that people understand."""
    try:
        yield
    except FaceFusionError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputDamagedError(
            f"The {form.name} video {path} cannot be opened: {explain(error)}", "Copy it again or repair it"
        ) from error


def explain(error: BaseException) -> str:
    """Return the reason that libav or the system gave, as part of a sentence."""
    text = reason(error)
    return text[:1].lower() + text[1:]


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Stand in for libav's opener of further files."""
    raise InputTypeError(
        f"The video refers to another file or address ({url!r}), which is never opened", "Give a self-contained video"
    )
