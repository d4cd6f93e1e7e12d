"""Opening a video for reading so that nothing but that one open file can ever be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import av
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from facefusion.errors import FaceFusionError, InputDamagedError, InputTypeError
from facefusion.media.complete import check_complete
from facefusion.media.forms import Form
from facefusion.media.sniff import open_input, sniff

_BUFFER = 256 * 1024


class VideoSource:
    """An open video file: its real form, its bytes and its demuxer.

    The demuxer is the one of the form that the bytes show. It is given the open file and no name, so that there is
    nothing for it to resolve; whatever else it asks to open, local or remote, is refused.

    Args:
        path: the file.
        max_pixels: largest frame that a decoder may set up; no limit where nothing is decoded.

    Attributes:
        form: its real form.
        is_complete: whether the file declares its size and has it; False where it may end anywhere.
        container: libav's demuxer.

    Raises:
        InputError: there is no such file, it is no video, or it is damaged.
    """

    def __init__(self, path: Path, *, max_pixels: int | None = None) -> None:
        self.path = path
        self._file = open_input(path)
        try:
            self.form = sniff(self._file, path, "video")
            self.is_complete = check_complete(self._file, path, self.form)
            self.container = self._open(max_pixels)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the demuxer and the file."""
        self.container.close()
        self._file.close()

    def picture_stream(self) -> VideoStream:
        """Return the first stream of moving pictures; cover art does not count.

        Raises:
            InputTypeError: there is none, or its codec is unknown.
        """
        stills = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
        for stream in self.container.streams.video:
            if not stream.disposition & stills:
                if stream.codec_context is None:
                    raise InputTypeError(
                        f"The pictures of {self.path} are in a codec that is not known", "Convert it to H.264 first"
                    )
                return stream
        raise InputTypeError(f"The file {self.path} holds no moving pictures", "Give a picture or a video")

    def keep_only(self, *wanted: Stream) -> None:
        """Have the demuxer pass over all other streams."""
        kept = {stream.index for stream in wanted}
        for stream in self.container.streams:
            stream.discard = Discard.default if stream.index in kept else Discard.all

    def _open(self, max_pixels: int | None) -> InputContainer:
        """Open the demuxer on the file."""
        with reading(self.path, self.form):
            return av.open(
                self._file,
                "r",
                format=self.form.reader,
                options={} if max_pixels is None else {"max_pixels": str(max_pixels)},
                container_options={"protocol_whitelist": "none", "format_whitelist": self.form.reader},
                metadata_errors="replace",
                buffer_size=_BUFFER,
                io_open=_refuse_to_open,
            )


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
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(reason)[:1].lower() + str(reason)[1:]


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """Stand in for libav's opener of further files."""
    raise InputTypeError(
        f"The video refers to another file or address ({url!r}), which is never opened", "Give a self-contained video"
    )
